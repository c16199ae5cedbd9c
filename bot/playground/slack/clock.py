"""Time, as the emulated Slack sees it: real, or moved by a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Protocol


class Clock(Protocol):
    """Where the emulated Slack takes the time from."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Awaited, it waits until that long from now: from this call, not from the awaiting."""
        ...


class SystemClock:
    """Real time."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> Awaitable[None]:
        return asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    @property
    def sleepers(self) -> int:
        """How many wait for it to move."""
        return sum(not awake.done() for _, awake in self._sleepers)

    def sleep(self, seconds: float) -> Awaitable[None]:
        awake = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + seconds, awake))
        if seconds <= 0:
            self.advance(0)
        return awake

    def advance(self, seconds: float) -> None:
        """Move time forward and wake whoever slept until then."""
        self._now += seconds
        due = [awake for until, awake in self._sleepers if until <= self._now]
        self._sleepers = [(until, awake) for until, awake in self._sleepers if until > self._now]
        for awake in due:
            if not awake.done():
                awake.set_result(None)
