"""As many workers as an operator may start, on one Redis: the whole core of each, with an agent that costs nothing."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.desk import DeskBounds
from bot.model import RunRequest, ThreadKey
from tests.bench.scale import Bench, message
from tests.redis_server import redis_server
from tests.waiting import until

pytestmark = pytest.mark.redis

SOCKETS = 10
"""So many connections Slack gives an app: more workers take no events."""
LEAVE = 3
"""So many are stopped in the middle, with turns in hand."""
THREADS = 60
MESSAGES = 5
TURN_S = 0.05
BOUNDS = DeskBounds(turns_running=2, beat_s=0.2, sweep_s=0.5)


class Seen:
    """What all agents were asked, by whom, and how many turns a thread had at once."""

    def __init__(self) -> None:
        self.asked: dict[ThreadKey, list[str]] = defaultdict(list)
        self.turns_of: Counter[int] = Counter()
        self.at_once: Counter[ThreadKey] = Counter()
        self.most_at_once = 0

    @property
    def answered(self) -> int:
        return sum(map(len, self.asked.values()))

    def watch(self, bench: Bench, number: int) -> None:
        run: Any = bench.agent.run

        @asynccontextmanager
        async def watched(request: RunRequest, workdir: Path) -> AsyncIterator[object]:
            thread = request.lease.thread
            self.at_once[thread] += 1
            self.most_at_once = max(self.most_at_once, self.at_once[thread])
            self.turns_of[number] += 1
            self.asked[thread] += [word for word in request.text.split() if word.startswith("no-")]
            try:
                await asyncio.sleep(TURN_S)
                async with run(request, workdir) as running:
                    yield running
            finally:
                self.at_once[thread] -= 1

        bench.agent.run = watched  # type: ignore[method-assign, assignment]


@pytest.mark.slow
@pytest.mark.parametrize("count", [10, 30])
async def test_each_message_is_answered_once_and_in_order_while_workers_come_and_go(tmp_path: Path, count: int) -> None:
    dice, seen = random.Random(count), Seen()
    with redis_server() as server:
        async with AsyncExitStack() as stack:
            doors = [AsyncExitStack() for _ in range(count)]
            benches = [Bench(server.url, tmp_path, BOUNDS) for _ in range(count)]
            for number, (bench, door) in enumerate(zip(benches, doors, strict=True)):
                seen.watch(bench, number)
                stack.push_async_callback(bench.aclose)
                await stack.enter_async_context(door)
                await door.enter_async_context(bench.inbox)

            connected = benches[:SOCKETS]

            async def talk(thread: int) -> None:
                """Each message goes to any worker that takes events, and some come to a second one as well."""
                for number in range(MESSAGES):
                    one = message(thread, f"17{thread:08d}.00010{number}")
                    for _ in range(dice.choice((1, 1, 2))):
                        taker = dice.choice(connected)
                        await taker.inbox.take(replace(one, text=f"no-{number}"))
                    await asyncio.sleep(dice.random() * TURN_S)

            talking = asyncio.gather(*(talk(thread) for thread in range(THREADS)))
            await until(lambda: seen.answered > THREADS)
            del connected[:LEAVE]
            await asyncio.gather(*(door.aclose() for door in doors[:LEAVE]))
            await talking
            await until(lambda: seen.answered >= THREADS * MESSAGES, timeout_s=30.0)
            await until(lambda: not any(bench.inbox.desk.threads_held for bench in benches))
    assert list(seen.asked.values()) == [[f"no-{number}" for number in range(MESSAGES)]] * THREADS
    assert seen.most_at_once == 1
    assert sum(len(bench.chat.posted) for bench in benches) >= THREADS, "and the answers are shown"
    assert any(number >= SOCKETS for number in seen.turns_of) == (count > SOCKETS), "who takes no events has turns"
