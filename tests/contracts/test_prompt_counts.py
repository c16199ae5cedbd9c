"""What was said lately is counted once, over all workers."""

from __future__ import annotations

import asyncio

import pytest

from tests.contracts.world import AnyStore, World

LONG_S = 3600.0


async def count(
    store: AnyStore, item: str, *, bound: int = 2, whose: str = "user:U1", window_s: float = LONG_S
) -> float:
    return await store.prompt_counts.count("T1", whose, item, bound, window_s)


async def test_beyond_the_bound_it_says_when_one_more_is_taken(store: AnyStore) -> None:
    assert [await count(store, item) for item in ("a", "b")] == [0.0, 0.0]
    assert await count(store, "c") == pytest.approx(LONG_S, abs=60)
    assert await count(store, "c") > 0


async def test_a_repeat_is_counted_once_and_stays_taken(store: AnyStore) -> None:
    assert [await count(store, item) for item in ("a", "a", "b", "a")] == [0.0] * 4


async def test_people_and_teams_are_counted_apart(store: AnyStore) -> None:
    for item in ("a", "b"):
        await count(store, item)
    assert await count(store, "c", whose="user:U2") == 0.0
    assert await store.prompt_counts.count("T2", "user:U1", "c", 2, LONG_S) == 0.0


async def test_what_is_older_than_the_window_makes_room(store: AnyStore) -> None:
    for item in ("a", "b"):
        await count(store, item)
    assert await count(store, "c", window_s=0.0) == 0.0


async def test_a_bound_that_was_lowered_waits_until_enough_has_passed(world: World) -> None:
    one, other = world.worker("w1"), world.worker("w2")
    for item in ("a", "b", "c"):
        assert await count(one, item, bound=3) == 0.0
    assert await count(other, "d", bound=1) >= await count(other, "d", bound=3) > 0


async def test_a_burst_over_several_workers_gets_no_more_than_the_bound(world: World) -> None:
    workers = [world.worker(f"w{number}") for number in range(5)]
    waits = await asyncio.gather(*(count(workers[n % 5], f"item-{n}", bound=7) for n in range(40)))
    assert waits.count(0.0) == 7
