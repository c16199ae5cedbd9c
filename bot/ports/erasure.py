"""What forgetting needs of the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.model import Lease, Message, Person, PointMap, ThreadKey


class ErasureStore(Protocol):
    """Taking things out of the store for good."""

    async def points(self, thread: ThreadKey) -> PointMap:
        """Where each Slack message of the thread leads."""
        ...

    async def waiting(self, thread: ThreadKey) -> Sequence[Message]:
        """The messages that no turn has taken yet, prompts and context, in order."""
        ...

    async def in_turn(self, thread: ThreadKey) -> Sequence[Message]:
        """The messages of the turn in flight, prompts and context, in order."""
        ...

    async def disown(self, lease: Lease, user: str) -> None:
        """Take a user out of a thread of somebody else's: its people, its points, the branches they made of it, what
        they were asked or decided there.
        """
        ...

    async def forget_decisions(self, lease: Lease, turn_ids: Collection[str]) -> None:
        """Remove what those turns asked of people, and what these said to it."""
        ...

    async def forget(self, lease: Lease) -> None:
        """Remove everything of a thread, from every list too. Only the lease is left, to be given back."""
        ...

    async def forget_person(self, person: Person, *, spend: bool) -> None:
        """Remove what is kept of a person beside their threads.

        Args:
            spend: what they have spent and sent lately as well; the sums of channels and of the workspace stay.
        """
        ...
