"""Messages are kept once, in order, and become what their thread makes of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.model import Address, Attachment, Ending, Limits, Message, Outcome, Progress, Taken, ThreadStatus, TurnState
from tests.contracts.world import (
    OTHER_THREAD,
    THREAD,
    AnyStore,
    World,
    answered,
    begun,
    leased,
    message,
)


async def test_a_first_message_to_the_bot_makes_the_thread(store: AnyStore) -> None:
    receipt = await store.inbox.accept(message(text="\n  Plan the party \nand more", user="U7"), "s1")
    assert (receipt.taken, receipt.holder, receipt.behind_turn, receipt.new_thread) == (Taken.PROMPT, "", False, True)
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.session_id, thread.owner, thread.title) == ("s1", "U7", "Plan the party")
    assert (thread.head, thread.turns, thread.people, thread.status) == ("", 0, (), ThreadStatus.WAITING)
    assert thread.created_at == thread.active_at > 1_600_000_000


async def test_a_long_first_line_is_cut_for_the_title(store: AnyStore) -> None:
    await store.inbox.accept(message(text="word " * 100), "s1")
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert len(thread.title) <= 80
    assert thread.title.endswith("word…")


async def test_a_second_delivery_of_a_message_changes_nothing(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    before = await store.threads.get(THREAD)
    again = await world.worker("w2").inbox.accept(message(text="other text"), "s2")
    assert (again.taken, again.new_thread) == (Taken.DUPLICATE, False)
    assert await store.threads.get(THREAD) == before
    turn = await begun(store, await leased(store))
    assert [kept.text for kept in turn.prompt.messages] == ["hello"]


async def test_a_repeated_delivery_still_says_whose_session_the_thread_got(store: AnyStore) -> None:
    """As after a lost answer: else the session would be offered to another thread."""
    await store.inbox.accept(message(), "s1")
    await store.inbox.accept(message("1700000000.000200"), "s2")
    assert (await store.inbox.accept(message(), "s1")).new_thread


async def test_an_answered_message_is_still_known(store: AnyStore) -> None:
    await answered(store, message())
    assert (await store.inbox.accept(message(), "s1")).taken is Taken.DUPLICATE


async def test_of_many_deliveries_at_once_one_is_taken(world: World) -> None:
    workers = [world.worker(f"w{number}") for number in range(8)]
    receipts = await asyncio.gather(*(worker.inbox.accept(message(), worker.signals.worker) for worker in workers))
    assert sorted(receipt.taken for receipt in receipts) == [Taken.DUPLICATE] * 7 + [Taken.PROMPT]
    assert [receipt.new_thread for receipt in receipts].count(True) == 1


@pytest.mark.parametrize("address", [Address.OPEN, Address.OTHER])
async def test_without_a_session_a_message_that_does_not_address_the_bot_leaves_no_trace(
    world: World, store: AnyStore, address: Address
) -> None:
    receipt = await store.inbox.accept(message(address=address), "s1")
    assert (receipt.taken, receipt.new_thread) == (Taken.NOT_FOR_US, False)
    assert await store.threads.get(THREAD) is None
    assert await store.inbox.abandoned(10) == []
    # The same message may arrive as a mention as well, and only that form tells.
    assert (await store.inbox.accept(message(), "s1")).taken is Taken.PROMPT


async def test_in_a_session_an_open_message_is_a_prompt_and_one_to_somebody_else_is_context(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    assert (await store.inbox.accept(message("1700000000.000200", address=Address.OPEN), "s2")).taken is Taken.PROMPT
    assert (await store.inbox.accept(message("1700000000.000300", address=Address.OTHER), "s2")).taken is Taken.CONTEXT
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert thread.session_id == "s1"


async def test_in_a_mentions_only_thread_open_messages_are_context(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    await store.threads.set_mentions_only(THREAD, True)
    assert (await store.inbox.accept(message("1700000000.000200", address=Address.OPEN), "s1")).taken is Taken.CONTEXT
    assert (await store.inbox.accept(message("1700000000.000300"), "s1")).taken is Taken.PROMPT
    await store.threads.set_mentions_only(THREAD, False)
    assert (await store.inbox.accept(message("1700000000.000400", address=Address.OPEN), "s1")).taken is Taken.PROMPT


async def test_what_is_not_counted_becomes_no_prompt_and_may_come_again(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    reply = message("1700000000.000200", address=Address.OPEN)
    assert (await store.inbox.accept(reply, "s1", counted=False)).taken is Taken.REFUSED
    assert not await store.threads.in_flight(THREAD, reply.ts)
    assert (await world.worker("w2").inbox.accept(reply, "s1")).taken is Taken.PROMPT
    assert (await store.inbox.accept(reply, "s1", counted=False)).taken is Taken.DUPLICATE
    await store.threads.set_mentions_only(THREAD, True)
    aside = message("1700000000.000300", address=Address.OPEN)
    assert (await store.inbox.accept(aside, "s1", counted=False)).taken is Taken.CONTEXT
    elsewhere = message(address=Address.OPEN, thread=OTHER_THREAD)
    assert (await store.inbox.accept(elsewhere, "s1", counted=False)).taken is Taken.NOT_FOR_US


async def test_a_full_thread_keeps_nothing_and_takes_the_message_later(world: World) -> None:
    store = world.worker("w1")
    for ts in ("1700000000.000100", "1700000000.000200"):
        assert (await store.inbox.accept(message(ts), "s1", 2)).taken is Taken.PROMPT
    late = message("1700000000.000300")
    assert (await store.inbox.accept(late, "s1", 2)).taken is Taken.FULL
    assert not await store.threads.in_flight(THREAD, late.ts)
    await begun(store, await leased(store))
    assert (await store.inbox.accept(late, "s1")).taken is Taken.PROMPT


async def test_of_too_much_context_the_newest_is_kept(world: World) -> None:
    store = world.worker("w1")
    await store.inbox.accept(message("1700000000.000900"), "s1")
    for ts in ("1700000000.000500", "1700000000.000300", "1700000000.000400"):
        assert (await store.inbox.accept(message(ts, address=Address.OTHER), "s1", 2)).taken is Taken.CONTEXT
    turn = await begun(store, await leased(store))
    assert [kept.ts for kept in turn.prompt.context] == ["1700000000.000400", "1700000000.000500"]


async def test_a_receipt_names_the_holder_and_the_turn_it_waits_behind(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    lease = await leased(store)
    other = world.worker("w2").inbox
    receipt = await other.accept(message("1700000000.000200"), "s1")
    assert (receipt.holder, receipt.behind_turn) == ("w1", False)
    await begun(store, lease)
    receipt = await other.accept(message("1700000000.000300"), "s1")
    assert (receipt.holder, receipt.behind_turn) == ("w1", True)
    receipt = await other.accept(message("1700000000.000300"), "s1")
    assert (receipt.taken, receipt.holder, receipt.behind_turn) == (Taken.DUPLICATE, "w1", True)


async def test_order_follows_ts_exactly_whatever_the_order_of_arrival(store: AnyStore) -> None:
    arrivals = ["1700000000.000101", "999999999.999999", "1700000000.000100", "1700000000.100000", "1700000000.000099"]
    for ts in arrivals:
        await store.inbox.accept(message(ts), "s1")
    turn = await begun(store, await leased(store))
    assert [kept.ts for kept in turn.prompt.messages] == [
        "999999999.999999",
        "1700000000.000099",
        "1700000000.000100",
        "1700000000.000101",
        "1700000000.100000",
    ]


async def test_a_message_comes_out_as_it_went_in(store: AnyStore) -> None:
    whole = Message(
        THREAD,
        "1700000000.000100",
        "U1",
        'quotes " and \\ and \x00\x1f and 🎉 and \u2028 and {"json": [1]}',
        Address.BOT,
        user_team="T2",
        is_dm=True,
        files=(Attachment("F1", "a b.png", "image/png", 12_345_678_901, "https://files.example/F1"),),
        limits=Limits(max_turns=100, max_budget_usd=0.1),
    )
    await store.inbox.accept(whole, "s1")
    turn = await begun(store, await leased(store))
    assert turn.prompt.messages == (whole,)


async def test_half_a_surrogate_pair_breaks_nothing(store: AnyStore) -> None:
    await answered(store, message(text="half \ud83d of it"))
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.turns, thread.people) == (1, ("U1",))


async def test_a_waiting_message_can_be_taken_back_once(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    await store.inbox.accept(message("1700000000.000200", address=Address.OTHER), "s1")
    assert await store.inbox.withdraw(THREAD, "1700000000.000100")
    assert not await store.inbox.withdraw(THREAD, "1700000000.000100")
    assert await store.inbox.withdraw(THREAD, "1700000000.000200")
    assert not await store.inbox.withdraw(OTHER_THREAD, "1700000000.000100")
    assert await store.turns.begin(await leased(store), "turn-1") is None
    assert (await store.inbox.accept(message("1700000000.000100"), "s1")).taken is Taken.DUPLICATE


async def test_a_message_in_a_turn_can_be_neither_taken_back_nor_changed(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    await begun(store, await leased(store))
    assert not await store.inbox.withdraw(THREAD, message().ts)
    assert not await store.inbox.amend(THREAD, message().ts, "changed")


async def test_changing_a_waiting_message_changes_its_text_only(store: AnyStore) -> None:
    kept = replace(message(), limits=Limits(max_turns=3))
    await store.inbox.accept(kept, "s1")
    await store.inbox.accept(message("1700000000.000050", address=Address.OTHER), "s1")
    assert await store.inbox.amend(THREAD, kept.ts, "changed")
    assert await store.inbox.amend(THREAD, "1700000000.000050", "context changed")
    assert not await store.inbox.amend(THREAD, "1700000000.000777", "unknown")
    turn = await begun(store, await leased(store))
    assert turn.prompt.messages == (replace(kept, text="changed"),)
    assert [before.text for before in turn.prompt.context] == ["context changed"]


async def test_abandoned_are_threads_with_work_that_nobody_holds(world: World, store: AnyStore) -> None:
    assert await store.inbox.abandoned(10) == []
    await store.inbox.accept(message(), "s1")
    await store.inbox.accept(message(thread=OTHER_THREAD), "s2")
    assert list(await store.inbox.abandoned(10)) == [THREAD, OTHER_THREAD]
    assert list(await store.inbox.abandoned(1)) == [THREAD]
    lease = await leased(store)
    assert list(await store.inbox.abandoned(10)) == [OTHER_THREAD]
    await begun(store, lease)
    await world.lease_runs_out(THREAD)
    assert list(await store.inbox.abandoned(10)) == [THREAD, OTHER_THREAD]


@pytest.mark.parametrize("state", [TurnState.RUNNING, TurnState.ANSWERED])
async def test_a_turn_whose_worker_died_is_work(world: World, store: AnyStore, state: TurnState) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await store.turns.save(lease, turn.id, Progress("said"), state)
    await world.lease_runs_out(THREAD)
    assert list(await world.worker("w2").inbox.abandoned(10)) == [THREAD]


async def test_a_deferred_turn_is_no_work(world: World, store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await store.turns.finish(lease, turn.id, Outcome(Ending.DEFERRED, "s1"), [])
    assert await store.inbox.release(lease)
    assert await store.inbox.abandoned(10) == []


async def test_an_answered_or_withdrawn_thread_is_not_abandoned(store: AnyStore) -> None:
    await answered(store, message())
    await store.inbox.accept(message(thread=OTHER_THREAD), "s2")
    await store.inbox.withdraw(OTHER_THREAD, message().ts)
    assert await store.inbox.abandoned(10) == []
