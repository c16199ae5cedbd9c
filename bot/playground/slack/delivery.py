"""Bringing events and interactions to the app: over which way, how often, and what counts as taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.playground.slack.clock import Clock
from bot.playground.slack.interactions import Answer
from bot.playground.slack.values import Json

T = TypeVar("T")

ACK_TIMEOUT_S = 3.0
RETRY_DELAYS_S = (0.0, 60.0, 300.0)
"""Slack sends an event that was not taken again at once, after one and after five minutes."""

_REMEMBERED = 1000


@dataclass(frozen=True)
class Attempt:
    """The how-manieth try of an event it is (0 is the first), and why the last one failed."""

    number: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a try. `failure` is empty when the app took it; `final` forbids another try."""

    answer: Answer
    failure: str = ""
    final: bool = False


class Way(Protocol):
    """A way to the app: Socket Mode or HTTP."""

    async def send(self, kind: str, payload: Json, attempt: Attempt) -> Outcome:
        """`kind` is `events_api`, `slash_commands` or `interactive`."""
        ...


async def within(clock: Clock, seconds: float, waiting: Awaitable[T]) -> T | None:
    """The result, or None when it takes longer than that by the clock; it is cancelled then."""
    work = asyncio.ensure_future(waiting)
    bound = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({work, bound}, return_when=asyncio.FIRST_COMPLETED)
        return await work if work.done() else None
    finally:
        bound.cancel()
        work.cancel()


class Delivery:
    """Delivers to the app, and knows what became of it.

    Args:
        retry_delays_s: the waits before each further try of an event.
        told: called whenever an event was taken or given up.
    """

    def __init__(self, way: Way, clock: Clock, retry_delays_s: tuple[float, ...], told: Callable[[], None]) -> None:
        self.way = way
        self.given_up: deque[Json] = deque(maxlen=_REMEMBERED)
        """Events that no try brought to the app."""
        self._clock = clock
        self._retry_delays_s = retry_delays_s
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """How many events are neither taken nor given up."""
        return len(self._tasks)

    def event(self, payload: Json) -> None:
        """Deliver an event, with retries, in the background."""
        self._spawn(self._deliver(payload))

    async def ask(self, kind: str, payload: Json) -> Answer:
        """Deliver an interaction, once."""
        return (await self.way.send(kind, payload, Attempt())).answer

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, payload: Json) -> None:
        attempt = Attempt()
        for delay_s in (*self._retry_delays_s, None):
            outcome = await self.way.send("events_api", payload, attempt)
            if not outcome.failure or outcome.final:
                break
            if delay_s is None:
                self.given_up.append(payload)
                break
            await self._clock.sleep(delay_s)
            attempt = Attempt(attempt.number + 1, outcome.failure)
        self._loop.call_soon(self._told)
