"""What waits for people: kept with its turn, decided once, and found again when nobody decides."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import AlreadyDecided, LeaseLost, Reason, Refusal
from bot.model import (
    Address,
    Decided,
    Decision,
    Ending,
    InFlight,
    Outcome,
    Person,
    Point,
    PointKind,
    Progress,
    Taken,
    Thread,
    ThreadStatus,
    TurnState,
    Verdict,
)
from tests.contracts.world import (
    CARD_TS,
    DECISION_TTL_S,
    OTHER_THREAD,
    THREAD,
    AnyStore,
    World,
    answered,
    asked,
    begun,
    call,
    deferred,
    entries,
    leased,
    message,
)

YES = Decided(Verdict.ALLOW_ONCE, "U1", 5.0)
NO = Decided(Verdict.DENY, "U2", 6.0, "too dangerous")


async def the_thread(store: AnyStore) -> Thread:
    thread = await store.threads.get(THREAD)
    assert thread is not None
    return thread


async def test_what_is_asked_is_kept_whole(store: AnyStore) -> None:
    decision = await deferred(store)
    assert (decision.call, decision.card_ts, decision.decided) == (call(), CARD_TS, None)
    assert (decision.thread, decision.turn_id, decision.session_id, decision.asked) == (THREAD, "turn-1", "s1", "U1")
    assert decision.expires_at - decision.asked_at == pytest.approx(DECISION_TTL_S)
    assert await store.decisions.pending(THREAD) == decision
    assert await store.decisions.get(THREAD, "d2") is None
    assert await store.decisions.pending(OTHER_THREAD) is None


async def test_a_turn_that_asked_is_taken_up_to_deliver_and_to_post(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    progress = Progress(said="I will.", outcome=Outcome(Ending.DEFERRED, "s1"))
    await store.decisions.ask(lease, Decision("d1", THREAD, "turn-1", "s1", call(), "U1", 0, 0), progress)
    assert not await store.inbox.release(lease)
    turn = await begun(store, lease, "turn-2")
    assert (turn.id, turn.state, turn.progress) == ("turn-1", TurnState.ANSWERED, progress)
    assert turn.decision == await store.decisions.pending(THREAD)


async def test_asking_for_a_turn_that_is_not_in_flight_is_refused(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    decision = Decision("d1", THREAD, "turn-0", "s1", call(), "U1", 0, 0)
    with pytest.raises(LeaseLost):
        await store.decisions.ask(lease, decision, Progress())
    assert await store.decisions.get(THREAD, "d1") is None


async def test_who_lost_the_lease_asks_posts_and_heeds_nothing(world: World) -> None:
    store = world.worker("w1")
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    await world.lease_runs_out(THREAD)
    other = await leased(world.worker("w2"))
    before = await world.contents()
    decision = Decision("d1", THREAD, "turn-1", "s1", call(), "U1", 0, 0)
    for deed in (
        store.decisions.ask(lease, decision, Progress()),
        store.decisions.posted(lease, "d1", CARD_TS),
        store.decisions.heed(lease, []),
        store.decisions.carry(lease, decision, message()),
    ):
        with pytest.raises(LeaseLost):
            await deed
    after = await world.contents()
    indexes = ("bot:work:", "bot:pending:")  # they may say too much
    of_threads = {name: kept for name, kept in after.items() if not name.startswith(indexes)}
    assert of_threads == {name: kept for name, kept in before.items() if not name.startswith(indexes)}
    assert await world.worker("w2").turns.begin(other, "turn-2") is not None


async def test_a_deferred_turn_waits_with_no_lease_and_no_work(store: AnyStore) -> None:
    await deferred(store)
    assert (await the_thread(store)).status is ThreadStatus.DEFERRED
    assert await store.inbox.abandoned(10) == []
    assert await store.turns.begin(await leased(store), "turn-2") is None


async def test_deciding_makes_the_turn_go_on_at_its_first_attempt(store: AnyStore) -> None:
    await deferred(store)
    decision = await store.decisions.decide(THREAD, "d1", NO)
    assert (decision.decided, decision.card_ts) == (NO, CARD_TS)
    assert await store.decisions.pending(THREAD) is None
    assert await store.inbox.abandoned(10) == [THREAD]
    turn = await begun(store, await leased(store), "turn-2")
    assert (turn.id, turn.state, turn.attempt) == ("turn-1", TurnState.RUNNING, 1)
    assert (turn.decision, turn.progress.said, turn.progress.tool_ran) == (decision, "I will.", True)
    assert (turn.spent_usd, turn.spent_s, turn.cards) == (0.5, 2.0, (CARD_TS,))


async def test_answers_are_kept(store: AnyStore) -> None:
    await deferred(store)
    decided = Decided(Verdict.ANSWERED, "U1", 5.0, answers={"Which?": "A, and mine 🎉"})
    await store.decisions.decide(THREAD, "d1", decided)
    kept = await store.decisions.get(THREAD, "d1")
    assert kept is not None
    assert kept.decided == decided


async def test_it_is_decided_once_and_the_second_is_told_who_did(world: World) -> None:
    await deferred(world.worker())
    verdicts = [replace(YES, user=f"U{number}") for number in range(6)]
    results = await asyncio.gather(
        *(world.worker(f"w{one.user}").decisions.decide(THREAD, "d1", one) for one in verdicts), return_exceptions=True
    )
    winners = [one for one in results if isinstance(one, Decision)]
    assert len(winners) == 1
    assert winners[0].decided is not None
    for refusal in (one for one in results if not isinstance(one, Decision)):
        assert isinstance(refusal, AlreadyDecided)
        assert (refusal.verdict, refusal.user, refusal.at) == ("allow_once", winners[0].decided.user, 5.0)


async def test_what_was_never_asked_can_not_be_decided(store: AnyStore) -> None:
    await answered(store, message())
    for thread in (THREAD, OTHER_THREAD):
        with pytest.raises(Refusal) as refused:
            await store.decisions.decide(thread, "d1", YES)
        assert refused.value.reason is Reason.NOT_ASKED


async def test_a_quick_click_before_the_turn_waits_is_not_lost(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    outcome = Outcome(Ending.DEFERRED, "s1", cost_usd=0.5)
    decision = Decision("d1", THREAD, "turn-1", "s1", call(), "U1", 0, 0)
    await store.decisions.ask(lease, decision, Progress(outcome=outcome))
    await store.decisions.posted(lease, "d1", CARD_TS)
    await store.decisions.decide(THREAD, "d1", YES)
    for _ in range(2):
        await store.turns.finish(lease, "turn-1", outcome, [])
    assert not await store.inbox.release(lease)
    turn = await begun(store, lease, "turn-2")
    assert (turn.id, turn.state, turn.attempt, turn.spent_usd) == ("turn-1", TurnState.RUNNING, 1, 0.5)
    assert turn.decision is not None
    assert turn.decision.decided == YES


async def test_the_cards_and_messages_of_a_turn_that_asked_lead_to_its_end(store: AnyStore) -> None:
    await deferred(store)
    assert await store.threads.in_flight(THREAD, CARD_TS) is InFlight.REPLY
    assert await store.threads.in_flight(THREAD, message().ts) is InFlight.PROMPT
    await store.decisions.decide(THREAD, "d1", YES)
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.transcripts.append(lease, "s1", "", entries("e1"))
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1", cost_usd=0.25), ["1700000000.000900"])
    for ts in (CARD_TS, "1700000000.000900"):
        assert await store.threads.point(THREAD, ts) == Point("s1", "e1", PointKind.REPLY)
    thread = await the_thread(store)
    assert (thread.cost_usd, thread.turns, thread.status) == (0.75, 1, ThreadStatus.IDLE)


async def test_the_messages_of_a_turn_that_waits_lead_to_before_it(store: AnyStore) -> None:
    decision = await deferred(store)
    point = await store.threads.point(THREAD, message().ts)
    assert point == Point("s1", "", PointKind.PROMPT, decision.turn_id, "U1")
    assert await store.threads.asked_in(THREAD, decision.turn_id) == [message().ts]


async def test_a_turn_can_ask_again(store: AnyStore) -> None:
    await deferred(store)
    await store.decisions.decide(THREAD, "d1", YES)
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    second = await asked(store, lease, turn_id=turn.id, decision_id="d2")
    assert await store.decisions.pending(THREAD) == second
    assert (await the_thread(store)).status is ThreadStatus.DEFERRED
    with pytest.raises(AlreadyDecided):
        await store.decisions.decide(THREAD, "d1", NO)
    await store.decisions.decide(THREAD, "d2", NO)
    turn = await begun(store, lease, "turn-3")
    assert turn.spent_usd == 1.0
    assert turn.decision is not None
    assert turn.decision.decided == NO


async def test_a_turn_that_ended_takes_what_it_asked_with_it(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    decision = Decision("d1", THREAD, "turn-1", "s1", call(), "U1", 0, 0)
    await store.decisions.ask(lease, decision, Progress(outcome=Outcome(Ending.DEFERRED, "s1")))
    await store.turns.finish(lease, "turn-1", Outcome(Ending.STOPPED, "s1"), [])
    assert await store.decisions.pending(THREAD) is None
    with pytest.raises(Refusal) as refused:
        await store.decisions.decide(THREAD, "d1", YES)
    assert refused.value.reason is Reason.NOT_ASKED


async def test_only_the_last_decisions_are_remembered(store: AnyStore) -> None:
    await deferred(store)
    lease = await leased(store)
    for number in range(2, 23):
        await store.decisions.decide(THREAD, f"d{number - 1}", YES)
        await begun(store, lease, f"turn-{number}")
        await asked(store, lease, decision_id=f"d{number}")
    known = [number for number in range(1, 23) if await store.decisions.get(THREAD, f"d{number}") is not None]
    assert known == list(range(3, 23))


# --- messages behind a decision -----------------------------------------------------------------------------------


async def test_a_message_behind_a_decision_is_work_until_it_is_heeded(store: AnyStore) -> None:
    await deferred(store)
    rather = message("1700000000.000850", "rather not")
    receipt = await store.inbox.accept(rather, "s1")
    assert (receipt.taken, receipt.deferred, receipt.behind_turn) == (Taken.PROMPT, True, False)
    assert await store.inbox.abandoned(10) == [THREAD]
    lease = await leased(store)
    assert not await store.inbox.release(lease)
    turn = await begun(store, lease, "turn-2")
    assert (turn.id, turn.state, turn.behind) == ("turn-1", TurnState.DEFERRED, (rather,))
    await store.decisions.heed(lease, turn.behind)
    assert await store.turns.begin(lease, "turn-2") is None
    assert await store.inbox.release(lease)
    assert await store.inbox.abandoned(10) == []
    assert await store.threads.in_flight(THREAD, rather.ts) is InFlight.WAITS


async def test_context_behind_a_decision_is_no_work(store: AnyStore) -> None:
    await deferred(store)
    await store.inbox.accept(message("1700000000.000850", "@ben lunch?", address=Address.OTHER), "s1")
    assert await store.inbox.abandoned(10) == []


async def test_a_message_that_came_while_others_were_heeded_is_work_still(store: AnyStore) -> None:
    await deferred(store)
    await store.inbox.accept(message("1700000000.000850"), "s1")
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.inbox.accept(message("1700000000.000860"), "s1")
    await store.decisions.heed(lease, turn.behind)
    assert len((await begun(store, lease, "turn-3")).behind) == 2


async def test_a_message_from_before_the_turn_waited_is_looked_at_as_well(store: AnyStore) -> None:
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    await store.inbox.accept(message("1700000000.000150", "meanwhile"), "s1")
    await asked(store, lease)
    assert [one.text for one in (await begun(store, lease, "turn-2")).behind] == ["meanwhile"]


async def test_the_message_that_decides_waits_no_more(store: AnyStore) -> None:
    await deferred(store)
    await store.inbox.accept(message("1700000000.000850", "yes"), "s1")
    await store.inbox.accept(message("1700000000.000860", "and then?"), "s1")
    await store.decisions.decide(THREAD, "d1", YES, by_message="1700000000.000850")
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    assert [one.text for one in (await begun(store, lease, "turn-3")).prompt.messages] == ["and then?"]


# --- what is allowed from now on ----------------------------------------------------------------------------------


async def test_what_is_allowed_here_is_a_rule_of_the_thread_once(store: AnyStore) -> None:
    await deferred(store)
    here = Decided(Verdict.ALLOW_HERE, "U1", 5.0)
    await store.decisions.decide(THREAD, "d1", here)
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    assert turn.thread.rules == ("Bash(rm:*)",)
    await asked(store, lease, decision_id="d2")
    await store.decisions.decide(THREAD, "d2", here)
    assert (await the_thread(store)).rules == ("Bash(rm:*)",)


async def test_what_is_allowed_once_is_no_rule(store: AnyStore) -> None:
    await deferred(store)
    await store.decisions.decide(THREAD, "d1", YES)
    assert (await the_thread(store)).rules == ()


async def test_a_reset_takes_the_rules_away(store: AnyStore) -> None:
    await deferred(store)
    await store.decisions.decide(THREAD, "d1", Decided(Verdict.ALLOW_HERE, "U1", 5.0))
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    await store.threads.reset(lease, "s2")
    assert (await the_thread(store)).rules == ()


# --- time ---------------------------------------------------------------------------------------------------------


async def test_what_nobody_decided_in_time_is_overdue_and_can_only_expire(world: World) -> None:
    world.decision_ttl_s = 0.0
    store = world.worker()
    decision = await deferred(store)
    assert await store.decisions.overdue(10) == [decision]
    with pytest.raises(AlreadyDecided) as refused:
        await store.decisions.decide(THREAD, "d1", YES)
    assert (refused.value.verdict, refused.value.user) == ("expired", "")
    assert await store.decisions.overdue(10) == []
    turn = await begun(store, await leased(store), "turn-2")
    assert turn.decision is not None
    assert turn.decision.decided is not None
    assert turn.decision.decided.verdict is Verdict.EXPIRED


async def test_the_sweep_makes_it_expire(world: World) -> None:
    world.decision_ttl_s = 0.0
    store = world.worker()
    await deferred(store)
    decision = await store.decisions.decide(THREAD, "d1", Decided(Verdict.EXPIRED, at=9.0))
    assert decision.decided == Decided(Verdict.EXPIRED, at=9.0)
    assert await store.inbox.abandoned(10) == [THREAD]


async def test_nothing_expires_before_its_time(store: AnyStore) -> None:
    await deferred(store)
    assert await store.decisions.overdue(10) == []
    with pytest.raises(Refusal) as refused:
        await store.decisions.decide(THREAD, "d1", Decided(Verdict.EXPIRED, at=9.0))
    assert refused.value.reason is Reason.NOT_ASKED
    assert await store.decisions.pending(THREAD) is not None


# --- who is asked, and who decided --------------------------------------------------------------------------------


async def test_people_see_what_waits_for_them(store: AnyStore) -> None:
    decision = await deferred(store)
    assert await store.decisions.waiting_for(Person("T1", "U1"), 10) == [decision]
    assert await store.decisions.waiting_for(Person("T1", "U1"), 0) == []
    assert await store.decisions.waiting_for(Person("T1", "U2"), 10) == []
    assert await store.decisions.waiting_for(Person("T2", "U1"), 10) == []
    await store.decisions.decide(THREAD, "d1", YES)
    assert await store.decisions.waiting_for(Person("T1", "U1"), 10) == []


async def test_the_trail_names_who_decided_what(world: World) -> None:
    store = world.worker()
    pending = await deferred(store)
    await store.decisions.record(pending)
    assert await world.trail() == []
    await store.decisions.record(await store.decisions.decide(THREAD, "d1", NO))
    assert await world.trail() == [("d1", "deny", "U2")]


# --- branches -----------------------------------------------------------------------------------------------------


async def test_a_branch_asks_on_its_own_and_both_are_decided_apart(store: AnyStore) -> None:
    decision = await deferred(store)
    lease = await leased(store, OTHER_THREAD)
    await store.threads.create(lease, Thread(OTHER_THREAD, "s2", owner="U2"), {})
    stands_for_it = message(OTHER_THREAD.root_ts, "go on", thread=OTHER_THREAD, user="U2")
    branched = replace(decision, id="d2", turn_id="turn-9", session_id="s2", asked="U2", card_ts="")
    carried = await store.decisions.carry(lease, branched, stands_for_it)
    assert await store.decisions.carry(lease, branched, stands_for_it) == carried
    assert (carried.thread, carried.call, carried.asked) == (OTHER_THREAD, decision.call, "U2")
    assert carried.expires_at - carried.asked_at == pytest.approx(DECISION_TTL_S)
    assert not await store.inbox.release(lease)
    turn = await begun(store, lease, "turn-10")
    assert (turn.id, turn.state, turn.prompt.messages) == ("turn-9", TurnState.ANSWERED, (stands_for_it,))
    assert turn.progress.outcome is not None
    assert turn.progress.outcome.ending is Ending.DEFERRED
    await store.decisions.posted(lease, "d2", "1700000000.000999")
    await store.turns.finish(lease, turn.id, turn.progress.outcome, [])
    await store.decisions.decide(THREAD, "d1", YES)
    await store.decisions.decide(OTHER_THREAD, "d2", NO)
    mine = await store.decisions.get(THREAD, "d1")
    theirs = await store.decisions.get(OTHER_THREAD, "d2")
    assert mine is not None
    assert theirs is not None
    assert (mine.decided, theirs.decided) == (YES, NO)


async def test_nothing_is_carried_where_a_turn_is_in_flight(store: AnyStore) -> None:
    decision = await deferred(store)
    await store.inbox.accept(message(thread=OTHER_THREAD), "s2")
    lease = await leased(store, OTHER_THREAD)
    turn = await begun(store, lease)
    with pytest.raises(LeaseLost):
        await store.decisions.carry(lease, replace(decision, id="d2"), message(thread=OTHER_THREAD))
    assert (await begun(store, lease)).prompt == turn.prompt
