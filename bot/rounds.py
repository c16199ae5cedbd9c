"""What a worker does over and over, and what it does beside: tasks that no failure ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from bot.errors import BotError
from bot.ports import Clock
from bot.tasks import end

log = structlog.get_logger(__name__)

STUCK_S = 60.0
"""Seconds without the end of a round after which one counts as stuck: a store that is away answers within 20."""


class Rounds:
    """Repeats deeds until it is ended, and runs others once. What fails is logged, and done again if it is repeated."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._repeated: list[asyncio.Task[None]] = []
        self._beside: set[asyncio.Task[None]] = set()
        self._ended_at: dict[str, float] = {}

    @property
    def at_work(self) -> bool:
        """Whether every repeated deed is still repeated, and no round of one that ends by itself hangs."""
        oldest = min(self._ended_at.values(), default=self._clock.now())
        return not any(task.done() for task in self._repeated) and self._clock.now() - oldest < STUCK_S

    def repeat(self, deed: Callable[[], Awaitable[None]], pause_s: float, *, endless: bool = False) -> None:
        """Do it for ever, whatever becomes of it each time.

        Args:
            endless: a round of it ends only when it breaks.
        """
        name = getattr(deed, "__name__", "deed")
        if not endless:
            self._ended_at[name] = self._clock.now()
        self._repeated.append(asyncio.create_task(self._repeat(name, deed, pause_s), name=f"rounds {name}"))

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for."""
        task = asyncio.create_task(logged(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def end(self, last_words_s: float) -> None:
        """End everything; what is done beside gets so many seconds to end by itself."""
        if self._beside:
            await asyncio.wait(self._beside, timeout=last_words_s)
        await end((*self._repeated, *self._beside))

    async def _repeat(self, name: str, deed: Callable[[], Awaitable[None]], pause_s: float) -> None:
        while True:
            await logged(deed())
            if name in self._ended_at:
                self._ended_at[name] = self._clock.now()
            await self._clock.sleep(pause_s)


async def logged(work: Awaitable[None]) -> None:
    """Do it, and log how it fails: messages are stored, and the sweep finds threads with work."""
    try:
        await work
    except BotError as error:
        log.warning("beside_failed", error=type(error).__name__, detail=str(error))
    except Exception:
        log.exception("beside_broke")
