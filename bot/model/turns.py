"""A prompt in flight, what it has said, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bot.model.decisions import Decision
from bot.model.messages import Message, Prompt
from bot.model.spend import Level
from bot.model.threads import Thread

NEARLY_FULL = 0.8
"""The part of the model's context from which on people are told. The CLI compacts by itself at about 0.95."""


class TurnState(StrEnum):
    RUNNING = "running"
    ANSWERED = "answered"
    """The agent is done; Slack has not confirmed everything yet."""
    DEFERRED = "deferred"
    """It waits for somebody to decide."""


@dataclass(frozen=True, slots=True)
class Part:
    """One Slack message of a reply.

    `shown` counts the characters of the turn's text, as messages show it, that Slack has confirmed in it.
    """

    ts: str
    shown: int
    open: bool
    """The message is a live stream, or will still be added to."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a turn has come: what it has said, and what Slack has confirmed of that.

    Kept in Redis while the turn is in flight, so that another worker can finish the reply.
    """

    said: str = ""
    parts: tuple[Part, ...] = ()
    tool_ran: bool = False
    outcome: Outcome | None = None
    """How the agent's run ended, once it has; it counts while the state is ANSWERED."""
    code_files: tuple[str, ...] = ()
    """What became of blocks of code that may have been too long for messages, in order: the name of the file that each
    went into, or empty where it is shown as text."""
    files: tuple[str, ...] = ()
    """What the turn made or changed in the session's directory, by path below it; known once its run has ended."""
    went_on: bool = False
    """A run has gone on from what was decided: a call that was allowed may have been carried out."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt in flight, with the thread as it was when the turn began."""

    id: str
    thread: Thread
    prompt: Prompt
    started_at: float
    state: TurnState = TurnState.RUNNING
    attempt: int = 1
    """2 and more after another worker took over, or the agent's process died."""
    stop_asked: bool = False
    """Somebody stopped it before it was taken up here."""
    progress: Progress = field(default_factory=Progress)
    decision: Decision | None = None
    """What it waits for, or waited for last."""
    tail: str = ""
    """The last entry that the session's transcript could be cut after when the turn began; empty without one."""
    cards: tuple[str, ...] = ()
    """The Slack messages that asked people to decide, by ts."""
    behind: tuple[Message, ...] = ()
    """Of a DEFERRED turn: the messages that wait behind it."""
    spent_usd: float = 0.0
    """What the runs before this one have cost, those that ended in a decision."""
    spent_s: float = 0.0
    """How long they took."""


class Ending(StrEnum):
    """How a turn ended."""

    DONE = "done"
    STOPPED = "stopped"
    MAX_TURNS = "max_turns"
    MAX_BUDGET = "max_budget"
    MAX_TIME = "max_time"
    OVERLOADED = "overloaded"
    """The model is overloaded or rate limited, after the CLI's own retries."""
    CREDENTIALS = "credentials"
    """The model's provider rejected our credentials."""
    NO_CREDIT = "no_credit"
    """The provider's account has no credit."""
    CONTEXT_FULL = "context_full"
    UNREACHABLE = "unreachable"
    """The model's provider can't be reached."""
    MODEL_ERROR = "model_error"
    """The provider answered with another error; `Outcome.detail` is short and without content."""
    CRASHED = "crashed"
    """The agent's process died."""
    COMPACTED = "compacted"
    """Nothing was asked: the session goes on from a summary of what was said."""
    NOT_COMPACTED = "not_compacted"
    """A summary could not be made; the session is as it was."""
    SESSION_GONE = "session_gone"
    """The transcript to resume is gone."""
    DEFERRED = "deferred"
    OVER_BUDGET = "over_budget"
    """A budget is used up: the agent was not asked. `Outcome.used_up` says which."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run of the agent, and what it used."""

    ending: Ending
    session_id: str
    model: str = ""
    cost_usd: float = 0.0
    duration_s: float = 0.0
    agent_turns: int = 0
    """How many times the model was asked: what `max_turns` bounds."""
    detail: str = ""
    used_up: Level | None = None
    context_used: float = 0.0
    """The part of the model's context that the session fills now, from 0 to 1; 0 when it is not known."""

    @property
    def nearly_full(self) -> bool:
        return self.context_used >= NEARLY_FULL


@dataclass(frozen=True, slots=True)
class Usage:
    """The quiet line below an answer."""

    model: str
    duration_s: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Closing:
    """How a reply ends: the outcome decides the notice and the buttons; `usage` is shown when set."""

    outcome: Outcome
    usage: Usage | None = None
    files: tuple[Path, ...] = ()
    """Files in the session's directory that the turn made or changed: those that the answer mentions go with it."""
    held_back: int = 0
    """Messages that a stop holds back: they wait until somebody goes on."""
