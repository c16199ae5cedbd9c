"""Branches hold what they should, never change their source, and are made once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Reason, Refusal
from bot.model import Address, Message, PointKind, Receipt, Spoken, Taken, Thread, ThreadKey
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.waiting import until


async def talk(world: World, worker: Worker, *texts: str) -> list[Message]:
    """A thread with these prompts, each answered before the next."""
    messages: list[Message] = []
    for text in texts:
        message = world.message(text, root=messages[0].ts if messages else "")
        done = len(world.chat.posted) + 1
        await worker.inbox.take(message)
        await until(lambda done=done: len(world.chat.posted) == done)  # type: ignore[misc]
        messages.append(message)
    async with worker.inbox.exclusive(messages[0].thread):
        return messages


async def stored(worker: Worker, key: ThreadKey) -> Thread:
    thread = await worker.store.threads.get(key)
    assert thread is not None
    return thread


async def test_a_branch_at_a_persons_message_holds_what_came_before_it(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "second")
    branch = await worker.forks.branch(ANA, first.thread, second.ts)
    made = await stored(worker, branch.thread)
    assert made.source is not None
    assert (made.source.thread, made.source.ts) == (first.thread, second.ts)
    assert made.head
    assert made.owner == "U_ANA"
    assert world.chat.branch_roots == [("C1", second.ts, True)]
    assert world.chat.announced == [(first.thread, branch.thread)]
    assert world.workspaces.copied == [(made.source.session_id, made.session_id)]


async def test_a_branch_before_the_first_message_starts_empty(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    branch = await worker.forks.branch(ANA, first.thread, first.ts)
    made = await stored(worker, branch.thread)
    assert made.head == ""
    await worker.inbox.take(world.message("instead", root=branch.thread.root_ts))
    await until(lambda: len(world.chat.posted) == 2)
    assert not world.agent.requests[-1].resume


async def test_a_follow_up_in_the_branch_resumes_the_copy_and_leaves_the_source_alone(
    world: World, worker: Worker
) -> None:
    (first,) = await talk(world, worker, "first")
    reply_ts = (await stored(worker, first.thread)).head
    assert reply_ts
    before = await worker.store.transcripts.load(first.thread, (await stored(worker, first.thread)).session_id, "")
    reply = await _reply_ts(world, worker, first)
    branch = await worker.forks.branch(BEN, first.thread, reply)
    assert world.chat.branch_roots[-1] == ("C1", reply, False)
    await worker.inbox.take(world.message("go on", root=branch.thread.root_ts))
    await until(lambda: len(world.chat.posted) == 2)
    request = world.agent.requests[-1]
    assert request.resume
    assert request.session_id == (await stored(worker, branch.thread)).session_id
    after = await worker.store.transcripts.load(first.thread, (await stored(worker, first.thread)).session_id, "")
    assert before == after


async def test_the_same_person_gets_the_same_branch_and_another_their_own(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    mine = await worker.forks.branch(ANA, first.thread, first.ts)
    again = await worker.forks.branch(ANA, first.thread, first.ts)
    theirs = await worker.forks.branch(BEN, first.thread, first.ts)
    assert (again.thread, again.again) == (mine.thread, True)
    assert theirs.thread != mine.thread


async def test_a_branch_can_be_branched_at_its_root(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "second")
    branch = await worker.forks.branch(ANA, first.thread, second.ts)
    deeper = await worker.forks.branch(ANA, branch.thread, branch.thread.root_ts)
    made = await stored(worker, deeper.thread)
    assert made.source is not None
    assert made.source.thread == branch.thread


async def test_a_message_whose_turn_runs_cannot_be_branched_yet(world: World, worker: Worker) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    message = world.message("long")
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    with pytest.raises(Refusal) as refused:
        await worker.forks.branch(ANA, message.thread, message.ts)
    assert refused.value.reason is Reason.TURN_RUNNING
    gate.set()
    await until(lambda: len(world.chat.posted) == 1)
    async with worker.inbox.exclusive(message.thread):
        pass
    assert not (await worker.forks.branch(ANA, message.thread, message.ts)).again


@pytest.mark.parametrize(("known_thread", "reason"), [(False, Reason.NO_SESSION_HERE), (True, Reason.NO_POINT_HERE)])
async def test_a_message_that_leads_to_no_session_is_refused(
    world: World, worker: Worker, known_thread: bool, reason: Reason
) -> None:
    key = ThreadKey("T1", "C1", "1600000000.000100")
    if known_thread:
        (first,) = await talk(world, worker, "first")
        key = first.thread
    with pytest.raises(Refusal) as refused:
        await worker.forks.branch(ANA, key, "1600000000.000100")
    assert refused.value.reason is reason
    assert not world.chat.branch_roots


async def test_a_branch_at_what_was_said_to_somebody_else_holds_all_turns_before_it(
    world: World, worker: Worker
) -> None:
    (first,) = await talk(world, worker, "first")
    aside = replace(world.message("Ben, look", root=first.ts), address=Address.OTHER)
    await worker.inbox.take(aside)
    branch = await worker.forks.branch(ANA, first.thread, aside.ts)
    assert (await stored(worker, branch.thread)).head
    assert world.chat.branch_roots == [("C1", aside.ts, True)]


async def test_an_expired_session_is_refused_without_posting_anything(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "second")
    thread = await stored(worker, first.thread)
    async with worker.inbox.exclusive(first.thread) as lease:
        await worker.store.transcripts.delete(lease, thread.session_id)
    with pytest.raises(Refusal) as refused:
        await worker.forks.branch(ANA, first.thread, second.ts)
    assert refused.value.reason is Reason.SESSION_EXPIRED
    assert not world.chat.branch_roots


async def test_asking_again_in_a_branch_asks_the_message_as_it_was_once(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "second")
    branch = await worker.forks.branch(ANA, first.thread, second.ts)
    world.chat.past = [Spoken(second.ts, "U_ANA", "second")]
    for _ in range(2):
        await worker.forks.ask_again(ANA, branch.thread)
    await until(lambda: len(world.chat.posted) == 3)
    assert world.agent.requests[-1].text == "second"
    assert len(world.agent.requests) == 3


async def test_continue_brings_the_callers_latest_session_as_a_branch(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    branch = await worker.forks.continue_here(ANA, "D1")
    made = await stored(worker, branch.thread)
    assert branch.thread.channel == "D1"
    assert made.source is not None
    assert made.source.thread == first.thread


async def test_continue_by_id_is_kept_to_what_the_caller_can_read(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    short = (await stored(worker, first.thread)).session_id[:8]
    assert (await worker.forks.continue_here(BEN, "D2", short)).source.key == first.thread
    world.chat.unreadable.add(("U_BEN", "C1"))
    with pytest.raises(Refusal) as refused:
        await worker.forks.continue_here(BEN, "D2", short)
    assert refused.value.reason is Reason.CANT_READ


async def test_where_the_caller_asks_nobody_needs_to_tell_that_they_can_read(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    world.chat.unreadable.add(("U_ANA", "C1"))  # or Slack does not tell
    assert (await worker.forks.continue_here(ANA, "C1", first.thread)).source.key == first.thread


async def test_continue_while_the_first_answer_is_written_says_to_wait(world: World, worker: Worker) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    await worker.inbox.take(world.message("long"))
    await world.agent.wait_for_runs(1)
    with pytest.raises(Refusal) as refused:
        await worker.forks.continue_here(ANA, "D1")
    assert refused.value.reason is Reason.TURN_RUNNING
    gate.set()


async def test_continue_of_a_session_before_a_reset_keeps_its_title(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    archived = await worker.admin.reset(ANA, first.thread)
    done = len(world.chat.posted) + 1
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == done)
    branch = await worker.forks.continue_here(ANA, "D1", archived)
    assert (await stored(worker, branch.thread)).title == "first"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [("", Reason.NO_SESSIONS), ("feedbeef", Reason.UNKNOWN_SESSION), ("ab", Reason.BAD_ARGUMENT)],
)
async def test_continue_with_nothing_to_continue_says_so(
    world: World, worker: Worker, reference: str, reason: Reason
) -> None:
    with pytest.raises(Refusal) as refused:
        await worker.forks.continue_here(BEN, "D2", reference)
    assert refused.value.reason is reason


async def _reply_ts(world: World, worker: Worker, message: Message) -> str:
    """The ts of the first reply in a thread: FakeChat counts on after the message's own."""
    seconds = int(message.ts.split(".")[0])
    for ts in (f"{seconds + step}.000100" for step in range(1, 5)):
        point = await worker.store.threads.point(message.thread, ts)
        if point is not None and point.kind is PointKind.REPLY:
            return ts
    raise AssertionError("no reply has a point")


async def test_a_message_that_is_faster_than_its_branch_waits_for_it(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    early: list[asyncio.Task[Receipt]] = []

    def write_below_the_new_root() -> None:
        root = f"{int(world.chat.new_ts().split('.')[0]) - 1}.000100"
        message = world.message("at once", root=root, address=Address.OPEN, under_bot=True)
        early.append(asyncio.create_task(worker.inbox.take(message)))

    world.agent.on_fork = write_below_the_new_root
    branch = await worker.forks.branch(ANA, first.thread, await _reply_ts(world, worker, first))
    assert (await early[0]).taken is Taken.PROMPT
    await until(lambda: len(world.chat.posted) == 2)
    request = world.agent.requests[-1]
    assert (request.lease.thread, request.text, request.resume) == (branch.thread, "at once", True)
