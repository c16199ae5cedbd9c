"""Token buckets that all workers share: on a real Redis, whose time counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.model import Bucket
from bot.store.keys import rate
from bot.store.store import Store

pytestmark = pytest.mark.redis

UPDATES = Bucket("T1:chat.update", interval_s=10.0, burst=1)
QUICK = replace(UPDATES, interval_s=1.0, burst=5)


def _store(client: Redis, worker: str = "w1") -> Store:
    return Store(client, worker, ttl_s=100)


async def test_a_burst_goes_at_once_and_the_rest_is_spread(client: Redis) -> None:
    rates = _store(client).rates
    waits = [await rates.take([replace(UPDATES, burst=3)]) for _ in range(6)]
    assert waits[:3] == [0.0, 0.0, 0.0]
    assert waits[3:] == pytest.approx([10.0, 20.0, 30.0], abs=1.0)


async def test_workers_count_together(client: Redis) -> None:
    one, other = _store(client, "w1").rates, _store(client, "w2").rates
    waits = await asyncio.gather(*(rates.take([UPDATES]) for rates in (one, other) * 5))
    assert sorted(waits) == pytest.approx([10.0 * n for n in range(10)], abs=1.0)


async def test_a_pause_holds_everybody_back_even_what_is_urgent(client: Redis) -> None:
    one, other = _store(client, "w1").rates, _store(client, "w2").rates
    await one.pause(UPDATES, 30.0)
    await one.pause(UPDATES, 5.0)
    assert await other.take([QUICK]) == pytest.approx(30.0, abs=1.0)
    assert await other.take([QUICK], urgent=True) == pytest.approx(30.0, abs=1.0)
    assert await other.take([replace(QUICK, what="T1:views.open")]) == 0.0


async def test_what_is_urgent_goes_first_and_is_counted(client: Redis) -> None:
    rates = _store(client).rates
    for _ in range(5):
        await rates.take([UPDATES])
    assert await rates.take([UPDATES], urgent=True) == 0.0
    assert await rates.take([UPDATES]) == pytest.approx(60.0, abs=1.0)


async def test_looking_takes_nothing(client: Redis) -> None:
    rates = _store(client).rates
    await rates.take([UPDATES])
    assert [await rates.look([UPDATES]) for _ in range(3)] == pytest.approx([10.0] * 3, abs=1.0)


async def test_a_crowded_channel_delays_no_other(client: Redis) -> None:
    rates = _store(client).rates
    posts = Bucket("T1:chat.postMessage", interval_s=1.0, burst=1)
    crowded, quiet = (replace(posts, channel=channel, interval_s=10.0) for channel in ("C1", "C2"))
    waits = [await rates.take([posts, crowded]) for _ in range(3)]
    assert waits == pytest.approx([0.0, 10.0, 20.0], abs=0.5)
    assert await rates.take([posts, quiet]) == pytest.approx(3.0, abs=0.5), "its turn in the workspace"


async def test_what_queued_in_its_workspace_comes_to_its_channel_when_that_turn_has_come(client: Redis) -> None:
    rates = _store(client).rates
    posts = Bucket("T1:chat.postMessage", interval_s=10.0, burst=1)
    channel = replace(posts, channel="C1", interval_s=5.0)
    for _ in range(3):
        await rates.take([posts])
    assert await rates.take([posts, channel]) == pytest.approx(30.0, abs=0.5)
    assert await rates.look([channel]) == pytest.approx(35.0, abs=0.5)


async def test_a_bucket_that_is_full_again_leaves_nothing_behind(client: Redis) -> None:
    await _store(client).rates.take([UPDATES])
    assert 9_000 < await client.pttl(rate(UPDATES.what)) <= 11_000


async def test_how_answers_appear_is_set_for_each_channel(client: Redis) -> None:
    channels = _store(client).channels
    assert await channels.streaming("T1", "C1") == ""
    await channels.set_streaming("T1", "C1", "update")
    assert await channels.streaming("T1", "C1") == "update"
    assert await channels.streaming("T1", "C2") == await channels.streaming("T2", "C1") == ""
