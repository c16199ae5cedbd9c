"""A turn becomes a reply and an outcome, whatever happens in between."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import ChatAway, ChatRefused
from bot.model import (
    Attachment,
    Closing,
    Ending,
    Message,
    Outcome,
    Person,
    Progress,
    Spoken,
    TextDelta,
    Thread,
    ToolStarted,
    TurnState,
)
from bot.prompts import INTERRUPTED
from tests.fakes import ManualClock
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, Worker, World
from tests.waiting import until


async def thread_of(worker: Worker, message: Message) -> Thread:
    thread = await worker.store.threads.get(message.thread)
    assert thread is not None
    return thread


async def test_every_message_of_a_thread_resumes_its_session(world: World, worker: Worker) -> None:
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    fresh, resumed = world.agent.requests
    assert (fresh.resume, resumed.resume) == (False, True)
    assert fresh.session_id == resumed.session_id


async def test_a_finished_turn_is_counted_and_its_messages_lead_to_points(world: World, worker: Worker) -> None:
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    async with worker.inbox.exclusive(first.thread):
        pass
    thread = await thread_of(worker, first)
    assert (thread.turns, thread.cost_usd, thread.people) == (1, 0.5, ("U_ANA",))
    point = await worker.store.threads.point(first.thread, first.ts)
    assert point is not None
    assert (point.session_id, point.entry) == (thread.session_id, "")
    assert thread.head == await worker.store.turns.tail(first.thread, thread.session_id)


async def test_a_crashed_run_is_tried_once_more_from_the_last_completed_entry(world: World, worker: Worker) -> None:
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    async with worker.inbox.exclusive(first.thread):
        head = (await thread_of(worker, first)).head
    world.agent.scripts = [Script((), ending=Ending.CRASHED), Script([TextDelta("done")])]
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    _, crashed, again = world.agent.requests
    assert (crashed.text, crashed.resume_at) == ("second", "")
    assert (again.text, again.resume_at) == ("second", head)


async def test_a_crash_after_a_tool_ran_is_resumed_whole_and_told(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script([ToolStarted("t1", "Write", "Writing a.txt")], ending=Ending.CRASHED)]
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    again = world.agent.requests[1]
    assert (again.text, again.resume, again.resume_at) == (INTERRUPTED, True, "")


async def test_two_crashes_are_said_plainly_and_the_session_stays_usable(world: World, worker: Worker) -> None:
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    async with worker.inbox.exclusive(first.thread):
        head = (await thread_of(worker, first)).head
    world.agent.scripts = [Script((), ending=Ending.CRASHED)] * 2
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    closing = world.chat.replies[1].closing
    assert closing is not None
    assert closing.outcome.ending is Ending.CRASHED
    await worker.inbox.take(world.message("third", root=first.ts))
    await until(lambda: len(world.chat.posted) == 3)
    last = world.agent.requests[-1]
    assert (last.session_id, last.resume_at) == (world.agent.requests[0].session_id, head)


async def test_a_failed_turn_leaves_nothing_that_the_next_one_resumes(world: World, worker: Worker) -> None:
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    async with worker.inbox.exclusive(first.thread):
        head = (await thread_of(worker, first)).head
    world.agent.scripts = [Script((), ending=Ending.OVERLOADED)]
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    await worker.inbox.take(world.message("third", root=first.ts))
    await until(lambda: len(world.chat.posted) == 3)
    assert world.agent.requests[-1].resume_at == head


async def test_a_first_turn_that_failed_is_followed_by_a_fresh_session(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script((), ending=Ending.OVERLOADED)]
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    failed, second = world.agent.requests
    assert not second.resume
    assert second.session_id != failed.session_id
    assert world.chat.texts(first.thread) == ["", "answer 1"]


async def test_a_session_that_is_gone_starts_fresh_from_a_recap_and_says_so(world: World, worker: Worker) -> None:
    first = world.message("my name is Ana")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    async with worker.inbox.exclusive(first.thread) as lease:
        await worker.store.transcripts.delete(lease, world.agent.requests[0].session_id)
    world.chat.past = [Spoken(first.ts, "U_ANA", "my name is Ana"), Spoken("1800000000.5", "", "Hello Ana")]
    await worker.inbox.take(world.message("who am I?", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    request = world.agent.requests[1]
    assert not request.resume
    assert request.session_id != world.agent.requests[0].session_id
    assert request.text == "Earlier in this thread:\nAna: my name is Ana\nYou: Hello Ana\n\nwho am I?"
    assert world.chat.texts(first.thread)[1] == "[session_lost]answer 2"


async def test_a_first_mention_in_an_existing_thread_brings_what_was_said_before(world: World, worker: Worker) -> None:
    world.chat.past = [Spoken("1700000000.000100", "U_BEN", "the build is red")]
    await worker.inbox.take(world.message("why?", "1700000009.000100", root="1700000000.000100"))
    await until(lambda: len(world.chat.posted) == 1)
    assert world.agent.requests[0].text == "Earlier in this thread:\nBen: the build is red\n\nwhy?"


async def test_prompts_carry_names_once_a_second_person_speaks(world: World, worker: Worker) -> None:
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.inbox.take(world.message("second", root=first.ts, user="U_BEN"))
    await until(lambda: len(world.chat.posted) == 2)
    assert [request.text for request in world.agent.requests] == ["first", "Ben: second"]


async def test_attached_files_are_put_into_the_directory_and_named(world: World, worker: Worker) -> None:
    world.chat.files = {"F1": b"a,b", "F2": b"\x89PNG"}
    files = (
        Attachment("F1", "table.csv", "text/csv", 3, "url1"),
        Attachment("F2", "chart.png", "image/png", 4, "url2"),
    )
    await worker.inbox.take(world.message("look", files=files))
    await until(lambda: len(world.chat.posted) == 1)
    request = world.agent.requests[0]
    assert request.text == "look\n\nAttached files, in your working directory:\n- table.csv\n- chart.png"
    assert [path.read_bytes() for path in request.images] == [b"\x89PNG"]


async def test_an_answer_that_slack_could_not_take_is_delivered_later_without_asking_again(
    world: World, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.turns.DELIVERY_RETRY_S", 0.01)
    world.chat.fail_next_close = ChatAway("chat.postMessage", sent=False)
    message = world.message("hello")
    await worker.inbox.take(message)
    await until(lambda: world.chat.texts(message.thread) == ["answer 1"])
    assert len(world.agent.requests) == 1


async def test_a_complete_answer_of_a_dead_worker_is_only_delivered(world: World) -> None:
    dead = world.start_worker(lease_s=0.2)
    message = world.message("hello")
    await dead.store.inbox.accept(message, "00000001-0000-4000-8000-000000000000")
    lease = await dead.store.inbox.acquire(message.thread)
    assert lease is not None
    turn = await dead.store.turns.begin(lease, "turn-1")
    assert turn is not None
    answered = Progress(said="the answer", outcome=Outcome(Ending.DONE, turn.thread.session_id))
    await dead.store.turns.save(lease, turn.id, answered, TurnState.ANSWERED)
    await dead.store.inbox.release(lease, even_with_work=True)
    alive = world.start_worker()
    await world.enter.enter_async_context(alive.inbox)
    await until(lambda: world.chat.texts(message.thread) == ["the answer"])
    assert not world.agent.requests


async def test_a_turn_that_five_workers_died_of_is_given_up(world: World) -> None:
    message = world.message("hello")
    for _ in range(5):
        dead = world.start_worker()
        await dead.store.inbox.accept(message, "00000001-0000-4000-8000-000000000000")
        lease = await dead.store.inbox.acquire(message.thread)
        assert lease is not None
        assert await dead.store.turns.begin(lease, "turn") is not None
        await world.lease_runs_out(message.thread)
    alive = world.start_worker()
    await world.enter.enter_async_context(alive.inbox)
    await until(lambda: len(world.chat.posted) == 1)
    closing = world.chat.replies[0].closing
    assert isinstance(closing, Closing)
    assert closing.outcome.ending is Ending.CRASHED
    assert not world.agent.requests


async def test_a_stop_before_the_agent_is_up_still_stops(world: World, worker: Worker) -> None:
    entered = asyncio.Event()
    release = asyncio.Event()
    original = world.workspaces.open

    async def slow_open(thread: object, session_id: str) -> object:
        entered.set()
        await release.wait()
        return await original(thread, session_id)  # type: ignore[arg-type]

    world.workspaces.open = slow_open  # type: ignore[method-assign, assignment]
    message = world.message("hello")
    await worker.inbox.take(message)
    await asyncio.wait_for(entered.wait(), 5)
    assert await worker.inbox.stop(message.thread)
    release.set()
    await until(lambda: len(world.chat.posted) == 1)
    assert not world.agent.requests


async def test_a_closing_tells_what_the_turn_used(world: World, worker: Worker) -> None:
    await worker.inbox.take(world.message("hello"))
    await until(lambda: len(world.chat.posted) == 1)
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert closing.usage is not None
    assert (closing.usage.model, closing.usage.cost_usd) == ("fake", 0.5)


async def test_people_named_by_id_are_named_by_name(world: World, worker: Worker) -> None:
    await worker.inbox.take(world.message("ask @U0BENBEN, not @USER or @here"))
    await until(lambda: len(world.chat.posted) == 1)
    assert world.agent.requests[0].text == "ask @0Benben, not @USER or @here"


async def test_a_reset_forgets_what_the_thread_shows_too(world: World, worker: Worker) -> None:
    world.chat.past = [Spoken("1700000000.000100", "U_BEN", "the build is red")]
    first = world.message("why?", "1700000009.000100", root="1700000000.000100")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.admin.reset(Person("T1", "U_ANA"), first.thread)
    await worker.inbox.take(world.message("and now?", "1700000019.000100", root="1700000000.000100"))
    await until(lambda: len(world.chat.posted) == 2)
    assert world.agent.requests[-1].text == "and now?"


async def test_what_a_crashed_run_had_said_is_taken_back_when_it_is_asked_again(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script([TextDelta("half")], ending=Ending.CRASHED), Script([TextDelta("whole")])]
    message = world.message("first")
    await worker.inbox.take(message)
    await until(lambda: world.chat.texts(message.thread) == ["half[started_over]whole"])


async def test_a_reply_that_somebody_deleted_ends_the_turn(world: World, worker: Worker) -> None:
    world.chat.fail_next_feed = ChatRefused("chat.appendStream", "message_not_found")
    message = world.message("first")
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    async with worker.inbox.exclusive(message.thread):
        assert (await thread_of(worker, message)).turns == 1
    assert world.agent.runs[0].over
    await worker.inbox.take(world.message("second", root=message.ts))
    await until(lambda: world.chat.texts(message.thread)[-1:] == ["answer 2"])


async def test_a_turn_that_takes_too_long_pauses_and_goes_on_with_twice_the_time(world: World) -> None:
    clock = ManualClock()
    worker = world.start_worker(clock=clock)
    await world.enter.enter_async_context(worker.inbox)
    world.agent.scripts = [Script([TextDelta("so far")], gate=asyncio.Event())]
    message = world.message("long task")
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    await until(lambda: bool(world.chat.replies and world.chat.replies[0].events))
    clock.advance(599)
    assert world.chat.posted == []
    clock.advance(1)
    await until(lambda: world.chat.texts(message.thread) == ["so far"])
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert closing.outcome.ending is Ending.MAX_TIME
    await worker.inbox.continue_turn(ANA, message.thread, "1900000000.000100", Ending.MAX_TIME)
    await until(lambda: len(world.chat.posted) == 2)
    assert world.agent.requests[1].limits.max_turn_s == 1200
    assert world.agent.requests[1].resume
