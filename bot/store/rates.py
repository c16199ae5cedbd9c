"""How often something was done lately, counted over all workers."""

from __future__ import annotations

from bot.store import keys
from bot.store.database import Database


class RateBuckets:
    """Token buckets: each is one number in Redis, the time at which it would be full again, changed by one script.

    Raises StoreAway. Time is Redis's own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, key: str, interval_s: float, burst: int, *, urgent: bool = False, patience_s: float | None = None
    ) -> float:
        """Take the next slot. Returns how many seconds to wait for it.

        Args:
            key: what is counted.
            interval_s: seconds between two slots once the burst is spent.
            burst: how many slots may follow one another at once.
            urgent: the slot counts, but waits only for a pause.
            patience_s: when the wait is longer than this, no slot is taken.
        """
        return await self._run(key, "urgent" if urgent else "take", interval_s, burst, patience_s)

    async def look(self, key: str, interval_s: float, burst: int) -> float:
        """How long the next slot would wait; takes none."""
        return await self._run(key, "look", interval_s, burst)

    async def pause(self, key: str, seconds: float) -> None:
        """Let no slot be free for that long."""
        await self._run(key, "pause", seconds, 1)

    async def _run(self, key: str, what: str, seconds: float, burst: int, patience_s: float | None = None) -> float:
        patience_us = -1 if patience_s is None else round(patience_s * 1e6)
        wait_us = await self._database.run("rate", [keys.rate(key)], what, round(seconds * 1e6), burst, patience_us)
        return int(wait_us) / 1e6
