"""What happens to the machines, drawn from a seed."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Sequence

from bot.playground.slack.control import EmulatedSlack
from tests.chaos.machines import RedisProcess, WorkerProcess

Note = Callable[[str], None]


class Havoc:
    """Breaks one thing after the other, and mends each again.

    Args:
        note: told what happens.
        longest_s: how long something stays frozen or away at most.
        drain_s: how long a worker that is stopped may take to end its turns.
    """

    def __init__(
        self,
        dice: random.Random,
        workers: Sequence[WorkerProcess],
        redis: RedisProcess,
        slack: EmulatedSlack,
        note: Note,
        *,
        longest_s: float,
        drain_s: float,
    ) -> None:
        self._dice = dice
        self._free = list(workers)
        self._redis = redis
        self._redis_free = True
        self._slack = slack
        self._note = note
        self._longest_s = longest_s
        self._drain_s = drain_s
        self._going_on: set[asyncio.Task[None]] = set()

    async def rage(self, seconds: float, every_s: float) -> None:
        """Do something every `every_s` seconds on average; return when all of it is mended."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(min(self._dice.uniform(0.5, 1.5) * every_s, until - loop.time()))
            if loop.time() < until:
                self._begin(self._dice.choice(self._deeds))
        while self._going_on:
            await asyncio.wait(self._going_on)

    @property
    def _deeds(self) -> Sequence[Callable[[], Awaitable[None]]]:
        of_workers = (self._kill, self._kill, self._freeze, self._freeze_alone, self._drain, self._drain)
        return (*of_workers, self._restart_redis, self._stall_redis, self._slack_away, self._slack_forgets)

    def _begin(self, deed: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(deed())
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    def _some_time(self) -> float:
        return self._dice.uniform(0.2, 1.0) * self._longest_s

    async def _with_worker(self, deed: str, act: Callable[[WorkerProcess, float], Awaitable[None]]) -> None:
        if len(self._free) < 2:  # one always goes on
            return
        worker = self._free.pop(self._dice.randrange(len(self._free)))
        for_s = self._some_time()
        self._note(f"{deed} {worker.name} ({for_s:.1f} s)")
        await act(worker, for_s)
        self._free.append(worker)

    async def _kill(self) -> None:
        async def act(worker: WorkerProcess, for_s: float) -> None:
            worker.wanted = False
            worker.signal(signal.SIGKILL)
            await worker.ended(1.0)
            await asyncio.sleep(for_s / 2)
            worker.start()

        await self._with_worker("kill", act)

    async def _freeze(self) -> None:
        async def act(worker: WorkerProcess, for_s: float) -> None:
            worker.signal(signal.SIGSTOP)
            await asyncio.sleep(for_s)
            worker.signal(signal.SIGCONT)

        await self._with_worker("freeze", act)

    async def _freeze_alone(self) -> None:
        async def act(worker: WorkerProcess, for_s: float) -> None:
            worker.signal(signal.SIGSTOP, group=False)
            await asyncio.sleep(for_s)
            worker.signal(signal.SIGCONT, group=False)

        await self._with_worker("freeze without its processes", act)

    async def _drain(self) -> None:
        async def act(worker: WorkerProcess, for_s: float) -> None:
            worker.wanted = False
            worker.signal(signal.SIGTERM, group=False)
            await worker.ended(self._drain_s + 15.0)
            worker.start()

        await self._with_worker("drain", act)

    async def _restart_redis(self) -> None:
        await self._with_redis("kill redis", self._redis.kill, self._redis.start)

    async def _stall_redis(self) -> None:
        async def go_on() -> None:
            self._redis.signal(signal.SIGCONT)

        await self._with_redis("stall redis", lambda: self._redis.signal(signal.SIGSTOP), go_on)

    async def _with_redis(self, deed: str, down: Callable[[], None], up: Callable[[], Awaitable[None]]) -> None:
        if not self._redis_free:
            return
        self._redis_free = False
        for_s = self._some_time()
        self._note(f"{deed} ({for_s:.1f} s)")
        down()
        await asyncio.sleep(for_s)
        await up()
        self._redis_free = True

    async def _slack_away(self) -> None:
        self._note("slack answers 500, 20 times")
        self._slack.fail("*", status=500, times=20)

    async def _slack_forgets(self) -> None:
        self._note("slack loses its sockets and 5 acks")
        self._slack.lose_acks(5)
        self._slack.drop_sockets()
