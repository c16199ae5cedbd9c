"""What people write, and the prompts made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model.places import ThreadKey


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
    max_turn_s: float | None = None
    """Seconds that the agent may take."""


@dataclass(frozen=True, slots=True)
class Message:
    """One human message, as it arrived. `(thread.team, thread.channel, ts)` is its identity.

    `text` is what the person meant: the mention of the bot is taken off, Slack's escapes and `<…>` forms are undone.
    `user_team` is the author's own workspace (another one with Slack Connect); empty where Slack did not say.
    """

    thread: ThreadKey
    ts: str
    user: str
    text: str
    address: Address
    user_team: str = ""
    is_dm: bool = False
    by_bot: bool = False
    """Another app's bot wrote it, and named this one."""
    under_bot: bool = False
    """It answers in a thread whose first message is the bot's own."""
    files: tuple[Attachment, ...] = ()
    trace: str = ""
    """The W3C traceparent of its arrival, so that its turn belongs to the same trace in whichever worker it runs."""
    limits: Limits | None = None
    """Set when it was not typed but made by the Continue button: the turn that takes it runs with these limits."""
    compact: bool = False
    """Set when it was not typed but asks to compact the session; it has no text then."""


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
    def compacts(self) -> bool:
        """The session is compacted first."""
        return any(message.compact for message in self.messages)

    @property
    def asks(self) -> bool:
        """Something is said besides compacting."""
        return any(not message.compact for message in self.messages)

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
