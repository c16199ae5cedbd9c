"""Keeping to Slack's rates before Slack says 429."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bot.slack.limits import RATES, UNKNOWN_RATE, Rate


class RateLimiter(Protocol):
    """When a call may go out. One for all calls of a workspace; a shared one counts over all workers."""

    async def reserve(self, team: str, method: str, channel: str, now: float) -> float:
        """Take the next free slot. Returns how many seconds to wait for it."""
        ...

    async def wait_s(self, team: str, method: str, channel: str, now: float) -> float:
        """How long a reservation made now would have to wait; takes nothing."""
        ...

    async def pause(self, team: str, method: str, channel: str, until: float) -> None:
        """Slack said 429: no slot for this method is free before `until`."""
        ...


@dataclass(slots=True)
class LocalRateLimiter:
    """Counts the calls of this process (the generic cell rate algorithm: one number for each method).

    `_due` is the time at which the method's burst would be whole again; a call may go while that lies less than a
    burst ahead.
    """

    _due: dict[tuple[str, ...], float] = field(default_factory=dict)
    _paused: dict[tuple[str, ...], float] = field(default_factory=dict)

    async def reserve(self, team: str, method: str, channel: str, now: float) -> float:
        rate, key = _rate_and_key(team, method, channel)
        wait = self._wait(rate, key, now)
        self._due[key] = max(self._due.get(key, now), now) + rate.interval_s
        self._forget_old(now)
        return wait

    async def wait_s(self, team: str, method: str, channel: str, now: float) -> float:
        rate, key = _rate_and_key(team, method, channel)
        return self._wait(rate, key, now)

    async def pause(self, team: str, method: str, channel: str, until: float) -> None:
        _, key = _rate_and_key(team, method, channel)
        self._paused[key] = max(until, self._paused.get(key, until))

    def _wait(self, rate: Rate, key: tuple[str, ...], now: float) -> float:
        ahead = self._due.get(key, now) - now - (rate.burst - 1) * rate.interval_s
        return max(0.0, ahead, self._paused.get(key, now) - now)

    def _forget_old(self, now: float) -> None:
        """Drop what no longer delays anybody, so that channels seen once don't pile up."""
        if len(self._due) > 1_000:
            self._due = {key: due for key, due in self._due.items() if due > now}
            self._paused = {key: until for key, until in self._paused.items() if until > now}


def _rate_and_key(team: str, method: str, channel: str) -> tuple[Rate, tuple[str, ...]]:
    rate = RATES.get(method, UNKNOWN_RATE)
    return rate, (team, method, channel) if rate.per_channel else (team, method)
