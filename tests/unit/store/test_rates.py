"""Token buckets that all workers share: on a real Redis, whose time counts."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.store.keys import rate
from bot.store.store import Store

pytestmark = pytest.mark.redis

KEY = "T1:chat.update"


def _store(client: Redis, worker: str = "w1") -> Store:
    return Store(client, worker, ttl_s=100)


async def test_a_burst_goes_at_once_and_the_rest_is_spread(client: Redis) -> None:
    rates = _store(client).rates
    waits = [await rates.take(KEY, 10.0, 3) for _ in range(6)]
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3:] == pytest.approx([10.0, 20.0, 30.0], abs=1.0)


async def test_workers_count_together(client: Redis) -> None:
    one, other = _store(client, "w1").rates, _store(client, "w2").rates
    waits = await asyncio.gather(*(rates.take(KEY, 10.0, 1) for rates in (one, other) * 5))
    assert sorted(waits) == pytest.approx([10.0 * n for n in range(10)], abs=1.0)


async def test_a_pause_holds_everybody_back_even_what_is_urgent(client: Redis) -> None:
    one, other = _store(client, "w1").rates, _store(client, "w2").rates
    await one.pause(KEY, 30.0)
    await one.pause(KEY, 5.0)
    assert await other.take(KEY, 1.0, 5) == pytest.approx(30.0, abs=1.0)
    assert await other.take(KEY, 1.0, 5, urgent=True) == pytest.approx(30.0, abs=1.0)
    assert await other.take("T1:views.open", 1.0, 5) == 0.0


async def test_what_is_urgent_goes_first_and_is_counted(client: Redis) -> None:
    rates = _store(client).rates
    for _ in range(5):
        await rates.take(KEY, 10.0, 1)
    assert await rates.take(KEY, 10.0, 1, urgent=True) == 0.0
    assert await rates.take(KEY, 10.0, 1) == pytest.approx(60.0, abs=1.0)


async def test_looking_takes_nothing(client: Redis) -> None:
    rates = _store(client).rates
    await rates.take(KEY, 10.0, 1)
    assert [await rates.look(KEY, 10.0, 1) for _ in range(3)] == pytest.approx([10.0] * 3, abs=1.0)


async def test_a_bucket_that_is_full_again_leaves_nothing_behind(client: Redis) -> None:
    await _store(client).rates.take(KEY, 10.0, 1)
    assert 9_000 < await client.pttl(rate(KEY)) <= 11_000


async def test_how_answers_appear_is_set_for_each_channel(client: Redis) -> None:
    channels = _store(client).channels
    assert await channels.streaming("T1", "C1") == ""
    await channels.set_streaming("T1", "C1", "update")
    assert await channels.streaming("T1", "C1") == "update"
    assert await channels.streaming("T1", "C2") == await channels.streaming("T2", "C1") == ""
