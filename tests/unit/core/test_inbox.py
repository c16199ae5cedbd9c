"""Messages are kept once, answered once and in order, one turn at a time, whichever worker sees them."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.errors import Reason, Refusal
from bot.model import Address, Ending, Limits, Taken, TextDelta
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.waiting import until


async def test_a_message_is_answered(world: World, worker: Worker) -> None:
    message = world.message("hello")
    receipt = await worker.inbox.take(message)
    assert receipt.taken is Taken.PROMPT
    await until(lambda: world.chat.texts(message.thread) == ["answer 1"])
    assert [request.text for request in world.agent.requests] == ["hello"]


async def test_a_second_delivery_of_a_message_changes_nothing(world: World, worker: Worker) -> None:
    message = world.message("hello")
    await worker.inbox.take(message)
    second = await worker.inbox.take(message)
    await until(lambda: len(world.chat.posted) == 1)
    third = await worker.inbox.take(message)
    follow_up = world.message("again", root=message.ts)
    await worker.inbox.take(follow_up)
    await until(lambda: len(world.chat.posted) == 2)
    assert (second.taken, third.taken) == (Taken.DUPLICATE, Taken.DUPLICATE)
    assert [request.text for request in world.agent.requests] == ["hello", "again"]


async def test_messages_sent_during_a_turn_wait_visibly_and_are_answered_together(world: World, worker: Worker) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    later = [world.message(text, root=first.ts) for text in ("second", "third")]
    for message in reversed(later):
        await worker.inbox.take(message)
    await until(lambda: world.chat.waiting == {message.ts for message in later})
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)
    assert [request.text for request in world.agent.requests] == ["first", "second\n\nthird"]
    await until(lambda: not world.chat.waiting)


async def test_two_turns_never_run_at_once_in_a_thread(world: World) -> None:
    workers = [world.start_worker(drain_s=5.0) for _ in range(3)]
    for one in workers:
        await world.enter.enter_async_context(one.inbox)
    first = world.message("0")
    await workers[0].inbox.take(first)
    messages = [world.message(str(number), root=first.ts) for number in range(1, 12)]
    await asyncio.gather(*(workers[n % 3].inbox.take(m) for n, m in enumerate(messages)))

    def answered() -> list[str]:
        return [line for request in world.agent.requests for line in request.text.split("\n\n")]

    await until(lambda: len(answered()) == 12 and len(world.chat.posted) == len(world.agent.requests))
    assert sorted(answered(), key=int) == answered()
    assert world.agent.most_at_once == {first.thread: 1}


async def test_a_thread_whose_worker_never_began_is_found_by_another(world: World) -> None:
    dead = world.start_worker()
    message = world.message("hello")
    await dead.store.inbox.accept(message, "00000001-0000-4000-8000-000000000000")
    alive = world.start_worker()
    await world.enter.enter_async_context(alive.inbox)
    await until(lambda: world.chat.texts(message.thread) == ["answer 1"])


async def test_deleting_a_waiting_message_withdraws_it_and_editing_changes_it(world: World, worker: Worker) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    doomed, edited = world.message("doomed", root=first.ts), world.message("typo", root=first.ts)
    await worker.inbox.take(doomed)
    await worker.inbox.take(edited)
    assert await worker.inbox.withdraw(first.thread, doomed.ts)
    assert await worker.inbox.amend(ANA, first.thread, edited.ts, "mended")
    assert not await worker.inbox.withdraw(first.thread, first.ts)
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)
    assert world.agent.requests[1].text == "mended"


async def test_a_stop_reaches_the_worker_that_runs_the_turn(world: World) -> None:
    runs, other = world.start_worker(), world.start_worker()
    for one in (runs, other):
        await world.enter.enter_async_context(one.inbox)
    world.agent.scripts = [Script([TextDelta("so far")], gate=asyncio.Event())]
    message = world.message("long task")
    await runs.inbox.take(message)
    await world.agent.wait_for_runs(1)
    await until(lambda: bool(world.chat.replies and world.chat.replies[0].events))
    asked_at = time.monotonic()
    assert await other.inbox.stop(message.thread)
    await until(lambda: world.chat.texts(message.thread) == ["so far"])
    assert time.monotonic() - asked_at < 1.0
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert closing.outcome.ending is Ending.STOPPED
    async with runs.inbox.exclusive(message.thread):
        pass
    assert not await other.inbox.stop(message.thread)


async def test_a_stop_holds_back_what_waits_until_somebody_goes_on(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    later = [world.message(text, root=first.ts) for text in ("second", "third")]
    for message in later:
        await worker.inbox.take(message)
    assert await worker.inbox.stop(first.thread)
    await until(lambda: len(world.chat.posted) == 1)
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert (closing.outcome.ending, closing.held_back) == (Ending.STOPPED, 2)
    async with worker.inbox.exclusive(first.thread):
        assert len(world.agent.runs) == 1
    assert await worker.inbox.answer_held_back(first.thread) == 2
    await until(lambda: len(world.chat.posted) == 2)
    assert world.agent.requests[1].text == "second\n\nthird"
    assert await worker.inbox.answer_held_back(first.thread) == 0


async def test_a_stop_in_the_queue_for_a_place_says_what_it_holds_back(world: World) -> None:
    worker = world.start_worker(turns_running=1)
    await world.enter.enter_async_context(worker.inbox)
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    await worker.inbox.take(world.message("elsewhere"))
    await world.agent.wait_for_runs(1)
    queued = world.message("queued")
    await worker.inbox.take(queued)
    await until(lambda: world.chat.places == [(queued.thread, 1)])
    assert await worker.inbox.stop(queued.thread)
    await until(lambda: world.chat.offered == [(queued.thread, 1)])
    gate.set()
    async with worker.inbox.exclusive(queued.thread):
        assert len(world.agent.runs) == 1
    assert await worker.inbox.withdraw_held_back(queued.thread, "U_BEN") == 0
    assert await worker.inbox.withdraw_held_back(queued.thread, "U_ANA") == 1
    await until(lambda: world.chat.unmarked == [queued.ts])


async def test_a_stop_whose_worker_died_stops_the_turn_at_its_takeover(world: World) -> None:
    dead = world.start_worker()
    message = world.message("long task")
    await dead.store.inbox.accept(message, "00000001-0000-4000-8000-000000000000")
    lease = await dead.store.inbox.acquire(message.thread)
    assert lease is not None
    await dead.store.turns.begin(lease, "turn-1")
    alive = world.start_worker()
    assert await alive.inbox.stop(message.thread)
    await world.lease_runs_out(message.thread)
    await world.enter.enter_async_context(alive.inbox)
    await until(lambda: len(world.chat.posted) == 1)
    assert world.agent.runs == []
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert closing.outcome.ending is Ending.STOPPED


async def test_continue_goes_on_with_twice_the_limit_that_was_hit_and_only_once(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(ending=Ending.MAX_TURNS)]
    message = world.message("long task")
    await worker.inbox.take(message)
    await until(lambda: len(world.chat.posted) == 1)
    pressed = "1900000000.000100"
    await worker.inbox.continue_turn(ANA, message.thread, pressed, Ending.MAX_TURNS)
    with pytest.raises(Refusal) as refused:
        await worker.inbox.continue_turn(BEN, message.thread, pressed, Ending.MAX_TURNS)
    assert refused.value.reason is Reason.ALREADY_ASKED
    await until(lambda: len(world.chat.posted) == 2)
    assert [request.limits for request in world.agent.requests] == [Limits(10, 2.0, 600.0), Limits(20, 2.0, 600.0)]
    assert world.agent.requests[1].resume


async def test_draining_lets_the_running_turn_end_and_takes_no_new_one(world: World) -> None:
    worker = world.start_worker(drain_s=5.0)
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    first = world.message("first")
    await worker.inbox.__aenter__()
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    await worker.inbox.take(world.message("second", root=first.ts))
    leaving = asyncio.create_task(worker.inbox.__aexit__())
    gate.set()
    await leaving
    assert world.chat.texts(first.thread) == ["ok"]
    assert await worker.store.inbox.holder(first.thread) == ""
    successor = world.start_worker()
    await world.enter.enter_async_context(successor.inbox)
    await until(lambda: world.chat.texts(first.thread) == ["ok", "answer 1"])


async def test_what_outlasts_the_drain_is_handed_over_at_once(world: World) -> None:
    worker = world.start_worker(drain_s=0.0)
    world.agent.scripts = [Script([TextDelta("half")], gate=asyncio.Event())]
    message = world.message("first")
    await worker.inbox.__aenter__()
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    await until(lambda: bool(world.chat.replies and world.chat.replies[0].events))
    await worker.inbox.__aexit__()
    assert await worker.store.inbox.holder(message.thread) == ""
    assert world.agent.runs[0].over
    successor = world.start_worker()
    await world.enter.enter_async_context(successor.inbox)
    await until(lambda: world.chat.texts(message.thread) == ["half[started_over]answer 1"])


async def test_what_is_said_to_somebody_else_comes_along_as_context(world: World, worker: Worker) -> None:
    first = world.message("hello")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    aside = world.message("lunch?", root=first.ts, user="U_BEN", address=Address.OTHER)
    assert (await worker.inbox.take(aside)).taken is Taken.CONTEXT
    await worker.inbox.take(world.message("and now?", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    assert world.agent.requests[1].text == "Said since, not to you:\nBen: lunch?\n\nAna: and now?"


async def test_a_message_in_a_thread_without_a_session_is_not_for_us(world: World, worker: Worker) -> None:
    stray = world.message("hi all", address=Address.OPEN)
    assert (await worker.inbox.take(stray)).taken is Taken.NOT_FOR_US
    assert await worker.store.threads.get(stray.thread) is None
