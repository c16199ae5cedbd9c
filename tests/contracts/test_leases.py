"""One worker at a time works on a thread, and one that lost it can write nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import LeaseLost
from bot.model import Ending, Lease, Outcome, Point, PointKind, Progress, Thread, TurnState
from tests.contracts.world import (
    OTHER_THREAD,
    THREAD,
    AnyStore,
    World,
    answered,
    begun,
    deferred,
    entries,
    leased,
    message,
)


async def test_of_several_at_once_one_gets_the_lease(world: World) -> None:
    workers = [world.worker(f"w{number}") for number in range(8)]
    leases = await asyncio.gather(*(worker.inbox.acquire(THREAD) for worker in workers))
    assert len([lease for lease in leases if lease is not None]) == 1


async def test_a_lease_is_not_had_twice_by_its_holder(store: AnyStore) -> None:
    await leased(store)
    assert await store.inbox.acquire(THREAD) is None


async def test_threads_are_leased_apart(store: AnyStore) -> None:
    await leased(store)
    await leased(store, OTHER_THREAD)


async def test_every_lease_has_a_higher_token(world: World, store: AnyStore) -> None:
    first = await leased(store)
    await store.inbox.release(first)
    second = await leased(store)
    await world.lease_runs_out(THREAD)
    third = await leased(world.worker("w2"))
    assert first.token < second.token < third.token


async def test_the_holder_is_named_while_the_lease_lives(world: World, store: AnyStore) -> None:
    assert await store.inbox.holder(THREAD) == ""
    lease = await leased(store)
    assert lease.worker == "w1"
    assert await world.worker("w2").inbox.holder(THREAD) == "w1"
    await world.lease_runs_out(THREAD)
    assert await store.inbox.holder(THREAD) == ""


async def test_a_living_lease_is_renewed(store: AnyStore) -> None:
    assert await store.inbox.renew(await leased(store))


async def test_a_lease_that_ran_out_is_revived_when_nobody_took_it(world: World, store: AnyStore) -> None:
    lease = await leased(store)
    await world.lease_runs_out(THREAD)
    assert await store.inbox.renew(lease)
    assert await store.inbox.holder(THREAD) == "w1"
    assert await world.worker("w2").inbox.acquire(THREAD) is None


async def test_a_lease_that_another_took_is_lost_for_good(world: World, store: AnyStore) -> None:
    lease = await leased(store)
    await world.lease_runs_out(THREAD)
    other = world.worker("w2")
    taken = await leased(other)
    assert not await store.inbox.renew(lease)
    await other.inbox.release(taken)
    assert not await store.inbox.renew(lease)
    assert await store.inbox.holder(THREAD) == ""


async def test_a_lease_given_back_can_be_taken(world: World, store: AnyStore) -> None:
    assert await store.inbox.release(await leased(store))
    await leased(world.worker("w2"))


async def test_a_renewal_that_comes_late_does_not_revive_a_lease_given_back(store: AnyStore) -> None:
    lease = await leased(store)
    assert await store.inbox.release(lease)
    assert not await store.inbox.renew(lease)
    assert await store.inbox.release(lease)
    assert await store.inbox.holder(THREAD) == ""
    assert (await leased(store)).token > lease.token


async def test_a_lease_is_kept_while_a_prompt_waits_or_a_turn_is_in_flight(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    assert not await store.inbox.release(lease)
    turn = await begun(store, lease)
    assert not await store.inbox.release(lease)
    assert await store.inbox.holder(THREAD) == "w1"
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    assert await store.inbox.release(lease)


async def test_a_lease_that_ran_out_is_given_back_already(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await world.lease_runs_out(THREAD)
    assert await store.inbox.release(lease)
    assert list(await store.inbox.abandoned(10)) == [THREAD]


async def test_draining_gives_the_lease_back_with_its_work(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    assert await store.inbox.release(lease, even_with_work=True)
    assert list(await world.worker("w2").inbox.abandoned(10)) == [THREAD]


async def test_prompts_behind_a_deferred_turn_do_not_hold_the_lease(store: AnyStore) -> None:
    await deferred(store)
    waits = message("1700000000.000200")
    await store.inbox.accept(waits, "s1")
    lease = await leased(store)
    await store.decisions.heed(lease, [waits])
    assert await store.turns.begin(lease, "turn-2") is None
    assert await store.inbox.release(lease)


Fenced = Callable[[AnyStore, Lease], Awaitable[object]]

FENCED: dict[str, Fenced] = {
    "release": lambda store, lease: store.inbox.release(lease),
    "release_with_work": lambda store, lease: store.inbox.release(lease, even_with_work=True),
    "begin": lambda store, lease: store.turns.begin(lease, "turn-9"),
    "save": lambda store, lease: store.turns.save(lease, "turn-1", Progress("late"), TurnState.ANSWERED),
    "restart_session": lambda store, lease: store.turns.restart_session(lease, "turn-1", "s9"),
    "finish": lambda store, lease: store.turns.finish(lease, "turn-1", Outcome(Ending.DONE, "s1"), ["1.1"]),
    "finish_deferred": lambda store, lease: store.turns.finish(lease, "turn-1", Outcome(Ending.DEFERRED, "s1"), []),
    "create": lambda store, lease: store.threads.create(
        lease, Thread(THREAD, "s9"), {"1.1": Point("s9", "e9", PointKind.REPLY)}
    ),
    "reset": lambda store, lease: store.threads.reset(lease, "s9"),
    "restore": lambda store, lease: store.threads.restore(lease),
    "append": lambda store, lease: store.transcripts.append(lease, "s1", "", entries("late")),
    "delete": lambda store, lease: store.transcripts.delete(lease, "s1"),
    "put": lambda store, lease: store.files.put(lease, "s1", "late", b"late"),
}


async def _thread_with_everything(store: AnyStore) -> Lease:
    """A lease on a thread that has a turn in flight, and an archived session."""
    await answered(store, message())
    lease = await leased(store)
    await store.threads.reset(lease, "s2")
    await store.transcripts.append(lease, "s1", "", entries("e0"))
    await store.files.put(lease, "s1", "digest", b"archive")
    await store.inbox.accept(message("1700000000.000300"), "s2")
    await begun(store, lease)
    return lease


@pytest.mark.parametrize("name", FENCED)
async def test_a_worker_that_lost_its_lease_writes_nothing(world: World, store: AnyStore, name: str) -> None:
    lease = await _thread_with_everything(store)
    await world.lease_runs_out(THREAD)
    await leased(world.worker("w2"))
    before = await world.contents()
    with pytest.raises(LeaseLost):
        await FENCED[name](store, lease)
    assert await world.contents() == before


@pytest.mark.parametrize("name", [name for name in FENCED if not name.startswith("release")])
async def test_a_lease_that_ran_out_writes_nothing_until_it_is_renewed(
    world: World, store: AnyStore, name: str
) -> None:
    lease = await _thread_with_everything(store)
    await world.lease_runs_out(THREAD)
    before = await world.contents()
    with pytest.raises(LeaseLost):
        await FENCED[name](store, lease)
    assert await world.contents() == before
    assert await store.inbox.renew(lease)
    await FENCED[name](store, lease)


async def test_an_older_lease_of_the_same_worker_writes_nothing(store: AnyStore) -> None:
    old = await leased(store)
    await store.inbox.release(old)
    new = await leased(store)
    with pytest.raises(LeaseLost):
        await store.transcripts.append(old, "s1", "", entries("late"))
    await store.transcripts.append(new, "s1", "", entries("right"))


async def test_a_turn_that_was_handed_over_was_not_attempted_in_vain(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    await store.inbox.release(lease, even_with_work=True)
    other = world.worker("w2")
    taken_over = await other.turns.begin(await leased(other), "another")
    assert taken_over is not None
    assert taken_over.attempt == 1
