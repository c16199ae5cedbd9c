"""The turn in flight: begun once, taken up after a crash, ended in one step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import LeaseLost
from bot.model import (
    Address,
    Ending,
    Outcome,
    Part,
    Point,
    PointKind,
    Progress,
    ThreadStatus,
    TurnState,
)
from tests.contracts.world import THREAD, AnyStore, World, answered, asked, begun, entries, leased, message

PROGRESS = Progress(
    said="half of it 🎉",
    parts=(Part("1700000000.000500", 7, open=False), Part("1700000000.000600", 3, open=True)),
    tool_ran=True,
    outcome=Outcome(Ending.DONE, "s1", "model-1", 0.1, 2.5, 3, "detail"),
)


async def test_nothing_waiting_begins_nothing(store: AnyStore) -> None:
    lease = await leased(store)
    assert await store.turns.begin(lease, "turn-1") is None


async def test_context_alone_begins_nothing(store: AnyStore) -> None:
    await answered(store, message())
    await store.inbox.accept(message("1700000000.000200", address=Address.OTHER), "s1")
    assert await store.turns.begin(await leased(store), "turn-2") is None


async def test_a_turn_takes_everything_that_waits_with_the_context_before_it(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000300", "second"), "s1")
    await store.inbox.accept(message("1700000000.000200", "aside", address=Address.OTHER), "s1")
    await store.inbox.accept(message("1700000000.000100", "first"), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    assert [kept.text for kept in turn.prompt.messages] == ["first", "second"]
    assert [kept.text for kept in turn.prompt.context] == ["aside"]
    assert (turn.id, turn.state, turn.attempt, turn.progress) == ("turn-1", TurnState.RUNNING, 1, Progress())
    assert (turn.thread.key, turn.thread.session_id) == (THREAD, "s1")
    assert turn.started_at > 1_600_000_000


async def test_context_after_the_newest_prompt_goes_with_the_next_one(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    await store.inbox.accept(message("1700000000.000200", address=Address.OTHER), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    assert turn.prompt.context == ()
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    await store.inbox.accept(message("1700000000.000300"), "s1")
    turn = await begun(store, lease, "turn-2")
    assert [kept.ts for kept in turn.prompt.context] == ["1700000000.000200"]


async def test_a_message_during_a_turn_waits_for_the_next(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100"), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await store.inbox.accept(message("1700000000.000200"), "s1")
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert thread.status is ThreadStatus.WAITING
    turn = await begun(store, lease, "turn-2")
    assert [kept.ts for kept in turn.prompt.messages] == ["1700000000.000200"]


async def test_beginning_again_under_the_same_name_is_no_further_attempt(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    assert await begun(store, lease) == await begun(store, lease)


@pytest.mark.parametrize("state", [TurnState.RUNNING, TurnState.ANSWERED])
async def test_a_dead_workers_turn_is_taken_up_as_it_was(world: World, store: AnyStore, state: TurnState) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await store.turns.save(lease, turn.id, PROGRESS, state)
    await store.inbox.accept(message("1700000000.000200"), "s1")
    await world.lease_runs_out(THREAD)
    other = world.worker("w2")
    taken_up = await begun(other, await leased(other), "turn-2")
    assert taken_up == replace(turn, thread=taken_up.thread, attempt=2, state=state, progress=PROGRESS)
    assert (taken_up.thread.session_id, taken_up.thread.head) == (turn.thread.session_id, turn.thread.head)


async def test_taken_up_by_the_same_lease_it_is_another_attempt(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    again = await begun(store, lease, "turn-2")
    assert (again.id, again.attempt) == ("turn-1", 2)


async def test_a_turn_that_is_not_in_flight_is_not_written(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    for call in (
        store.turns.save(lease, "turn-9", PROGRESS, TurnState.RUNNING),
        store.turns.restart_session(lease, "turn-9", "s9"),
        store.turns.finish(lease, "turn-9", Outcome(Ending.DONE, "s1"), []),
    ):
        with pytest.raises(LeaseLost):
            await call
    assert (await begun(store, lease)).progress == Progress()


async def test_the_end_of_a_turn_is_counted_and_leads_somewhere(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000100", user="U2"), "s1")
    await store.inbox.accept(message("1700000000.000200", user="U1"), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await store.transcripts.append(lease, "s1", "", entries("e1", "e2"))
    outcome = Outcome(Ending.DONE, "s1", cost_usd=0.25)
    await store.turns.finish(lease, turn.id, outcome, ["1700000000.000300", "1700000000.000400"])

    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.head, thread.turns, thread.cost_usd, thread.status) == ("e2", 1, 0.25, ThreadStatus.IDLE)
    assert (thread.owner, thread.people) == ("U2", ("U2", "U1"))
    before, after = Point("s1", "", PointKind.PROMPT), Point("s1", "e2", PointKind.REPLY)
    points = {ts: await store.threads.point(THREAD, f"1700000000.000{ts}") for ts in ("100", "200", "300", "400")}
    assert points == {"100": before, "200": before, "300": after, "400": after}
    assert await store.threads.point(THREAD, "1700000000.000999") is None


async def test_the_next_turns_prompt_leads_to_the_end_of_the_one_before(store: AnyStore) -> None:
    await answered(store, message("1700000000.000100"), entry="e1")
    await answered(store, message("1700000000.000200", user="U3"), entry="e2", reply_ts="1700000000.000300")
    assert await store.threads.point(THREAD, "1700000000.000200") == Point("s1", "e1", PointKind.PROMPT)
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.turns, thread.cost_usd, thread.people) == (2, 0.5, ("U1", "U3"))


async def test_the_owner_stands_first_among_the_people(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000000.000200", user="U_OWNER"), "s1")
    await store.inbox.accept(message("1700000000.000100", user="U_EARLY"), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert thread.people == ("U_OWNER", "U_EARLY")


async def test_a_prompt_does_not_replace_where_its_message_led_before(store: AnyStore) -> None:
    await answered(store, message("1700000000.000100"), reply_ts="1700000000.000200")
    # A Continue button sits on the reply, and its prompt carries the reply's ts.
    await answered(store, message("1700000000.000200"), entry="e2", reply_ts="1700000000.000300")
    assert await store.threads.point(THREAD, "1700000000.000200") == Point("s1", "e1", PointKind.REPLY)


async def test_a_turn_not_worth_resuming_leaves_the_head_where_it_was(store: AnyStore) -> None:
    await answered(store, message("1700000000.000100"))
    await store.inbox.accept(message("1700000000.000300"), "s1")
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.transcripts.append(lease, "s1", "", entries("e2"))
    await store.turns.finish(lease, turn.id, Outcome(Ending.CRASHED, "s1"), ["1700000000.000400"], keep_head=True)
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.head, thread.turns) == ("e1", 2)
    assert await store.threads.point(THREAD, "1700000000.000400") == Point("s1", "e1", PointKind.REPLY)


async def test_ending_a_turn_twice_counts_it_once(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    for _ in range(2):
        await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1", cost_usd=0.5), [])
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.turns, thread.cost_usd) == (1, 0.5)


async def test_a_deferred_turn_stays_in_flight_and_is_nothing_to_do(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    turn = await begun(store, lease)
    await asked(store, lease)
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.status, thread.turns, thread.cost_usd) == (ThreadStatus.DEFERRED, 0, 0.5)
    assert await store.threads.in_flight(THREAD, message().ts)
    assert await store.turns.begin(lease, "turn-2") is None
    assert await store.turns.begin(lease, turn.id) is None


async def test_a_restarted_session_is_the_turns_and_the_threads(store: AnyStore) -> None:
    await answered(store, message("1700000000.000100"))
    await store.inbox.accept(message("1700000000.000300"), "s1")
    lease = await leased(store)
    await begun(store, lease, "turn-2")
    await store.turns.restart_session(lease, "turn-2", "s2")
    taken_up = await begun(store, lease, "turn-3")
    assert (taken_up.thread.session_id, taken_up.thread.head) == ("s2", "")
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert (thread.session_id, thread.head, thread.archived) == ("s2", "", ())
    await store.transcripts.append(lease, "s2", "", entries("f1"))
    await store.turns.finish(lease, "turn-2", Outcome(Ending.DONE, "s2"), ["1700000000.000400"])
    assert await store.threads.point(THREAD, "1700000000.000300") == Point("s2", "", PointKind.PROMPT)
    assert await store.threads.point(THREAD, "1700000000.000400") == Point("s2", "f1", PointKind.REPLY)
    assert await store.threads.point(THREAD, "1700000000.000900") == Point("s1", "e1", PointKind.REPLY)


async def test_the_status_tells_what_the_thread_is_at(store: AnyStore) -> None:
    async def status() -> ThreadStatus:
        thread = await store.threads.get(THREAD)
        assert thread is not None
        return thread.status

    await store.inbox.accept(message(), "s1")
    assert await status() is ThreadStatus.WAITING
    lease = await leased(store)
    turn = await begun(store, lease)
    assert turn.thread.status is ThreadStatus.RUNNING
    assert await status() is ThreadStatus.RUNNING
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    assert await status() is ThreadStatus.IDLE


async def test_what_waits_or_is_in_the_turn_is_in_flight(store: AnyStore) -> None:
    await answered(store, message("1700000000.000100"), reply_ts="1700000000.000200")
    assert not await store.threads.in_flight(THREAD, "1700000000.000100")
    assert not await store.threads.in_flight(THREAD, "1700000000.000200")
    await store.inbox.accept(message("1700000000.000400"), "s1")
    await store.inbox.accept(message("1700000000.000300", address=Address.OTHER), "s1")
    assert await store.threads.in_flight(THREAD, "1700000000.000400")
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.turns.save(lease, turn.id, PROGRESS, TurnState.RUNNING)
    for ts in ("1700000000.000400", "1700000000.000300", "1700000000.000500", "1700000000.000600"):
        assert await store.threads.in_flight(THREAD, ts)
    assert not await store.threads.in_flight(THREAD, "1700000000.000700")


async def test_a_turn_knows_the_messages_that_it_answered(store: AnyStore) -> None:
    await answered(store, message(), message("1700000000.000200"))
    await answered(store, message("1700000001.000100"), entry="e2")
    point = await store.threads.point(THREAD, "1700000000.000200")
    assert point is not None
    assert await store.threads.asked_in(THREAD, point.turn_id) == ["1700000000.000100", "1700000000.000200"]
    assert await store.threads.asked_in(THREAD, "another turn") == []
