"""Time that leaps: what takes hours on a clock is over in seconds, sockets and all.

For tests whose both sides run in one event loop, over the loopback. Nothing in them may wait for a thread or a process.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

BEGINNING = 1_790_000_000.0


class _Selector(selectors.DefaultSelector):
    """Instead of waiting for the next timer it leaps there, once nothing is under way on any socket."""

    leapt_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(0)  # the loopback delivers at once
        if not found:
            self.leapt_s += timeout
        return found


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop on which time stands still while anybody has something to do."""

    def __init__(self) -> None:
        self._leaping = _Selector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.leapt_s


class LeapingClock:
    """The loop's time, for the bot and for the emulated Slack."""

    def now(self) -> float:
        return BEGINNING + asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def leap(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)
