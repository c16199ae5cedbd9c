"""Calls that are made at the same moment go to Redis together: one packet there, one back.

A call on its own costs the client far more than it costs Redis. A burst of a thousand events would queue for a
connection and for the processor; in convoys it takes a few dozen round trips.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from bot.errors import StoreAway

Command = Sequence[str | bytes | int | float]

CONVOYS = 4
"""How many are under way at once, each on a connection: a slow one doesn't hold up all others."""
COMMANDS = 128
"""How many commands travel together at most."""
WAIT_S = 5.0
"""How long a call waits for its departure."""


@dataclass(slots=True)
class _Call:
    commands: Sequence[Command]
    since: float
    alone: bool
    answers: asyncio.Future[list[Any]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Convoys:
    """Sends calls to Redis, those that wait at the same time together.

    The commands of one call keep their order, with nothing of this worker's in between; whether Redis keeps to it is
    Redis's: a cluster does so for each node only.

    Args:
        client: made by `bot.store.client.connect`.
        now: seconds that pass.
    """

    def __init__(self, client: Redis, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._waiting: deque[_Call] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._called = False

    async def send(self, commands: Sequence[Command], *, alone: bool = False) -> list[Any]:
        """The commands' answers in order; what Redis refused is an exception in its place.

        Args:
            alone: nothing else travels along, since this takes long.

        Raises what the client raises when Redis can't be reached, and StoreAway where the call could not leave in time.
        """
        call = _Call(commands, self._now(), alone)
        self._waiting.append(call)
        if not self._called:
            # Whoever else is about to call in this round of the loop comes along, and who is started in it.
            self._called = True
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._depart)
        return await call.answers

    async def aclose(self) -> None:
        """Wait for those that are under way. Nobody may call any more."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _depart(self) -> None:
        self._called = False
        while self._waiting and len(self._under_way) < CONVOYS:
            convoy = self._next()
            if convoy:
                task = asyncio.create_task(self._travel(convoy), name="redis convoy")
                self._under_way.add(task)
                task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not self._called:  # else those that wait leave in a moment, with who comes along
            self._depart()

    def _next(self) -> list[_Call]:
        """The calls that travel together next. Those that nobody waits for any more stay behind."""
        convoy: list[_Call] = []
        count = 0
        while self._waiting and count < COMMANDS:
            call = self._waiting[0]
            if convoy and call.alone:
                break
            self._waiting.popleft()
            if call.answers.done():
                continue
            if self._now() - call.since > WAIT_S:
                call.answers.set_exception(StoreAway("too many calls at once"))
                continue
            convoy.append(call)
            count += len(call.commands)
            if call.alone:
                break
        return convoy

    async def _travel(self, convoy: Sequence[_Call]) -> None:
        try:
            answers = await self._carried_out([command for call in convoy for command in call.commands])
        except Exception as error:  # noqa: BLE001 - each caller gets it, and judges it
            for call in convoy:
                if not call.answers.done():
                    call.answers.set_exception(error)
            return
        finally:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                for call in convoy:
                    call.answers.cancel()
        at = 0
        for call in convoy:
            if not call.answers.done():
                call.answers.set_result(answers[at : at + len(call.commands)])
            at += len(call.commands)

    async def _carried_out(self, commands: Sequence[Command]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return await pipeline.execute(raise_on_error=False)
