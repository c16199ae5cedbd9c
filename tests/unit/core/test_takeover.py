"""How soon people get their answers when a worker dies or the store is away, with the bounds that hold by default."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.desk import DeskBounds
from bot.errors import StoreAway
from bot.model import Address, Message, TextDelta, ThreadKey
from bot.patience import PATIENCE_S
from tests.contracts.world import MemoryWorld, open_world
from tests.fakes_agent import Script
from tests.unit.core.crashing import LEASE_S, CrashingWorker, Facts, OneSlack

TAKEOVER_S = 15.0
MINUTE_S = 60.0


@dataclass
class Scene:
    """Workers on one clock that the test moves."""

    world: MemoryWorld
    folder: Path
    chat: OneSlack = field(default_factory=OneSlack)
    facts: Facts = field(default_factory=Facts)
    busy: list[int] = field(default_factory=lambda: [0])
    workers: list[CrashingWorker] = field(default_factory=list)

    async def start(self) -> CrashingWorker:
        name = f"w{len(self.workers) + 1}"
        memory = self.world.memory
        worker = CrashingWorker(name, self.world.worker(name), memory, self.chat, self.facts, self.busy, self.folder)
        self.workers.append(worker)
        await worker.start()
        return worker

    async def until(self, done: Callable[[], bool], within_s: float) -> float:
        """Let time pass until something is so. Returns after how many seconds."""
        clock = self.world.memory.clock
        began = clock.now()
        await self.settle()
        while not done():
            assert clock.now() - began < within_s, "it took too long"
            clock.advance(0.1)
            await self.settle()
        return clock.now() - began

    async def time_passes(self, seconds: float) -> None:
        until = self.world.memory.clock.now() + seconds
        await self.until(lambda: self.world.memory.clock.now() >= until, seconds + 1)

    async def settle(self) -> None:
        quiet = 0
        while quiet < 20:
            await asyncio.sleep(0)
            quiet = 0 if self.busy[0] else quiet + 1

    def answered(self, *messages: Message) -> bool:
        """Whether each of them is part of a turn that ended, and nothing else is."""
        turns = [turn for number, turn in self.facts.began.values() if turn.id in self.facts.finished]
        return sorted(m.ts for turn in turns for m in turn.prompt.messages) == sorted(m.ts for m in messages)


def message(number: int, thread: int = 1) -> Message:
    key = ThreadKey("T1", "C1", f"170000000{thread}.000000")
    return Message(key, f"17000001{number:02d}.000000", "U1", f"say {number}", Address.BOT, is_dm=True)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world("memory", ""))
        assert isinstance(world, MemoryWorld)
        scene = Scene(world, tmp_path)
        yield scene
        for worker in scene.workers:
            await worker.bury()


def test_the_bounds_here_are_the_default_ones() -> None:
    assert DeskBounds().lease_s == LEASE_S


@pytest.mark.parametrize("after", range(0, 24, 2))
async def test_a_killed_workers_thread_is_answered_within_15_seconds(scene: Scene, after: int) -> None:
    """However far it came: `after` halves of calls of the store."""
    first, _ = await scene.start(), await scene.start()
    said = message(1)
    await first.inbox.take(said)
    first.gate.let(after)
    await scene.settle()
    first.kill()
    assert await scene.until(lambda: scene.answered(said), TAKEOVER_S) <= TAKEOVER_S
    assert len(scene.chat.posted_turns) == 1


async def test_what_waits_behind_a_killed_workers_turn_comes_within_15_seconds_too(scene: Scene) -> None:
    first, second = await scene.start(), await scene.start()
    first.agent.scripts = [Script([TextDelta("half")], gate=asyncio.Event())]
    await first.inbox.take(message(1))
    await first.agent.wait_for_runs(1)
    await second.inbox.take(message(2))
    first.kill()
    await scene.until(lambda: scene.answered(message(1), message(2)), TAKEOVER_S)
    assert not scene.facts.fenced_writes


async def test_a_turn_lives_through_a_minute_without_the_store(scene: Scene) -> None:
    worker, other = await scene.start(), await scene.start()
    gate = asyncio.Event()
    worker.agent.scripts = [Script([TextDelta("half")], gate=gate)]
    await worker.inbox.take(message(1))
    await worker.agent.wait_for_runs(1)
    worker.gate.away = other.gate.away = True
    gate.set()
    await scene.time_passes(MINUTE_S)
    with pytest.raises(StoreAway):
        await other.inbox.take(message(2))
    worker.gate.away = other.gate.away = False
    await other.inbox.take(message(2))
    assert await scene.until(lambda: scene.answered(message(1), message(2)), TAKEOVER_S) < 5.0
    assert [turn.attempt for _, turn in scene.facts.began.values()] == [1, 1]
    assert len(worker.agent.requests) + len(other.agent.requests) == 2, "the model is not asked again"
    bodies = await scene.world.worker().transcripts.load(message(1).thread, worker.agent.requests[0].session_id, "")
    assert [body.partition(":")[0] for body in bodies or ()] == ["user", "assistant"] * 2


async def test_a_turn_that_nobody_could_wait_for_is_found_when_the_store_is_back(scene: Scene) -> None:
    worker = await scene.start()
    await worker.inbox.take(message(1))
    worker.gate.away = True
    await scene.time_passes(2 * PATIENCE_S)
    assert not scene.answered(message(1))
    worker.gate.away = False
    await scene.until(lambda: scene.answered(message(1)), TAKEOVER_S)
