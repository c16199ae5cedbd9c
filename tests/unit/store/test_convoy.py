"""Calls that are made at the same moment travel together, and nobody suffers from who travels along."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from redis import exceptions as redis_errors

from bot.errors import StoreAway
from bot.store import convoy
from bot.store.convoy import Convoys
from tests.waiting import until


class FakePipeline:
    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self._commands: list[Sequence[object]] = []

    def execute_command(self, *command: object) -> None:
        self._commands.append(command)

    async def execute(self, raise_on_error: bool) -> list[object]:
        assert not raise_on_error
        self._redis.convoys.append(self._commands)
        await self._redis.open.wait()
        if self._redis.dead:
            raise redis_errors.ConnectionError("it died")
        return [self._answer(command) for command in self._commands]

    def _answer(self, command: Sequence[object]) -> object:
        return redis_errors.ResponseError("refused") if command[0] == "BAD" else command[-1]


class FakeRedis:
    """Answers each command with its last word, once it is open."""

    def __init__(self) -> None:
        self.convoys: list[list[Sequence[object]]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.dead = False

    def pipeline(self, transaction: bool) -> FakePipeline:
        assert not transaction
        return FakePipeline(self)

    @property
    def sizes(self) -> list[int]:
        return [len(commands) for commands in self.convoys]


@pytest.fixture
async def redis() -> FakeRedis:
    return FakeRedis()


def convoys_on(redis: FakeRedis, now: Any = lambda: 0.0) -> Convoys:
    client: Any = redis
    return Convoys(client, now)


async def test_calls_of_the_same_moment_travel_together_and_each_gets_its_own_answers(redis: FakeRedis) -> None:
    convoys = convoys_on(redis)
    answers = await asyncio.gather(*(convoys.send([("GET", n), ("SET", -n)]) for n in range(10)))
    assert answers == [[n, -n] for n in range(10)]
    assert redis.sizes == [20]


async def test_who_is_started_at_the_same_moment_comes_along(redis: FakeRedis) -> None:
    convoys = convoys_on(redis)

    async def later() -> None:
        await asyncio.gather(*(convoys.send([("GET", n)]) for n in range(3)))

    async def one_after_the_other() -> None:
        await convoys.send([("GET", "before")])
        started = asyncio.create_task(later())
        await convoys.send([("GET", "with them")])
        await started

    await one_after_the_other()
    assert redis.sizes == [1, 4]


async def test_convoys_are_bounded_in_length_and_number(redis: FakeRedis) -> None:
    redis.open.clear()
    convoys = convoys_on(redis)
    calls = [asyncio.ensure_future(convoys.send([("GET", n)])) for n in range(1_000)]
    await until(lambda: len(redis.sizes) == convoy.CONVOYS)
    assert redis.sizes == [convoy.COMMANDS] * convoy.CONVOYS
    redis.open.set()
    assert [answer for (answer,) in await asyncio.gather(*calls)] == list(range(1_000))


async def test_what_takes_long_travels_alone(redis: FakeRedis) -> None:
    convoys = convoys_on(redis)
    await asyncio.gather(*(convoys.send([("GET", n)], alone=n == 1) for n in range(4)))
    assert redis.sizes == [1, 1, 2]


async def test_a_refusal_is_only_for_who_asked(redis: FakeRedis) -> None:
    convoys = convoys_on(redis)
    (bad,), (good,) = await asyncio.gather(convoys.send([("BAD", 1)]), convoys.send([("GET", 2)]))
    assert isinstance(bad, redis_errors.ResponseError)
    assert good == 2


async def test_all_who_travel_hear_of_a_redis_that_died(redis: FakeRedis) -> None:
    redis.dead = True
    convoys = convoys_on(redis)
    found = await asyncio.gather(*(convoys.send([("GET", n)]) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [redis_errors.ConnectionError] * 3


async def test_who_is_cancelled_takes_nobody_along(redis: FakeRedis) -> None:
    redis.open.clear()
    convoys = convoys_on(redis)
    first, second = (asyncio.ensure_future(convoys.send([("GET", n)])) for n in range(2))
    while not redis.convoys:
        await asyncio.sleep(0)
    first.cancel()
    redis.open.set()
    assert await second == [1]
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_what_nobody_waits_for_any_more_does_not_leave(redis: FakeRedis) -> None:
    convoys = convoys_on(redis)
    call = asyncio.ensure_future(convoys.send([("GET", 1)]))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert redis.convoys == []


async def test_a_call_that_waits_too_long_for_its_departure_is_given_up(redis: FakeRedis) -> None:
    redis.open.clear()
    now = 0.0
    convoys = convoys_on(redis, lambda: now)
    calls = [asyncio.ensure_future(convoys.send([("GET", n)])) for n in range(convoy.COMMANDS * convoy.CONVOYS + 1)]
    while len(redis.convoys) < convoy.CONVOYS:
        await asyncio.sleep(0)
    now = convoy.WAIT_S + 1
    redis.open.set()
    *others, last = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(last, StoreAway)
    assert not any(isinstance(other, BaseException) for other in others)


async def test_closing_waits_for_what_is_under_way(redis: FakeRedis) -> None:
    redis.open.clear()
    convoys = convoys_on(redis)
    call = asyncio.ensure_future(convoys.send([("GET", 1)]))
    while not redis.convoys:
        await asyncio.sleep(0)
    call.cancel()
    closing = asyncio.ensure_future(convoys.aclose())
    await asyncio.sleep(0)
    assert not closing.done()
    redis.open.set()
    await closing
