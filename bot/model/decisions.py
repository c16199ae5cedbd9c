"""What waits for a person: a tool call that needs approval, or questions, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.places import ThreadKey


class DetailKind(StrEnum):
    """How the exact content of a call is written."""

    COMMAND = "command"
    DIFF = "diff"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers that a question offers."""

    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the agent asks a person. Besides its options, a text of one's own always answers it."""

    text: str
    header: str = ""
    options: tuple[Option, ...] = ()
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class DeferredCall:
    """A tool call that did not run, because somebody has to decide about it. It may be questions instead of a deed."""

    id: str
    """The tool use's own id, in the transcript."""
    tool: str
    title: str
    """In plain words, as on a tool's card."""
    input_hash: str
    """SHA-256 of the input, for the audit trail."""
    detail: str = ""
    """The exact command, diff or input, whole."""
    detail_kind: DetailKind = DetailKind.TEXT
    why: str = ""
    """Why it needs asking, for people."""
    pattern: str = ""
    """What `ALLOW_HERE` would allow in this thread from now on, as a rule of the policy; empty when it can't."""
    questions: tuple[Question, ...] = ()


class Verdict(StrEnum):
    """What became of a decision."""

    ALLOW_ONCE = "allow_once"
    ALLOW_HERE = "allow_here"
    """Now, and for this tool and pattern in this thread from now on."""
    DENY = "deny"
    ANSWERED = "answered"
    """The questions were answered."""
    EXPIRED = "expired"
    """Nobody decided in time: it is a no."""
    SUPERSEDED = "superseded"
    """A new message came instead: it is a no, and that message is the next prompt."""
    STOPPED = "stopped"
    """Somebody stopped the turn or reset its thread: it is a no, and the turn ends."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, by whom and when."""

    verdict: Verdict
    user: str = ""
    """Empty when nobody did: it expired."""
    at: float = 0.0
    reason: str = ""
    """Why not, in the person's words; the model is told."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """By the question's text; several labels are joined with commas."""

    @property
    def allowed(self) -> bool:
        return self.verdict in (Verdict.ALLOW_ONCE, Verdict.ALLOW_HERE, Verdict.ANSWERED)


@dataclass(frozen=True, slots=True)
class Decision:
    """A call that waits for a person, or waited. It belongs to one thread; a branch has its own.

    `asked` is the user whose prompt led to it.
    """

    id: str
    thread: ThreadKey
    turn_id: str
    session_id: str
    call: DeferredCall
    asked: str
    asked_at: float
    expires_at: float
    card_ts: str = ""
    """The Slack message that shows it; empty until it is posted."""
    decided: Decided | None = None

    def involves(self, user: str) -> bool:
        """Whether somebody was asked, or decided."""
        return user in (self.asked, self.decided.user if self.decided is not None else "")
