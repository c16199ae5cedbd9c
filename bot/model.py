"""The values the bot thinks in. Frozen, typed, no I/O.

Times are seconds since the epoch, as `float`, unless a name says otherwise. A Slack `ts` stays the string Slack gave,
since it is an identity; order two of them with `ts_order`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


def ts_order(ts: str) -> tuple[int, int]:
    """The sort key of a Slack ts, `"seconds.micros"`: exact, where a float would round."""
    seconds, _, micros = ts.partition(".")
    return int(seconds), int(micros or 0)


# --- where and who --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """A Slack conversation. `root_ts` is the ts of the thread's first message."""

    team: str
    channel: str
    root_ts: str

    def __str__(self) -> str:
        return f"{self.team}:{self.channel}:{self.root_ts}"

    @classmethod
    def parse(cls, text: str) -> ThreadKey:
        """The inverse of `str`. Raises ValueError when the text is not of that form."""
        team, channel, root_ts = text.split(":")
        if not (team and channel and root_ts):
            raise ValueError(f"not a thread key: {text!r}")
        return cls(team, channel, root_ts)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does something in Slack."""

    team: str
    user: str


# --- messages and prompts -------------------------------------------------------------------------


class Address(StrEnum):
    """To whom a message speaks."""

    BOT = "bot"
    """A DM, or the bot is mentioned: always a prompt."""
    OPEN = "open"
    """Nobody is named: a prompt where the thread has a session and is not set to mentions-only, else context."""
    OTHER = "other"
    """Somebody else is named and the bot is not: context where the thread has a session."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that hangs on a Slack message. `url` needs the workspace's bot token."""

    id: str
    name: str
    mimetype: str
    size_bytes: int
    url: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one turn. None means no bound."""

    max_turns: int | None = None
    max_budget_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One human message, as it arrived. `(thread.team, thread.channel, ts)` is its identity.

    `text` is what the person meant: the mention of the bot is taken off, Slack's escapes and `<…>` forms are undone.
    `user_team` is the author's own workspace (another one with Slack Connect).
    """

    thread: ThreadKey
    ts: str
    user: str
    text: str
    address: Address
    user_team: str = ""
    is_dm: bool = False
    under_bot: bool = False
    """It answers in a thread whose first message is the bot's own."""
    files: tuple[Attachment, ...] = ()
    limits: Limits | None = None
    """Set when it was not typed but made by the Continue button: the turn that takes it runs with these limits."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages that one turn answers, in order, and those that only go in front as context."""

    messages: tuple[Message, ...]
    context: tuple[Message, ...] = ()

    @property
    def author(self) -> Message:
        """The newest message: the reply is addressed to its author."""
        return self.messages[-1]

    @property
    def limits(self) -> Limits | None:
        """The limits that a Continue among its messages set; the newest counts."""
        return next((m.limits for m in reversed(self.messages) if m.limits is not None), None)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of a thread's past, as Slack still shows it. `user` is empty when the bot said it."""

    ts: str
    user: str
    text: str


# --- threads and sessions -------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's right to run a thread's turns. `token` is the fencing token: higher is newer."""

    thread: ThreadKey
    worker: str
    token: int


# --- inbox ----------------------------------------------------------------------------------------


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
    FULL = "full"
    """Too many messages wait in this thread; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the store did with a message, in the same atomic step.

    `holder` is the worker that holds the thread's lease, or empty. `behind_turn` says that a turn was running (or
    deferred) when the message was kept, so that it waits visibly. `new_thread` says that it created the thread.
    `prefers` is the worker that ran the thread's last turn, and may be warm for it; empty when none has.
    """

    taken: Taken
    holder: str = ""
    behind_turn: bool = False
    new_thread: bool = False
    prefers: str = ""


class SignalKind(StrEnum):
    WORK = "work"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Signal:
    """What one worker tells another about a thread that the other holds."""

    kind: SignalKind
    thread: ThreadKey


# --- turns ----------------------------------------------------------------------------------------


class TurnState(StrEnum):
    RUNNING = "running"
    ANSWERED = "answered"
    """The agent is done; Slack has not confirmed everything yet."""
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Part:
    """One Slack message of a reply. `shown` counts the characters of the turn's text that Slack has confirmed in it."""

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
    """How the agent's run ended, once it has; the state is ANSWERED then."""

    @property
    def confirmed(self) -> int:
        """How many characters of `said` Slack has confirmed."""
        return sum(part.shown for part in self.parts)


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
    progress: Progress = field(default_factory=Progress)


class Ending(StrEnum):
    """How a turn ended."""

    DONE = "done"
    STOPPED = "stopped"
    MAX_TURNS = "max_turns"
    MAX_BUDGET = "max_budget"
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
    SESSION_GONE = "session_gone"
    """The transcript to resume is gone."""
    DEFERRED = "deferred"


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


# --- what the agent says while it runs ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer, in Markdown as the model writes it. Paragraph breaks between blocks are part of it."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model thinks; nothing of it is shown but that it does."""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The agent uses a tool. `title` is plain words (`Reading report.md`), never JSON."""

    id: str
    tool: str
    title: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool call ended. `summary` is one short line, possibly empty."""

    id: str
    ok: bool
    summary: str = ""


class RemarkKind(StrEnum):
    STARTED_OVER = "started_over"
    """The turn was interrupted before a tool ran, and is asked again."""
    SESSION_LOST = "session_lost"
    """The session was gone: a fresh one starts from what Slack still shows of the thread."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the bot itself, not the model, says in the middle of a reply."""

    kind: RemarkKind


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The last event of every run."""

    outcome: Outcome


AgentEvent = TextDelta | Thinking | ToolStarted | ToolFinished | Remark | RunEnded


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the agent needs for one run."""

    lease: Lease
    session_id: str
    resume: bool
    """False: the session is new and is to get `session_id`."""
    text: str
    """The prompt, whole: context, names and file names included."""
    images: tuple[Path, ...] = ()
    """Image files in the working directory which the model is shown."""
    resume_at: str = ""
    """Resume only up to and including this entry: what came after is dropped."""
    tail: str = ""
    """The transcript's last entry that it can be cut after, as the store has it now; empty for a new session."""
    limits: Limits = field(default_factory=Limits)
    model: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One line of a transcript. The body is the agent's own JSON, opaque to everybody else."""

    uuid: str
    """Empty for the kinds of entries that have none."""
    anchor: bool
    """A transcript can be cut after this entry."""
    body: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A prompt and its answer, as a transcript tells it."""

    prompt: str
    answer: str


# --- lists ----------------------------------------------------------------------------------------


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


PointMap = Mapping[str, Point]
