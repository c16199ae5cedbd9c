"""A session that has grown long goes on from a summary, here or in a branch."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Reason, Refusal
from bot.model import Ending
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.unit.core.test_forks import stored, talk
from tests.waiting import until


async def test_compacting_is_a_turn_that_asks_nothing(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    await worker.admin.compact(ANA, first.thread, "1900000000.000100")
    with pytest.raises(Refusal) as refused:
        await worker.admin.compact(BEN, first.thread, "1900000000.000100", there=True)
    assert refused.value.reason is Reason.ALREADY_ASKED
    await until(lambda: len(world.chat.posted) == 2)
    request = world.agent.requests[1]
    assert (request.compact, request.text, request.resume) == (True, "", True)
    closing = world.chat.replies[1].closing
    assert closing is not None
    assert closing.outcome.ending is Ending.COMPACTED
    async with worker.inbox.exclusive(first.thread):
        thread = await stored(worker, first.thread)
        assert thread.head == await worker.store.turns.tail(first.thread, thread.session_id)
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 3)
    assert [request.compact for request in world.agent.requests] == [False, True, False]
    assert world.agent.requests[2].resume_at == ""


async def test_what_waits_beside_is_asked_of_the_compacted_session(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    await worker.inbox.take(world.message("second", root=first.ts))
    await world.agent.wait_for_runs(2)
    await worker.inbox.take(world.message("third", root=first.ts))
    await worker.admin.compact(ANA, first.thread)
    gate.set()
    await until(lambda: len(world.chat.posted) == 3)
    compacting, asking = world.agent.requests[2:]
    assert (compacting.compact, asking.compact, asking.text, asking.resume_at) == (True, False, "third", "")
    async with worker.inbox.exclusive(first.thread):
        assert (await stored(worker, first.thread)).cost_usd == 2.0


async def test_a_summary_that_could_not_be_made_leaves_the_session_as_it_was(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    head = (await stored(worker, first.thread)).head
    world.agent.scripts = [Script((), ending=Ending.NOT_COMPACTED)]
    await worker.admin.compact(ANA, first.thread)
    await until(lambda: len(world.chat.posted) == 2)
    async with worker.inbox.exclusive(first.thread):
        assert (await stored(worker, first.thread)).head == head


async def test_only_its_people_compact_a_session_from_elsewhere(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    with pytest.raises(Refusal) as refused:
        await worker.admin.compact(BEN, first.thread)
    assert refused.value.reason is Reason.NOT_YOURS
    await worker.admin.compact(BEN, first.thread, there=True)
    await until(lambda: len(world.chat.posted) == 2)


async def test_before_the_first_answer_there_is_nothing_to_compact(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    with pytest.raises(Refusal) as refused:
        await worker.admin.compact(ANA, first.thread)
    assert refused.value.reason is Reason.NOTHING_TO_COMPACT


async def test_a_branch_from_a_summary_leaves_its_source_as_it_is(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "second")
    source = await stored(worker, first.thread)
    branches = [await worker.forks.branch_from_summary(ANA, first.thread, second.ts) for _ in range(2)]
    await until(lambda: len(world.chat.posted) == 3)
    assert branches[0].thread == branches[1].thread
    assert world.agent.requests[2].compact
    assert world.agent.requests[2].lease.thread == branches[0].thread
    assert await stored(worker, first.thread) == source


async def test_a_branch_of_a_nearly_full_session_says_so(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(), Script(context_used=0.85)]
    first, second = await talk(world, worker, "first", "second")
    source = await stored(worker, first.thread)
    assert source.context_used == 0.85
    whole = await worker.forks.continue_here(ANA, "C1", first.thread)
    await worker.forks.branch(ANA, first.thread, second.ts)
    assert world.chat.nearly_full == [True, False]
    assert (await stored(worker, whole.thread)).context_used == 0.85
    await worker.admin.reset(ANA, first.thread)
    assert (await stored(worker, first.thread)).context_used == 0.0
