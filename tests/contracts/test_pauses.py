"""A stop reaches the turn that runs, and holds back what waits until somebody goes on."""

from __future__ import annotations

from bot.model import Address, Ending, Lease, Outcome, Resumed, Stopped, Taken, ThreadStatus
from tests.contracts.world import THREAD, AnyStore, World, answered, begun, leased, message


async def stopped_with_two_waiting(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    for ts in ("1700000001.000100", "1700000002.000100"):
        await store.inbox.accept(message(ts, text=ts, user="U1" if ts < "1700000002" else "U2"), "s1")
    assert await store.inbox.stop(THREAD, hold_back=True) == Stopped("w1", running=True, held_back=2)


async def end_the_stopped_turn(world: World, store: AnyStore) -> Lease:
    """Another lease takes the turn up and ends it. Returns that lease."""
    await world.lease_runs_out(THREAD)
    lease = await leased(store)
    turn = await begun(store, lease, "turn-1")
    await store.turns.finish(lease, turn.id, Outcome(Ending.STOPPED, "s1"), [])
    return lease


async def status(store: AnyStore) -> ThreadStatus:
    thread = await store.threads.get(THREAD)
    assert thread is not None
    return thread.status


async def test_a_stop_is_kept_with_the_turn_for_whoever_takes_it_up(world: World, store: AnyStore) -> None:
    await stopped_with_two_waiting(store)
    await world.lease_runs_out(THREAD)
    other = world.worker("w2")
    taken_up = await begun(other, await leased(other), "turn-2")
    assert taken_up.stop_asked
    assert taken_up.attempt == 2


async def test_a_stop_where_nothing_runs_or_waits_changes_nothing(store: AnyStore) -> None:
    assert await store.inbox.stop(THREAD, hold_back=True) == Stopped()
    assert await store.threads.get(THREAD) is None
    await answered(store, message())
    assert await store.inbox.stop(THREAD, hold_back=True) == Stopped()
    assert (await store.inbox.accept(message("1700000001.000100"), "s1")).taken is Taken.PROMPT
    assert not (await begun(store, await leased(store), "turn-2")).stop_asked


async def test_what_is_held_back_is_no_work(world: World, store: AnyStore) -> None:
    await stopped_with_two_waiting(store)
    assert await store.turns.held_back(THREAD) == 2
    lease = await end_the_stopped_turn(world, store)
    assert await status(store) is ThreadStatus.PAUSED
    assert await store.turns.begin(lease, "turn-2") is None
    assert await store.inbox.release(lease)
    assert await store.inbox.abandoned(10) == []


async def test_going_on_makes_it_work_again(world: World, store: AnyStore) -> None:
    await stopped_with_two_waiting(store)
    assert await store.inbox.release(await end_the_stopped_turn(world, store))
    resumed = await store.inbox.go_on(THREAD)
    assert resumed == Resumed(2, "", "w1")
    assert await store.inbox.abandoned(10) == [THREAD]
    assert await store.inbox.go_on(THREAD) == Resumed(0, "", "w1")
    turn = await begun(store, await leased(store), "turn-2")
    assert [kept.ts for kept in turn.prompt.messages] == ["1700000001.000100", "1700000002.000100"]


async def test_the_next_prompt_takes_what_was_held_back_along(world: World, store: AnyStore) -> None:
    await stopped_with_two_waiting(store)
    assert await store.inbox.release(await end_the_stopped_turn(world, store))
    aside = message("1700000003.000100", address=Address.OTHER)
    await store.inbox.accept(aside, "s1")
    assert await status(store) is ThreadStatus.PAUSED
    await store.inbox.accept(message("1700000004.000100"), "s1")
    turn = await begun(store, await leased(store), "turn-2")
    assert len(turn.prompt.messages) == 3


async def test_what_is_held_back_can_be_withdrawn_by_author_or_all_of_it(world: World, store: AnyStore) -> None:
    await stopped_with_two_waiting(store)
    assert await store.inbox.release(await end_the_stopped_turn(world, store))
    assert [kept.user for kept in await store.inbox.withdraw_held_back(THREAD, "U2")] == ["U2"]
    assert await store.turns.held_back(THREAD) == 1
    assert [kept.user for kept in await store.inbox.withdraw_held_back(THREAD)] == ["U1"]
    assert await status(store) is ThreadStatus.IDLE
    await store.inbox.accept(message("1700000004.000100"), "s1")
    assert await store.inbox.withdraw_held_back(THREAD) == []


async def test_withdrawing_the_last_message_that_is_held_back_ends_the_pause(world: World, store: AnyStore) -> None:
    await stopped_with_two_waiting(store)
    for ts in ("1700000001.000100", "1700000002.000100"):
        assert await store.inbox.withdraw(THREAD, ts)
    assert await store.turns.held_back(THREAD) == 0


async def test_a_stop_may_hold_nothing_back(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    assert await store.inbox.stop(THREAD, hold_back=False) == Stopped()
    assert await status(store) is ThreadStatus.WAITING
