"""The agent is got ready ahead of its turn, and nothing but speed depends on it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.errors import StoreAway
from bot.model import Address, Taken
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, World
from tests.unit.core.test_forks import talk
from tests.waiting import until


@dataclass
class Ready:
    """Implements `bot.ports.Readiness`."""

    spares: list[str] = field(default_factory=lambda: ["aaaaaaaa-0000-4000-8000-000000000000"])
    declined: list[str] = field(default_factory=list)
    places: int | None = None
    expected: int = 0

    def offer_session_id(self) -> str:
        return self.spares.pop(0) if self.spares else "bbbbbbbb-0000-4000-8000-000000000000"

    def decline_session_id(self, session_id: str) -> None:
        self.declined.append(session_id)

    def expect_session(self) -> None:
        self.expected += 1

    def capacity(self) -> int | None:
        return self.places


async def test_a_new_thread_gets_the_session_that_was_offered(world: World) -> None:
    ready = Ready()
    worker = world.start_worker(readiness=ready)
    await world.enter.enter_async_context(worker.inbox)
    (spare,) = ready.spares
    message = world.message("hello")
    await worker.inbox.take(message)
    await until(lambda: len(world.chat.posted) == 1)
    assert [(request.session_id, request.resume) for request in world.agent.requests] == [(spare, False)]
    assert ready.declined == []


async def test_what_began_no_thread_is_given_back(world: World) -> None:
    ready = Ready(spares=["one", "two"])
    worker = world.start_worker(readiness=ready)
    await world.enter.enter_async_context(worker.inbox)
    message = world.message("hello")
    await worker.inbox.take(message)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.inbox.take(world.message("and?", root=message.ts))
    other = await worker.inbox.take(world.message("not you", address=Address.OPEN))
    assert other.taken is Taken.NOT_FOR_US
    assert ready.declined == ["two", "bbbbbbbb-0000-4000-8000-000000000000"]
    await until(lambda: len(world.chat.posted) == 2)


async def test_an_id_whose_fate_is_unknown_is_given_to_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = Ready()
    worker = world.start_worker(readiness=ready)

    async def away(*_: object, counted: bool) -> None:
        raise StoreAway

    monkeypatch.setattr(worker.store.inbox, "accept", away)
    with pytest.raises(StoreAway):
        await worker.inbox.take(world.message("hello"))
    assert ready.declined == []


async def test_a_run_is_prepared_before_its_prompt_is_written(world: World) -> None:
    worker = world.start_worker()
    await world.enter.enter_async_context(worker.inbox)
    message = world.message("hello")
    await worker.inbox.take(message)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.inbox.take(world.message("again", root=message.ts))
    await until(lambda: len(world.chat.posted) == 2)
    prepared = [(request.session_id, request.resume, request.tail) for request in world.agent.prepared]
    assert prepared == [(request.session_id, request.resume, request.tail) for request in world.agent.requests]
    assert [bool(request.tail) for request in world.agent.requests] == [False, True]


async def test_a_branch_is_prepared_before_anybody_writes_there(world: World) -> None:
    worker = world.start_worker()
    await world.enter.enter_async_context(worker.inbox)
    first, second = await talk(world, worker, "first", "second")
    branch = await worker.forks.branch(ANA, first.thread, second.ts)
    thread = await worker.store.threads.get(branch.thread)
    assert thread is not None
    await until(lambda: len(world.agent.prepared) == 3)
    request = world.agent.prepared[-1]
    assert (request.session_id, request.tail, request.resume) == (thread.session_id, thread.head, True)


async def test_a_branch_that_knows_nothing_is_prepared_too(world: World) -> None:
    worker = world.start_worker()
    await world.enter.enter_async_context(worker.inbox)
    (first,) = await talk(world, worker, "first")
    branch = await worker.forks.branch(ANA, first.thread, first.ts)
    await until(lambda: len(world.agent.prepared) == 2)
    again = world.message("first, differently", root=branch.thread.root_ts)
    await worker.inbox.take(again)
    await until(lambda: len(world.agent.requests) == 2)
    ready, asked = world.agent.prepared[1], world.agent.requests[1]
    assert (ready.session_id, ready.resume) == (asked.session_id, asked.resume) == (asked.session_id, False)


async def test_who_finds_no_place_is_told_where_it_stands(world: World) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    worker = world.start_worker(turns_running=1)
    await world.enter.enter_async_context(worker.inbox)
    messages = [world.message(text) for text in ("first", "second", "third")]
    for message in messages:
        await worker.inbox.take(message)
        await world.agent.wait_for_runs(1)
    await until(lambda: len(world.chat.places) == 2)
    assert world.chat.places == [(messages[1].thread, 1), (messages[2].thread, 2)]
    gate.set()
    await until(lambda: len(world.chat.posted) == 3)
    assert [request.text for request in world.agent.requests] == ["first", "second", "third"]


async def test_who_waits_for_long_is_told_again_where_it_stands(world: World) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    worker = world.start_worker(turns_running=1, place_s=0.05)
    await world.enter.enter_async_context(worker.inbox)
    first, second = world.message("first"), world.message("second")
    for message in (first, second):
        await worker.inbox.take(message)
        await world.agent.wait_for_runs(1)
    await until(lambda: world.chat.places[:3] == [(second.thread, 1)] * 3)
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)


async def test_memory_bounds_how_many_turns_run(world: World) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    worker = world.start_worker(readiness=Ready(spares=["one", "two"], places=1))
    await world.enter.enter_async_context(worker.inbox)
    first, second = world.message("first"), world.message("second")
    for message in (first, second):
        await worker.inbox.take(message)
        await world.agent.wait_for_runs(1)
    await until(lambda: world.chat.places == [(second.thread, 1)])
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)


async def test_the_agent_is_told_whom_to_expect(world: World) -> None:
    ready = Ready()
    world.start_worker(readiness=ready).inbox.expect()
    assert ready.expected == 1


async def test_only_who_waited_visibly_is_unmarked(world: World) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    worker = world.start_worker()
    await world.enter.enter_async_context(worker.inbox)
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    second = world.message("second", root=first.ts)
    await worker.inbox.take(second)
    await until(lambda: world.chat.waiting == {second.ts})
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)
    assert world.chat.unmarked == [second.ts]
