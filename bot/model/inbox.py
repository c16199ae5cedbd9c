"""What becomes of a message that arrives, and what workers tell one another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.places import ThreadKey

MAX_WAITING = 50
"""How many prompts may wait in a thread where nobody says otherwise."""


class Taken(StrEnum):
    """What became of a message that arrived."""

    PROMPT = "prompt"
    """Kept: a turn will answer it."""
    CONTEXT = "context"
    """Kept: it goes in front of the next prompt."""
    DUPLICATE = "duplicate"
    """It was taken before; nothing changed."""
    NOT_FOR_US = "not_for_us"
    """The thread has no session and the bot is not addressed; nothing was kept."""
    REFUSED = "refused"
    """A prompt that is not within its author's bounds, such as how often one may write; nothing was kept."""
    FULL = "full"
    """Too many messages wait in this thread; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the store did with a message, in the same atomic step.

    `holder` is the worker that holds the thread's lease, or empty. `behind_turn` says that a turn was running when the
    message was kept, so that it waits visibly; `deferred`, that the turn waits for a decision, which the message may
    be. `new_thread` says that it created the thread, with the session that was offered. `prefers` is the worker that
    ran the thread's last turn, and may be warm for it; empty when none has.
    """

    taken: Taken
    holder: str = ""
    behind_turn: bool = False
    new_thread: bool = False
    prefers: str = ""
    deferred: bool = False


class InFlight(StrEnum):
    """What a message is that has no point yet."""

    WAITS = "waits"
    """A prompt or context that waits for its turn."""
    PROMPT = "prompt"
    """Part of the prompt of the turn in flight."""
    REPLY = "reply"
    """A message of the bot's in the turn in flight."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a stop met, in one atomic step.

    `holder` is the worker that holds the thread's lease, or empty. `running` says that a turn was running. `held_back`
    counts the prompts that waited: no turn takes them before somebody goes on.
    """

    holder: str = ""
    running: bool = False
    held_back: int = 0


@dataclass(frozen=True, slots=True)
class Resumed:
    """What going on met: how many prompts had been held back, who holds the thread, and who ran its last turn."""

    count: int
    holder: str = ""
    prefers: str = ""


class SignalKind(StrEnum):
    WORK = "work"
    STOP = "stop"
    FORGET = "forget"
    """What a worker has of the thread itself, beside the store, is out of date or to be gone."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one worker tells another about a thread that the other holds."""

    kind: SignalKind
    thread: ThreadKey
