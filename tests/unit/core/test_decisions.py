"""What needs somebody waits without a worker, is decided once, and goes on from there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.approvers import Approving
from bot.errors import AlreadyDecided, ChatAway, ChatRefused, Reason, Refusal
from bot.model import (
    Decision,
    DeferredCall,
    Ending,
    Option,
    Person,
    Question,
    Spoken,
    TextDelta,
    Thread,
    ThreadKey,
    ThreadStatus,
    ToolStarted,
    Verdict,
)
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, TEAM, Worker, World
from tests.waiting import until_so

CALL = DeferredCall("toolu_1", "Bash", "Running a command", "abc", detail="rm -r build", pattern="Bash(rm -r build)")
COLOUR = Question("Which colour?", options=(Option("Red"), Option("Blue")))
CARLA = Person(TEAM, "U_CARLA")


def asking(call: DeferredCall = CALL, said: str = "I will clean up. ") -> Script:
    return Script([TextDelta(said), ToolStarted(call.id, call.tool, call.title)], Ending.DEFERRED, deferred=call)


async def the_card(world: World, thread: ThreadKey, *, number: int = 1) -> Decision:
    """The thread's decision, once its turn waits for it."""

    async def waits() -> bool:
        found = await world.store.threads.get(thread)
        cards = [card for card in world.chat.cards.values() if card.thread == thread]
        return found is not None and found.status is ThreadStatus.DEFERRED and len(cards) >= number

    await until_so(waits)
    decision = await world.store.decisions.pending(thread)
    assert decision is not None
    return decision


async def ask(world: World, worker: Worker, call: DeferredCall = CALL, **more: object) -> Decision:
    """A turn that waits for a decision; Ana's prompt led to it."""
    message = world.message("clean up", **more)  # type: ignore[arg-type]
    world.agent.scripts.append(asking(call))
    await worker.inbox.take(message)
    return await the_card(world, message.thread)


async def at_rest(world: World, thread: ThreadKey) -> Thread:
    async def idle() -> bool:
        found = await world.store.threads.get(thread)
        return found is not None and found.status is ThreadStatus.IDLE and not await world.store.inbox.holder(thread)

    await until_so(idle)
    found = await world.store.threads.get(thread)
    assert found is not None
    return found


async def settled(world: World, decision: Decision) -> Verdict:
    """What was decided, once the card says it."""

    async def shown() -> bool:
        return world.chat.cards[decision.card_ts].decided is not None

    await until_so(shown)
    decided = world.chat.cards[decision.card_ts].decided
    assert decided is not None
    return decided.verdict


# --- asking -------------------------------------------------------------------------------------------------------


async def test_a_call_that_needs_somebody_is_asked_below_what_was_said_and_nothing_is_held(
    world: World, worker: Worker
) -> None:
    decision = await ask(world, worker)
    assert world.chat.texts(decision.thread) == ["I will clean up. "]
    assert (decision.call, decision.asked, decision.decided) == (CALL, "U_ANA", None)
    assert list(world.chat.cards) == [decision.card_ts]

    async def free() -> bool:
        return not await world.store.inbox.holder(decision.thread)

    await until_so(free)
    assert not world.agent.runs[0].request.decision
    thread = await world.store.threads.get(decision.thread)
    assert thread is not None
    assert thread.cost_usd == 0.5


async def test_deciding_makes_the_turn_go_on_in_the_same_reply_and_sums_its_cost(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    world.agent.scripts.append(Script([TextDelta("Cleaned.")]))
    decided = await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    assert decided.decided is not None
    assert decided.decided.user == ANA.user
    thread = await at_rest(world, decision.thread)
    resumed = world.agent.requests[1]
    assert resumed.decision == decided
    assert (resumed.resume, resumed.begun) == (True, False)
    assert resumed not in world.agent.prepared, "it would go on before anybody listens"
    assert world.chat.texts(decision.thread)[-1] == "I will clean up. Cleaned."
    assert (thread.turns, thread.cost_usd) == (1, 1.0)
    usage = world.chat.replies[-1].closing
    assert usage is not None
    assert usage.usage is not None
    assert (usage.usage.cost_usd, usage.usage.duration_s) == (1.0, 2.0)
    assert await settled(world, decision) is Verdict.ALLOW_ONCE


async def test_another_worker_takes_the_click_after_a_restart(world: World) -> None:
    first = world.start_worker()
    async with first.inbox:
        decision = await ask(world, first)
    second = world.start_worker()
    async with second.inbox:
        await second.decisions.decide(ANA, decision.thread, decision.id, Verdict.DENY, reason=" not now ")
        await at_rest(world, decision.thread)
    assert world.agent.requests[1].decision is not None
    assert world.agent.requests[1].decision.decided is not None
    assert world.agent.requests[1].decision.decided.reason == "not now"


async def test_a_turn_may_ask_several_times(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    second_call = replace(CALL, id="toolu_2", title="Another command")
    world.agent.scripts += [asking(second_call, "Then this. "), Script([TextDelta("Both done.")])]
    await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    second = await the_card(world, decision.thread, number=2)
    assert (second.id != decision.id, second.call) == (True, second_call)
    await worker.decisions.decide(ANA, decision.thread, second.id, Verdict.DENY)
    thread = await at_rest(world, decision.thread)
    assert world.chat.texts(decision.thread)[-1] == "I will clean up. Then this. Both done."
    assert (thread.turns, thread.cost_usd) == (1, 1.5)


async def test_what_is_allowed_here_is_a_rule_from_then_on(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_HERE)
    await at_rest(world, decision.thread)
    assert world.agent.requests[1].rules == ("Bash(rm -r build)",)


async def test_who_takes_up_a_turn_that_went_on_is_told_that_it_may_have_been_done(
    world: World, worker: Worker
) -> None:
    decision = await ask(world, worker)
    world.agent.scripts += [Script([TextDelta("Clea")], Ending.CRASHED), Script([TextDelta("I looked.")])]
    await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    await at_rest(world, decision.thread)
    assert [request.begun for request in world.agent.requests] == [False, False, True]
    assert [request.decision is not None for request in world.agent.requests] == [False, True, True]
    assert "interrupted" in world.agent.requests[2].text


async def test_a_card_that_can_not_be_posted_ends_the_turn(world: World, worker: Worker) -> None:
    world.chat.fail_next_ask = ChatRefused("chat.postMessage", "channel_not_found")
    message = world.message("clean up")
    world.agent.scripts.append(asking())
    await worker.inbox.take(message)
    await at_rest(world, message.thread)
    assert await world.store.decisions.pending(message.thread) is None
    assert len(world.agent.turned_down) == 1


async def test_while_slack_is_away_the_card_is_posted_later_and_once(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.DELIVERY_RETRY_S", 0.01)
    world.chat.fail_next_ask = ChatAway("chat.postMessage", sent=True)
    decision = await ask(world, worker)
    assert list(world.chat.cards) == [decision.card_ts]
    assert world.chat.texts(decision.thread)[0] == "I will clean up. "


# --- who may decide, and how often --------------------------------------------------------------------------------


async def test_others_may_not_decide(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    for person, reason in (
        (BEN, Reason.NOT_FOR_YOU_TO_DECIDE),
        (Person("T2", ANA.user), Reason.NOT_ASKED),
        (Person(TEAM, ""), Reason.NOT_FOR_YOU_TO_DECIDE),
    ):
        with pytest.raises(Refusal) as refused:
            await worker.decisions.decide(person, decision.thread, decision.id, Verdict.ALLOW_ONCE)
        assert refused.value.reason is reason
    assert await worker.decisions.pending(decision.thread) == decision


async def test_admins_may_decide(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    world.chat.admins.add(CARLA.user)
    await worker.decisions.decide(CARLA, decision.thread, decision.id, Verdict.DENY)
    assert await settled(world, decision) is Verdict.DENY


async def test_the_threads_participants_may_decide_where_so_set(world: World) -> None:
    worker = await world.enter.enter_async_context(world.start_worker(approving=Approving.THREAD).inbox)
    del worker
    both = world.start_worker(approving=Approving.THREAD)
    await world.enter.enter_async_context(both.inbox)
    first = world.message("hello", user=BEN.user)
    await both.inbox.take(first)
    await at_rest(world, first.thread)
    decision = await ask(world, both, root=first.thread.root_ts)
    with pytest.raises(Refusal):
        await both.decisions.decide(CARLA, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    await both.decisions.decide(BEN, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    assert await settled(world, decision) is Verdict.ALLOW_ONCE


async def test_of_two_at_once_one_decides_and_the_other_is_told(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    world.chat.admins.add(CARLA.user)
    other = world.start_worker()
    await world.enter.enter_async_context(other.inbox)
    results = await asyncio.gather(
        worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE),
        other.decisions.decide(CARLA, decision.thread, decision.id, Verdict.DENY),
        return_exceptions=True,
    )
    (won,) = [one for one in results if isinstance(one, Decision)]
    (lost,) = [one for one in results if isinstance(one, AlreadyDecided)]
    assert won.decided is not None
    assert (lost.verdict, lost.user) == (won.decided.verdict.value, won.decided.user)
    await at_rest(world, decision.thread)
    assert len(world.agent.requests) == 2


@pytest.mark.parametrize(
    ("call", "verdict", "answers"),
    [
        (CALL, Verdict.ANSWERED, {}),
        (CALL, Verdict.EXPIRED, {}),
        (CALL, Verdict.SUPERSEDED, {}),
        (replace(CALL, pattern=""), Verdict.ALLOW_HERE, {}),
        (replace(CALL, questions=(COLOUR,)), Verdict.ALLOW_ONCE, {}),
        (replace(CALL, questions=(COLOUR,)), Verdict.ANSWERED, {}),
        (replace(CALL, questions=(COLOUR,)), Verdict.ANSWERED, {"Which colour?": "  "}),
        (replace(CALL, questions=(COLOUR,)), Verdict.ANSWERED, {"Which colour?": "Red", "Forged?": "yes"}),
    ],
)
async def test_what_does_not_fit_the_question_is_refused(
    world: World, worker: Worker, call: DeferredCall, verdict: Verdict, answers: dict[str, str]
) -> None:
    decision = await ask(world, worker, call)
    with pytest.raises(Refusal) as refused:
        await worker.decisions.decide(ANA, decision.thread, decision.id, verdict, answers=answers)
    assert refused.value.reason is Reason.BAD_ARGUMENT


async def test_a_forged_decision_or_one_of_another_thread_is_not_asked(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    elsewhere = await ask(world, worker)
    for thread, decision_id in (
        (decision.thread, "forged"),
        (decision.thread, elsewhere.id),
        (ThreadKey(TEAM, "C9", "1.1"), decision.id),
    ):
        with pytest.raises(Refusal) as refused:
            await worker.decisions.decide(ANA, thread, decision_id, Verdict.ALLOW_ONCE)
        assert refused.value.reason is Reason.NOT_ASKED


async def test_people_see_what_waits_for_them(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    assert await worker.decisions.waiting_for(ANA) == [decision]
    assert await worker.decisions.waiting_for(BEN) == []


# --- what is said meanwhile ---------------------------------------------------------------------------------------


async def test_a_plain_yes_decides_and_is_no_prompt(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.inbox.take(world.message("Yes, please!", root=decision.thread.root_ts))
    await at_rest(world, decision.thread)
    assert await settled(world, decision) is Verdict.ALLOW_ONCE
    assert len(world.agent.requests) == 2


async def test_a_plain_no_decides(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.inbox.take(world.message("nein danke", root=decision.thread.root_ts))
    await at_rest(world, decision.thread)
    assert await settled(world, decision) is Verdict.DENY


async def test_another_message_is_a_no_and_the_next_prompt(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.inbox.take(world.message("rather list the files", root=decision.thread.root_ts))
    thread = await at_rest(world, decision.thread)
    assert await settled(world, decision) is Verdict.SUPERSEDED
    assert [request.text for request in world.agent.requests] == ["clean up", "rather list the files"]
    assert world.agent.requests[1].decision is None
    assert world.agent.turned_down == [thread.session_id]
    assert thread.turns == 2


async def test_what_somebody_else_says_waits_until_it_is_decided(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    message = world.message("yes", root=decision.thread.root_ts, user=BEN.user)
    await worker.inbox.take(message)

    async def marked() -> bool:
        return message.ts in world.chat.waiting

    await until_so(marked)
    assert await worker.decisions.pending(decision.thread) == decision
    await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.DENY)
    await at_rest(world, decision.thread)
    assert "yes" in world.agent.requests[2].text
    assert world.chat.waiting == set()


async def test_what_was_said_before_the_card_was_posted_does_not_decide(world: World, worker: Worker) -> None:
    gate = asyncio.Event()
    message = world.message("clean up")
    world.agent.scripts.append(replace(asking(), gate=gate))
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    await worker.inbox.take(world.message("yes", root=message.thread.root_ts))
    gate.set()
    decision = await the_card(world, message.thread)
    assert await worker.decisions.pending(message.thread) == decision


async def test_the_text_of_an_option_answers_a_single_question(world: World, worker: Worker) -> None:
    decision = await ask(world, worker, replace(CALL, questions=(COLOUR,)))
    await worker.inbox.take(world.message(" blue", root=decision.thread.root_ts))
    await at_rest(world, decision.thread)
    decided = world.agent.requests[1].decision
    assert decided is not None
    assert decided.decided is not None
    assert decided.decided.answers == {"Which colour?": "Blue"}


# --- the end of waiting -------------------------------------------------------------------------------------------


async def test_a_stop_while_it_waits_is_a_no_and_the_end(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.admin.stop(ANA, decision.thread)
    thread = await at_rest(world, decision.thread)
    assert await settled(world, decision) is Verdict.STOPPED
    assert len(world.agent.requests) == 1
    assert (thread.turns, world.agent.turned_down) == (1, [thread.session_id])
    await worker.inbox.take(world.message("hello again", root=decision.thread.root_ts))
    await at_rest(world, decision.thread)
    assert world.agent.requests[1].text == "hello again"


async def test_a_reset_while_it_waits_ends_it_first(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    archived = await worker.admin.reset(ANA, decision.thread)
    thread = await at_rest(world, decision.thread)
    assert (archived, thread.session_id != archived) == (decision.session_id, True)
    assert await settled(world, decision) is Verdict.STOPPED
    with pytest.raises(AlreadyDecided):
        await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE)


async def test_while_it_waits_nothing_is_compacted(world: World, worker: Worker) -> None:
    root = world.message("hello")
    await worker.inbox.take(root)
    await at_rest(world, root.thread)
    decision = await ask(world, worker, root=root.ts)
    with pytest.raises(Refusal) as refused:
        await worker.admin.compact(ANA, decision.thread)
    assert refused.value.reason is Reason.WAITS_FOR_DECISION


async def test_a_message_that_is_changed_while_its_turn_waits_can_be_asked_again(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    world.chat.past = [Spoken(decision.thread.root_ts, ANA.user, "clean up carefully")]
    assert await worker.edits.can_ask_again(decision.thread, decision.thread.root_ts)
    branch = await worker.edits.ask_again(ANA, decision.thread, decision.thread.root_ts)
    await at_rest(world, branch.thread)
    assert world.agent.requests[-1].text == "clean up carefully"
    assert await worker.decisions.pending(decision.thread) == decision


async def test_with_a_conversation_goes_what_waits_there(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.privacy.forget_thread(ANA, decision.thread)
    assert await settled(world, decision) is Verdict.STOPPED
    assert await worker.decisions.waiting_for(ANA) == []
    with pytest.raises(Refusal) as refused:
        await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    assert refused.value.reason is Reason.NOT_ASKED


async def test_who_is_forgotten_in_somebody_elses_conversation_waits_there_no_longer(
    world: World, worker: Worker
) -> None:
    root = world.message("hello", user=BEN.user)
    await worker.inbox.take(root)
    await at_rest(world, root.thread)
    decision = await ask(world, worker, root=root.ts)
    forgotten = await worker.privacy.forget(ANA, ANA.user)
    assert (forgotten.threads, forgotten.turns, forgotten.left) == (0, 1, 0)
    assert await settled(world, decision) is Verdict.STOPPED
    assert await world.store.decisions.get(decision.thread, decision.id) is None
    assert (await at_rest(world, root.thread)).people == (BEN.user,)


async def test_who_is_forgotten_leaves_others_waiting(world: World, worker: Worker) -> None:
    root = world.message("hello", user=BEN.user)
    await worker.inbox.take(root)
    await at_rest(world, root.thread)
    await worker.inbox.take(world.message("me too", root=root.ts))
    await at_rest(world, root.thread)
    decision = await ask(world, worker, root=root.ts, user=BEN.user)
    assert (await worker.privacy.forget(ANA, ANA.user)).turns == 1
    assert await worker.decisions.pending(root.thread) == decision


async def test_a_message_that_is_deleted_while_its_turn_waits_stops_that(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    assert await worker.erasing.message_deleted(decision.thread, decision.thread.root_ts)
    assert await settled(world, decision) is Verdict.STOPPED
    assert await world.store.decisions.get(decision.thread, decision.id) is None


async def test_what_nobody_decides_expires_and_the_agent_can_say_so(world: World) -> None:
    first = world.start_worker(decision_ttl_s=0.0)
    await world.enter.enter_async_context(first.inbox)
    decision = await ask(world, first)
    world.agent.scripts.append(Script([TextDelta("Nobody said yes.")]))
    other = world.start_worker()
    await world.enter.enter_async_context(other.inbox)
    await other.decisions.expire()
    await at_rest(world, decision.thread)
    assert await settled(world, decision) is Verdict.EXPIRED
    assert world.chat.texts(decision.thread)[-1] == "I will clean up. Nobody said yes."


async def test_each_decision_is_in_the_trail(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.DENY)
    await at_rest(world, decision.thread)
    entries = await cast("Any", world.redis.xrange("bot:audit:{T1}"))
    assert [(fields[b"decision"].decode(), fields[b"verdict"], fields[b"input_hash"]) for _, fields in entries] == [
        (decision.id, b"deny", b"abc")
    ]


# --- branches -----------------------------------------------------------------------------------------------------


async def test_a_branch_gets_a_decision_of_its_own(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    for ts in (decision.card_ts, world.chat.reply_ts(decision.thread)):
        branch = await worker.forks.branch(BEN, decision.thread, ts)
        theirs = await the_card(world, branch.thread)
        assert (theirs.call, theirs.asked, theirs.id != decision.id) == (CALL, BEN.user, True)
        await worker.decisions.decide(BEN, branch.thread, theirs.id, Verdict.DENY)
        await at_rest(world, branch.thread)
    await worker.decisions.decide(ANA, decision.thread, decision.id, Verdict.ALLOW_ONCE)
    await at_rest(world, decision.thread)
    verdicts = [one.decision.decided.verdict for one in world.agent.requests if one.decision and one.decision.decided]
    assert verdicts == [Verdict.DENY, Verdict.DENY, Verdict.ALLOW_ONCE]


async def test_a_branch_at_the_prompt_of_a_waiting_turn_is_before_it(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    branch = await worker.forks.branch(BEN, decision.thread, decision.thread.root_ts)
    thread = await at_rest(world, branch.thread)
    assert (thread.head, thread.source is not None) == ("", True)
    assert await worker.decisions.pending(branch.thread) is None


async def test_a_session_that_waits_is_continued_elsewhere_with_its_decision(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    branch = await worker.forks.continue_here(ANA, "D1", decision.thread)
    assert (await the_card(world, branch.thread)).call == CALL
