"""Keeping to Slack's rates before Slack says 429: over all workers where Redis is there, in this process otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import structlog

from bot.errors import StoreAway
from bot.model import Bucket
from bot.ports import Clock
from bot.slack.api.limits import RATES, RATES_OF_WORKSPACE, UNKNOWN_RATE

log = structlog.get_logger(__name__)

T = TypeVar("T")

ANSWER_S = 2.0
"""How long the shared count may take to answer; a call to Slack is not held up for longer than that. Many at once on a
machine that is short of CPU take their time, and alone each worker would take all of a rate for itself."""

APART_S = 5.0
"""How long this process counts alone before it asks the shared count again."""

MANY = 1_000
"""With so many buckets in memory, those that are full again are dropped: channels seen once don't pile up."""


class Buckets(Protocol):
    """When calls may go out.

    A call counts towards one bucket or several, the widest first. It comes to each when its turn in the one before has
    come, so that a crowded channel delays no other, and what queued in the workspace doesn't bunch together there.
    """

    async def take(self, buckets: Sequence[Bucket], *, urgent: bool = False, patience_s: float | None = None) -> float:
        """Take the next free slot. Returns how many seconds to wait for it.

        Args:
            urgent: a person waits: it counts, but doesn't queue behind other calls. It does wait for a 429 to pass.
            patience_s: when the wait is longer than this, no slot is taken.
        """
        ...

    async def look(self, buckets: Sequence[Bucket]) -> float:
        """How long a slot taken now would have to wait; takes nothing."""
        ...

    async def pause(self, bucket: Bucket, seconds: float) -> None:
        """Slack said 429: no slot is free for that long."""
        ...


@dataclass(slots=True)
class _Level:
    """`due` is when a bucket is full again; a call may go while that lies less than a burst ahead."""

    due: float = 0.0
    paused_until: float = 0.0


@dataclass(slots=True)
class LocalBuckets:
    """Counts the calls of this process (the generic cell rate algorithm: one number for each bucket)."""

    clock: Clock
    _levels: dict[tuple[str, str], _Level] = field(default_factory=dict)

    async def take(self, buckets: Sequence[Bucket], *, urgent: bool = False, patience_s: float | None = None) -> float:
        now = self.clock.now()
        slots = list(self._slots(buckets, now, urgent=urgent))
        wait = slots[-1] - now
        if patience_s is None or wait <= patience_s:
            for bucket, slot in zip(buckets, slots, strict=True):
                level = self._level(bucket)
                level.due = max(level.due, slot) + bucket.interval_s
        return wait

    async def look(self, buckets: Sequence[Bucket]) -> float:
        now = self.clock.now()
        return max(self._slots(buckets, now)) - now

    async def pause(self, bucket: Bucket, seconds: float) -> None:
        level = self._level(bucket)
        level.paused_until = max(level.paused_until, self.clock.now() + seconds)

    def _slots(self, buckets: Sequence[Bucket], now: float, *, urgent: bool = False) -> Iterator[float]:
        """When the call's turn comes in each bucket, to which it comes from the one before."""
        slot = now
        for bucket in buckets:
            level = self._level(bucket)
            free = level.paused_until if urgent else level.due - (bucket.burst - 1) * bucket.interval_s
            slot = max(slot, free, level.paused_until)
            yield slot

    def _level(self, bucket: Bucket) -> _Level:
        if len(self._levels) > MANY:
            now = self.clock.now()
            self._levels = {key: it for key, it in self._levels.items() if max(it.due, it.paused_until) > now}
        return self._levels.setdefault((bucket.what, bucket.channel), _Level())


class SharedBuckets:
    """Counts over all workers. While the shared count is away this process counts alone, which is logged.

    Args:
        shared: see `bot.store.rates.RateBuckets`.
    """

    def __init__(self, shared: Buckets, clock: Clock) -> None:
        self._shared = shared
        self._local = LocalBuckets(clock)
        self._clock = clock
        self._apart_until = 0.0

    async def take(self, buckets: Sequence[Bucket], *, urgent: bool = False, patience_s: float | None = None) -> float:
        wait = await self._asked(partial(self._shared.take, buckets, urgent=urgent, patience_s=patience_s))
        if wait is None:
            return await self._local.take(buckets, urgent=urgent, patience_s=patience_s)
        if patience_s is None or wait <= patience_s:
            # Counted here as well, so that this process knows what it used should Redis go away.
            await self._local.take(buckets, urgent=urgent)
        return wait

    async def look(self, buckets: Sequence[Bucket]) -> float:
        wait = await self._asked(partial(self._shared.look, buckets))
        return await self._local.look(buckets) if wait is None else wait

    async def pause(self, bucket: Bucket, seconds: float) -> None:
        await self._local.pause(bucket, seconds)
        await self._asked(partial(self._shared.pause, bucket, seconds))

    async def _asked(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """What the shared count answers; None while it is away."""
        if self._clock.now() < self._apart_until:
            return None
        try:
            async with asyncio.timeout(ANSWER_S):
                return await question()
        except (StoreAway, TimeoutError) as away:
            if self._clock.now() >= self._apart_until:
                log.warning("rates_counted_alone", why=type(away).__name__, for_s=APART_S)
            self._apart_until = self._clock.now() + APART_S
            return None


def buckets_of(team: str, method: str, channel: str) -> list[Bucket]:
    """What a call counts towards: the method's own rate last."""
    what, rate, overall = f"{team}:{method}", RATES.get(method, UNKNOWN_RATE), RATES_OF_WORKSPACE.get(method)
    own = Bucket(what, rate.interval_s, rate.burst, channel if rate.per_channel else "")
    return [own] if overall is None else [Bucket(what, overall.interval_s, overall.burst), own]
