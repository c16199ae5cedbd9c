"""Workers hear of one another while they live."""

from __future__ import annotations

from tests.contracts.world import World


async def test_a_worker_hears_who_else_lives_and_how_much_room_they_have(world: World) -> None:
    one, two, three = (world.worker(name).workers for name in ("w1", "w2", "w3"))
    assert await one.beat(3) == {}
    await two.beat(0)
    await one.beat(5)
    assert await three.beat(1) == {"w1": 5, "w2": 0}


async def test_a_worker_that_leaves_is_forgotten_at_once(world: World) -> None:
    one, two = (world.worker(name).workers for name in ("w1", "w2"))
    await one.beat(3)
    await two.beat(3)
    assert await one.beat(-1) == {"w2": 3}
    assert await two.beat(3) == {}


async def test_anybody_may_ask_who_lives(world: World) -> None:
    one, two = (world.worker(name).workers for name in ("w1", "w2"))
    assert await two.living() == {}
    await one.beat(3)
    assert await one.living() == await two.living() == {"w1": 3}
