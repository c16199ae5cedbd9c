"""How often something was done lately, counted over all workers."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Bucket
from bot.store import keys
from bot.store.database import Database


class RateBuckets:
    """Token buckets: each is one number in Redis, the time at which it would be full again, changed by one script.

    The buckets of one call are of the same thing, so that they share a slot of Redis; the widest comes first. Time is
    Redis's own. Raises StoreAway.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, buckets: Sequence[Bucket], *, urgent: bool = False, patience_s: float | None = None) -> float:
        """Take the next slot of all of them. Returns how many seconds to wait for it.

        Args:
            urgent: the slot counts, but waits only for a pause.
            patience_s: when the wait is longer than this, no slot is taken.
        """
        return await self._run("urgent" if urgent else "take", buckets, patience_s)

    async def look(self, buckets: Sequence[Bucket]) -> float:
        """How long the next slot would wait; takes none."""
        return await self._run("look", buckets)

    async def pause(self, bucket: Bucket, seconds: float) -> None:
        """Let no slot be free for that long."""
        await self._database.run("rate", [_key(bucket)], "pause", _us(seconds))

    async def _run(self, what: str, buckets: Sequence[Bucket], patience_s: float | None = None) -> float:
        speeds = [number for bucket in buckets for number in (_us(bucket.interval_s), bucket.burst)]
        patience_us = -1 if patience_s is None else _us(patience_s)
        return int(await self._database.run("rate", [*map(_key, buckets)], what, patience_us, *speeds)) / 1e6


def _key(bucket: Bucket) -> str:
    return keys.rate(bucket.what, bucket.channel)


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
