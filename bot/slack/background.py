"""Work that goes on after Slack has had its ack."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Self

import structlog

from bot.errors import BotError
from bot.ports import Clock
from bot.slack.waiting import first_of

log = structlog.get_logger(__name__)


class Overloaded(BotError):
    """Too much goes on already; Slack may send it again later."""


class Background:
    """Tasks with an owner: whoever opens it waits for them, within bounds, when it closes.

    Args:
        bound: tasks at once; `start` refuses more.
        drain_s: seconds that closing gives to those that still run, before it cancels them.
    """

    def __init__(self, *, bound: int = 200, drain_s: float = 5.0) -> None:
        self._bound = bound
        self._drain_s = drain_s
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closing.set()
        await self.settle(self._drain_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it. An exception that it lets out is logged.

        Raises:
            Overloaded: `bound` tasks run, or it is closed; the work was not begun.
        """
        if self._closing.is_set() or len(self._tasks) >= self._bound:
            work.close()
            raise Overloaded(name)
        task = asyncio.create_task(self._logged(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def pause(self, clock: Clock, seconds: float) -> None:
        """Let some time pass within a task; less when this closes meanwhile, which waits for the task."""
        await first_of(self._closing, clock, seconds)

    async def settle(self, timeout_s: float) -> None:
        """Wait until what runs now has ended, at most that long."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_s)

    async def _logged(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except BotError as error:
            log.warning("background_failed", task=name, error=type(error).__name__, detail=str(error))
        except Exception:
            log.exception("background_failed", task=name)
