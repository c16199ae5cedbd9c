"""Threads, their sessions, and the places in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.places import ThreadKey


class PointKind(StrEnum):
    REPLY = "reply"
    """A message of the bot: the point is the end of that turn."""
    PROMPT = "prompt"
    """A person's message: the point is the end of the turn before."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a transcript to which a Slack message leads.

    `entry` is the uuid of the last entry that belongs to it; empty means before the session's first entry.
    """

    session_id: str
    entry: str
    kind: PointKind
    turn_id: str = field(default="", compare=False)
    """The turn that made it; empty for points made otherwise."""
    user: str = field(default="", compare=False)
    """Who wrote the message; empty for a reply."""
    overheard: bool = field(default=False, compare=False)
    """It was not asked, and only went along with what was."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a branch was made from."""

    thread: ThreadKey
    session_id: str
    ts: str
    """The Slack message in the source thread that was branched at; empty when the whole session was."""


class ThreadStatus(StrEnum):
    IDLE = "idle"
    WAITING = "waiting"
    """Messages wait and no turn runs yet."""
    PAUSED = "paused"
    """Messages wait, and were held back by a stop until somebody goes on."""
    RUNNING = "running"
    DEFERRED = "deferred"
    """The turn waits for a person's decision."""


@dataclass(frozen=True, slots=True)
class ArchivedSession:
    """A session that was current once, before a reset."""

    session_id: str
    title: str
    archived_at: float
    turns: int
    cost_usd: float
    head: str = ""
    """The last entry of its last completed turn; empty when it never completed one."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread with a session, as the store keeps it."""

    key: ThreadKey
    session_id: str
    head: str = ""
    """Uuid of the last transcript entry of the last completed turn; empty before the first."""
    title: str = ""
    tag: str = ""
    owner: str = ""
    """The user whose message, branch or continue made the thread."""
    people: tuple[str, ...] = ()
    """Users whose prompts were answered here, the owner first."""
    created_at: float = 0.0
    active_at: float = 0.0
    turns: int = 0
    cost_usd: float = 0.0
    status: ThreadStatus = ThreadStatus.IDLE
    mentions_only: bool = False
    model: str = ""
    """The model this thread is set to; empty means the default."""
    source: Source | None = None
    archived: tuple[ArchivedSession, ...] = ()
    context_used: float = 0.0
    """The part of the model's context that the session filled after its last turn; 0 when it is not known."""
    rules: tuple[str, ...] = ()
    """What somebody allowed here from then on, as rules of the policy."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's right to run a thread's turns. `token` is the fencing token: higher is newer."""

    thread: ThreadKey
    worker: str
    token: int


@dataclass(frozen=True, slots=True)
class ThreadFilter:
    """Which threads to list. Empty fields don't filter; `text` is looked for in titles, ignoring case."""

    team: str
    channel: str = ""
    user: str = ""
    tag: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Some threads, the most recently active first. `cursor` fetches the next page; empty at the end."""

    threads: tuple[Thread, ...]
    cursor: str = ""


PointMap = Mapping[str, Point]
