"""The files that a turn makes."""

from __future__ import annotations

import asyncio

from bot.model import Ending, Outcome, Progress, TurnState
from tests.fakes_agent import Script
from tests.unit.core.conftest import Worker, World
from tests.waiting import until


async def test_files_of_a_dead_workers_answer_come_along_and_none_from_outside(world: World) -> None:
    dead = world.start_worker(lease_s=0.2)
    message = world.message("hello")
    await dead.store.inbox.accept(message, "00000001-0000-4000-8000-000000000000")
    lease = await dead.store.inbox.acquire(message.thread)
    assert lease is not None
    turn = await dead.store.turns.begin(lease, "turn-1")
    assert turn is not None
    outcome = Outcome(Ending.DONE, turn.thread.session_id)
    answered = Progress(said="See report.csv", outcome=outcome, files=("report.csv", "../../etc/passwd"))
    await dead.store.turns.save(lease, turn.id, answered, TurnState.ANSWERED)
    await dead.store.inbox.release(lease, even_with_work=True)
    alive = world.start_worker()
    await world.enter.enter_async_context(alive.inbox)
    await until(lambda: len(world.chat.posted) == 1)
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert [path.name for path in closing.files] == ["report.csv"]


async def test_what_the_turn_made_is_known_and_what_was_there_is_not(world: World, worker: Worker) -> None:
    first = world.message("hello")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    (request,) = world.agent.requests
    workdir = await world.workspaces.open(first.thread, request.session_id)
    (workdir / "old.txt").write_text("old")
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    await worker.inbox.take(world.message("again", root=first.ts))
    await world.agent.wait_for_runs(2)
    (workdir / "new.txt").write_text("new")
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)
    closing = world.chat.replies[1].closing
    assert closing is not None
    assert [path.name for path in closing.files] == ["new.txt"]
