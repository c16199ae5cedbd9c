"""What the core needs of Slack."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.model import (
    AgentEvent,
    Attachment,
    Closing,
    Decision,
    Level,
    Message,
    Person,
    Progress,
    Spoken,
    Thread,
    ThreadKey,
    Turn,
)


class Journal(Protocol):
    """Where a reply writes down how far it has come."""

    async def save(self, progress: Progress) -> None:
        """Raises LeaseLost when the thread is another worker's: the reply must stop then, and post nothing more."""
        ...


class Reply(Protocol):
    """What Slack shows of one turn, while it is being written."""

    async def feed(self, event: AgentEvent) -> None:
        """Take an event in. Returns at once; Slack is told in the background."""
        ...

    async def close(self, closing: Closing) -> Sequence[str]:
        """Wait until Slack has confirmed everything, with the ending's notice and buttons.

        Returns the ts of every message of the reply.
        """
        ...


class Chat(Protocol):
    """Slack, as the core sees it."""

    def reply(self, turn: Turn, journal: Journal) -> AbstractAsyncContextManager[Reply]:
        """The turn's reply, taken up from `turn.progress` when another worker began it.

        Leaving the context without `close` stops writing and leaves what was said.
        """
        ...

    async def mark_waiting(self, message: Message) -> None:
        """Show on the message that it waits."""
        ...

    async def unmark_waiting(self, messages: Sequence[Message]) -> None: ...

    async def offer_held_back(self, thread: ThreadKey, count: int) -> None:
        """Say in the thread that messages are held back, and offer to go on or withdraw them. It may fail unseen."""
        ...

    async def tell_of_bots(self, thread: ThreadKey) -> None:
        """Say in the thread that bots are not answered there for now. It may fail unseen."""
        ...

    async def warn_of_budgets(self, payer: Person, thread: ThreadKey, levels: Sequence[Level]) -> None:
        """Say which budgets are nearly used up: one's own to oneself, others in the thread. It may fail unseen."""
        ...

    async def show_place(self, thread: ThreadKey, place: int) -> None:
        """Show that the thread's turn waits for others to end, at this place in the queue. It may fail unseen."""
        ...

    async def history(self, thread: ThreadKey, before_ts: str, limit: int) -> Sequence[Spoken]:
        """The thread's root and its last messages before a ts (empty: all of them), oldest first."""
        ...

    async def written(self, thread: ThreadKey, ts: str) -> Message | None:
        """A person's message as it reads now; None when it is gone, or no person's."""
        ...

    async def name_of(self, person: Person) -> str:
        """What people call this person; the user id when Slack doesn't tell."""
        ...

    async def download(self, team: str, attachment: Attachment, into: Path) -> Path:
        """Put a file into a directory under a safe name that is still free. Returns its path."""
        ...

    async def is_admin(self, person: Person) -> bool: ...

    async def can_read(self, person: Person, channel: str) -> bool: ...

    async def link(self, thread: ThreadKey, ts: str = "") -> str:
        """The permalink of a message of the thread; of its root when ts is empty."""
        ...

    async def open_branch(
        self, person: Person, channel: str, source: Thread, ts: str, *, ask_again: bool, nearly_full: bool
    ) -> str:
        """Post a branch's root message, with a link to the source message `ts`. Returns its ts.

        Args:
            ask_again: offer to ask the message that was branched at again, as it was.
            nearly_full: say that the model's context is nearly full, and offer to compact.
        """
        ...

    async def announce_branch(self, person: Person, source: ThreadKey, branch: ThreadKey) -> None:
        """Say in the source thread where the branch is."""
        ...

    async def ask_again(self, person: Person, branch: ThreadKey, text: str) -> None:
        """Show in the branch that the message is asked again as it was, and take its button away."""
        ...

    async def ask(self, decision: Decision, *, again: bool = False) -> str:
        """Post the card that asks people to decide into the decision's thread. Returns its ts.

        Args:
            again: it may have been posted before, by a worker that died: then that one is found and returned.
        """
        ...

    async def show_decided(self, decision: Decision) -> None:
        """Show on the card what was decided, by whom and when, and take its buttons away. It may be called twice."""
        ...
