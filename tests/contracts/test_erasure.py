"""What is taken out of the store is gone, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import LeaseLost
from bot.model import Address, Decided, Lease, Periods, Person, PointKind, Scope, ScopeKind, Source, Thread, Verdict
from bot.ports import SpendRun
from tests.contracts.world import (
    OTHER_THREAD,
    THREAD,
    AnyStore,
    World,
    answered,
    asked,
    begun,
    deferred,
    entries,
    leased,
    message,
)

ASKED = Person("T1", "U1")
FIRST, SECOND, THIRD = "1700000000.000100", "1700000001.000100", "1700000002.000100"


async def test_points_say_who_wrote_what_and_replies_are_nobodys(store: AnyStore) -> None:
    await answered(store, message(FIRST, user="U1"))
    await store.inbox.accept(message(SECOND, "by the way", address=Address.OTHER, user="U2"), "")
    await answered(store, message(THIRD, user="U3"), entry="e2", reply_ts="1700000002.000900")
    points = await store.erasure.points(THREAD)
    assert {ts: point.user for ts, point in points.items()} == {
        FIRST: "U1",
        SECOND: "U2",
        THIRD: "U3",
        "1700000000.000900": "",
        "1700000002.000900": "",
    }
    assert points[SECOND] == points[THIRD]
    assert points[SECOND].kind is PointKind.PROMPT


async def test_what_waits_is_told_prompts_and_context(store: AnyStore) -> None:
    await store.inbox.accept(message(FIRST, "hello"), "s1")
    await store.inbox.accept(message(THIRD, "and then?", user="U2"), "")
    await store.inbox.accept(message(SECOND, "by the way", address=Address.OTHER, user="U3"), "")
    assert [(one.ts, one.user, one.text) for one in await store.erasure.waiting(THREAD)] == [
        (FIRST, "U1", "hello"),
        (SECOND, "U3", "by the way"),
        (THIRD, "U2", "and then?"),
    ]


async def test_the_messages_of_the_turn_in_flight_are_told(store: AnyStore) -> None:
    assert await store.erasure.in_turn(THREAD) == []
    await store.inbox.accept(message(FIRST, "hello"), "s1")
    await store.inbox.accept(message(SECOND, "by the way", address=Address.OTHER, user="U3"), "")
    await store.inbox.accept(message(THIRD, "and then?", user="U2"), "")
    await begun(store, await leased(store))
    assert [one.user for one in await store.erasure.in_turn(THREAD)] == ["U1", "U3", "U2"]


async def test_rewriting_changes_those_bodies_and_leaves_order_and_tail(store: AnyStore) -> None:
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "", entries("a", "b", "c"))
    before = list(await store.transcripts.load(THREAD, "s1", "") or [])
    await store.transcripts.rewrite(lease, "s1", "", {1: '{"uuid":"b","gone":"é"}'})
    assert await store.transcripts.load(THREAD, "s1", "") == [before[0], '{"uuid":"b","gone":"é"}', before[2]]
    assert await store.turns.tail(THREAD, "s1") == "c"
    await store.transcripts.append(lease, "s1", "", entries("b"))
    assert len(await store.transcripts.load(THREAD, "s1", "") or []) == 3


async def test_a_long_transcript_is_rewritten_whole(store: AnyStore) -> None:
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "", entries(*(f"e{number}" for number in range(250))))
    await store.transcripts.rewrite(lease, "s1", "", dict.fromkeys(range(250), "{}"))
    assert await store.transcripts.load(THREAD, "s1", "") == ["{}"] * 250


async def test_who_is_taken_out_of_a_thread_is_none_of_its_people(store: AnyStore) -> None:
    await answered(store, message(FIRST, user="U1"))
    await answered(store, message(SECOND, user="U2"), entry="e2", reply_ts="1700000001.000900")
    assert await store.threads.claim_branch(THREAD, FIRST, "U2") is None
    await store.threads.record_branch(THREAD, FIRST, "U2", OTHER_THREAD)
    lease = await leased(store)
    await store.erasure.disown(lease, "U2")
    thread = await store.threads.get(THREAD)
    assert thread is not None
    assert thread.people == ("U1",)
    assert "U2" not in {point.user for point in (await store.erasure.points(THREAD)).values()}
    assert await store.threads.point(THREAD, SECOND) is not None
    assert await store.threads.claim_branch(THREAD, FIRST, "U2") is None


async def filled(store: AnyStore) -> Lease:
    """A thread with something of every kind."""
    await answered(store, message(FIRST, user="U1"), message(SECOND, user="U2"))
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "subagents/one", entries("x"))
    await store.files.put(lease, "s1", "digest", b"zipped")
    await store.threads.reset(lease, "s2")
    await store.threads.claim_branch(THREAD, FIRST, "U2")
    await store.inbox.accept(message(THIRD, "and then?"), "")
    await begun(store, lease, "turn-2")
    await store.transcripts.append(lease, "s2", "", entries("y"))
    await store.inbox.accept(message("1700000003.000100", "hold on"), "")
    return lease


async def test_of_a_forgotten_thread_nothing_is_left(world: World, store: AnyStore) -> None:
    before = {name for name in await world.contents() if "1700000000.000100" in name}
    assert not before
    lease = await filled(store)
    await store.erasure.forget(lease)
    assert await store.inbox.release(lease)
    assert await store.threads.get(THREAD) is None
    assert not await store.inbox.knows(THREAD)
    assert await store.transcripts.load(THREAD, "s1", "") is None
    assert await store.transcripts.load(THREAD, "s2", "") is None
    assert await store.files.get(THREAD, "s1") is None
    assert await store.threads.find("T1", "s1") == []
    left = repr(await world.contents())
    assert all(trace not in left for trace in ("hello", "zipped", "and then?", "hold on", "s1"))


async def test_forgetting_a_branch_takes_it_out_of_what_its_source_remembers(store: AnyStore) -> None:
    await answered(store, message(FIRST))
    await store.threads.claim_branch(THREAD, FIRST, "U1")
    lease = await leased(store, OTHER_THREAD)
    branch = Thread(OTHER_THREAD, "s9", owner="U1", source=Source(THREAD, "s1", FIRST))
    await store.threads.create(lease, branch, {})
    await store.threads.record_branch(THREAD, FIRST, "U1", OTHER_THREAD)
    await store.erasure.forget(lease)
    await store.inbox.release(lease)
    assert await store.threads.claim_branch(THREAD, FIRST, "U1") is None
    assert await store.threads.get(THREAD) is not None


async def test_other_threads_stay(store: AnyStore) -> None:
    await answered(store, message(FIRST, thread=OTHER_THREAD), session_id="s7", entry="e7")
    await store.erasure.forget(await filled(store))
    thread = await store.threads.get(OTHER_THREAD)
    assert thread is not None
    assert await store.transcripts.load(OTHER_THREAD, "s7", "") is not None
    assert len(await store.threads.find("T1", "s7")) == 1


async def test_who_lost_the_lease_takes_nothing_out(world: World, store: AnyStore) -> None:
    stale = await filled(store)
    await world.lease_runs_out(THREAD)
    await leased(world.worker("w2"))
    with pytest.raises(LeaseLost):
        await store.erasure.forget(stale)
    with pytest.raises(LeaseLost):
        await store.erasure.disown(stale, "U1")
    with pytest.raises(LeaseLost):
        await store.transcripts.rewrite(stale, "s1", "", {0: "{}"})
    assert await store.threads.get(THREAD) is not None


async def test_what_somebody_spent_is_forgotten_and_what_others_did_is_not(store: AnyStore) -> None:
    now = datetime.now(UTC)
    periods = Periods(f"{now:%Y-%m-%d}", f"{now:%Y-%m}")
    scopes = [Scope(ScopeKind.USER, "T1", user) for user in ("U1", "U2")]
    for scope in scopes:
        await store.spend.settle(scope, periods, SpendRun("turn-1", "run-1"), 1.0)
    await store.erasure.forget_person(Person("T1", "U1"), spend=True)
    await store.erasure.forget_person(Person("T1", "U2"), spend=False)
    assert [spent.month_usd for spent in await store.spend.spent(scopes, periods)] == [0.0, 1.0]
    assert await store.spend.top("T1", ScopeKind.USER, periods.month, 9) == [("U2", 1.0)]


async def test_a_thread_that_is_forgotten_waits_for_nobody(store: AnyStore) -> None:
    await deferred(store)
    lease = await leased(store)
    await store.erasure.forget(lease)
    assert await store.decisions.get(THREAD, "d1") is None
    assert await store.decisions.pending(THREAD) is None
    assert await store.decisions.waiting_for(ASKED, 10) == []


async def test_what_a_turn_asked_is_forgotten_and_not_what_others_did(store: AnyStore) -> None:
    decision = await deferred(store)
    lease = await leased(store)
    await store.erasure.forget_decisions(lease, {"another turn"})
    await store.erasure.disown(lease, "U9")
    assert await store.decisions.get(THREAD, "d1") == decision
    await store.erasure.forget_decisions(lease, {decision.turn_id})
    assert await store.decisions.get(THREAD, "d1") is None
    assert await store.decisions.waiting_for(ASKED, 10) == []


@pytest.mark.parametrize("who", ["U1", "U2"])
async def test_what_somebody_was_asked_or_decided_goes_when_they_leave_a_thread(store: AnyStore, who: str) -> None:
    await deferred(store)
    await store.decisions.decide(THREAD, "d1", Decided(Verdict.DENY, "U2", 6.0, "my reason"))
    lease = await leased(store)
    await store.erasure.disown(lease, who)
    assert await store.decisions.get(THREAD, "d1") is None


async def test_a_decision_that_is_pending_expires_although_an_earlier_one_was_forgotten(world: World) -> None:
    await deferred(world.worker("w1"))
    world.decision_ttl_s = 0.0
    store = world.worker("w1")
    await store.decisions.decide(THREAD, "d1", Decided(Verdict.DENY, "U2", 6.0))
    lease = await leased(store)
    await begun(store, lease)
    await asked(store, lease, decision_id="d2")
    await store.erasure.disown(lease, "U2")
    assert [one.id for one in await store.decisions.overdue(10)] == ["d2"]


async def test_decisions_are_forgotten_under_the_lease_only(world: World) -> None:
    store = world.worker("w1")
    await deferred(store)
    lease = await leased(store)
    await world.lease_runs_out(THREAD)
    with pytest.raises(LeaseLost):
        await store.erasure.forget_decisions(lease, {"turn-1"})
