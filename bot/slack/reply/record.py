"""A reply's progress in the turn's journal; and since that is written under the lease, whether the lease is held."""

from __future__ import annotations

from bot.model import Progress
from bot.ports import Clock, Journal
from bot.slack.reply.draft import Draft

SURE_S = 3.0
"""For so long after a save the lease is taken for held: it lives for longer than that without renewal, by default."""


class Record:
    """Keeps the progress of one reply. What it does raises LeaseLost, and StoreAway."""

    def __init__(self, draft: Draft, journal: Journal, clock: Clock) -> None:
        self._draft = draft
        self._journal = journal
        self._clock = clock
        self._saved: Progress | None = draft.progress
        self._saved_at = 0.0

    def outdated(self) -> None:
        """The journal knows more by now than what was kept last."""
        self._saved = None

    async def keep(self) -> None:
        """Save what is new."""
        if self._draft.progress != self._saved:
            await self._save()

    async def make_sure(self) -> None:
        """Return as long as the lease is held. For the moment before a call: after a freeze it may be another's."""
        while self._clock.now() - self._saved_at > SURE_S:
            await self._save()

    async def _save(self) -> None:
        # The lease was held when the store wrote it. When we hear of that, a freeze may lie in between.
        progress, asked_at = self._draft.progress, self._clock.now()
        await self._journal.save(progress)
        self._saved, self._saved_at = progress, asked_at
