"""What the agent is asked, and what it says while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bot.model.decisions import Decision, DeferredCall
from bot.model.messages import Limits
from bot.model.policy import TurnPolicy
from bot.model.threads import Lease
from bot.model.turns import Outcome


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent has taken the prompt in, and asks the model now."""


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
    COMPACTED = "compacted"
    """The context was full, and the agent went on from a summary by itself."""
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
    deferred: DeferredCall | None = None
    """The call that waits for a person; set when the ending is DEFERRED."""


AgentEvent = Asked | TextDelta | Thinking | ToolStarted | ToolFinished | Remark | RunEnded


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
    decision: Decision | None = None
    """What was decided about the call that the session waits with: the run goes on with that. Only if the session waits
    with none (any more), `text` is asked."""
    begun: bool = False
    """An earlier run went on with it: a call that was allowed may have been carried out, and must not be again."""
    policy: TurnPolicy = field(default_factory=TurnPolicy)
    """What the agent may do in this run."""
    compact: bool = False
    """Put a summary in the place of what was said; `text` is empty then."""
    rules: tuple[str, ...] = ()
    """What was allowed in this thread from then on, as rules of the policy."""


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
