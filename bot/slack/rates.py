"""Keeping to Slack's rates before Slack says 429: over all workers where Redis is there, in this process otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.errors import StoreAway
from bot.slack.limits import RATES, RATES_OF_WORKSPACE, UNKNOWN_RATE, Rate

log = structlog.get_logger(__name__)

ANSWER_S = 0.5
"""How long the shared count may take to answer; a call to Slack is not held up for longer than that."""

APART_S = 5.0
"""How long this process counts alone before it asks the shared count again."""


class RateLimiter(Protocol):
    """When a call may go out. One for all calls of a workspace; a shared one counts over all workers."""

    async def reserve(
        self,
        team: str,
        method: str,
        channel: str,
        now: float,
        *,
        urgent: bool = False,
        patience_s: float | None = None,
    ) -> float:
        """Take the next free slot. Returns how many seconds to wait for it.

        Args:
            urgent: a person waits: it counts, but doesn't queue behind other calls. It does wait for a 429 to pass.
            patience_s: when the wait is longer than this, no slot is taken.
        """
        ...

    async def wait_s(self, team: str, method: str, channel: str, now: float) -> float:
        """How long a reservation made now would have to wait; takes nothing."""
        ...

    async def pause(self, team: str, method: str, channel: str, until: float, now: float) -> None:
        """Slack said 429: no slot for this method is free before `until`."""
        ...


@dataclass(slots=True)
class LocalRateLimiter:
    """Counts the calls of this process (the generic cell rate algorithm: one number for each method).

    `_due` is the time at which the method's burst would be whole again; a call may go while that lies less than a
    burst ahead.
    """

    _due: dict[str, float] = field(default_factory=dict)
    _paused: dict[str, float] = field(default_factory=dict)

    async def reserve(
        self,
        team: str,
        method: str,
        channel: str,
        now: float,
        *,
        urgent: bool = False,
        patience_s: float | None = None,
    ) -> float:
        rates = rates_of(team, method, channel).items()
        wait = max(self._pause_left(key, now) if urgent else self._wait(rate, key, now) for key, rate in rates)
        if patience_s is None or wait <= patience_s:
            for key, rate in rates:
                self._due[key] = max(self._due.get(key, now), now) + rate.interval_s
        self._forget_old(now)
        return wait

    async def wait_s(self, team: str, method: str, channel: str, now: float) -> float:
        return max(self._wait(rate, key, now) for key, rate in rates_of(team, method, channel).items())

    async def pause(self, team: str, method: str, channel: str, until: float, now: float) -> None:  # noqa: ARG002
        key = next(iter(rates_of(team, method, channel)))
        self._paused[key] = max(until, self._paused.get(key, until))

    def _wait(self, rate: Rate, key: str, now: float) -> float:
        ahead = self._due.get(key, now) - now - (rate.burst - 1) * rate.interval_s
        return max(0.0, ahead, self._pause_left(key, now))

    def _pause_left(self, key: str, now: float) -> float:
        return max(0.0, self._paused.get(key, now) - now)

    def _forget_old(self, now: float) -> None:
        """Drop what no longer delays anybody, so that channels seen once don't pile up."""
        if len(self._due) > 1_000:
            self._due = {key: due for key, due in self._due.items() if due > now}
            self._paused = {key: until for key, until in self._paused.items() if until > now}


class Buckets(Protocol):
    """Counts that all workers share: see `bot.store.rates.RateBuckets`."""

    async def take(
        self, key: str, interval_s: float, burst: int, *, urgent: bool = False, patience_s: float | None = None
    ) -> float: ...

    async def look(self, key: str, interval_s: float, burst: int) -> float: ...

    async def pause(self, key: str, seconds: float) -> None: ...


class SharedRateLimiter:
    """Counts over all workers. While the shared count is away this process counts alone, which is logged."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._local = LocalRateLimiter()
        self._apart_until = 0.0

    async def reserve(
        self,
        team: str,
        method: str,
        channel: str,
        now: float,
        *,
        urgent: bool = False,
        patience_s: float | None = None,
    ) -> float:
        if now >= self._apart_until:
            try:
                async with asyncio.timeout(ANSWER_S):
                    wait = await self._take(team, method, channel, urgent=urgent, patience_s=patience_s)
            except (StoreAway, TimeoutError) as away:
                self._go_apart(away, now)
            else:
                if patience_s is None or wait <= patience_s:
                    # Counted here as well, so that this process knows what it used should Redis go away.
                    await self._local.reserve(team, method, channel, now, urgent=urgent)
                return wait
        return await self._local.reserve(team, method, channel, now, urgent=urgent, patience_s=patience_s)

    async def _take(self, team: str, method: str, channel: str, *, urgent: bool, patience_s: float | None) -> float:
        """A slot in each of the call's buckets. The scarcer one may say no after the other was taken from."""
        wait = 0.0
        for key, rate in reversed(rates_of(team, method, channel).items()):
            found = await self._buckets.take(key, rate.interval_s, rate.burst, urgent=urgent, patience_s=patience_s)
            wait = max(wait, found)
            if patience_s is not None and wait > patience_s:
                break
        return wait

    async def wait_s(self, team: str, method: str, channel: str, now: float) -> float:
        if now >= self._apart_until:
            try:
                async with asyncio.timeout(ANSWER_S):
                    rates = rates_of(team, method, channel).items()
                    return max([await self._buckets.look(key, rate.interval_s, rate.burst) for key, rate in rates])
            except (StoreAway, TimeoutError) as away:
                self._go_apart(away, now)
        return await self._local.wait_s(team, method, channel, now)

    async def pause(self, team: str, method: str, channel: str, until: float, now: float) -> None:
        await self._local.pause(team, method, channel, until, now)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._buckets.pause(next(iter(rates_of(team, method, channel))), until - now)
        except (StoreAway, TimeoutError) as away:
            self._go_apart(away, now)

    def _go_apart(self, away: Exception, now: float) -> None:
        log.warning("rates_counted_alone", why=type(away).__name__, for_s=APART_S)
        self._apart_until = now + APART_S


def rates_of(team: str, method: str, channel: str) -> dict[str, Rate]:
    """The rates that a call counts towards, by the key of each: the method's own first."""
    rate = RATES.get(method, UNKNOWN_RATE)
    found = {f"{team}:{method}:{channel}" if rate.per_channel else f"{team}:{method}": rate}
    overall = RATES_OF_WORKSPACE.get(method)
    return {**found, f"{team}:{method}": overall} if overall is not None else found
