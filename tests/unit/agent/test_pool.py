"""Which processes are kept: by time, number and memory, with processes that only pretend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from bot.agent.memory import MB, MemoryUse
from bot.agent.pool import MEASURE_S, PULSE_S, Census, Pool
from bot.agent.settings import PoolBounds
from tests.memory.state import ManualClock
from tests.waiting import until

BOUNDS = PoolBounds(clients=3, idle_s=100.0, spares=0, memory_bytes=10_000 * MB, client_bytes=500 * MB, client_turns=10)


@dataclass(eq=False)
class Pretended:
    """A process that does as it is told."""

    session_id: str
    turns: int = 0
    sound: bool = True
    awake: bool = True
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    let_close: asyncio.Event | None = None

    @property
    def mark(self) -> str:
        return f"owner/{self.session_id}"

    async def answers(self) -> bool:
        return self.awake

    async def close(self, *, at_once: bool) -> None:
        if self.let_close is not None:
            await self.let_close.wait()
        self.closed.set()


@dataclass
class Scene:
    """A pool, its clock, and what its processes weigh."""

    pool: Pool[Pretended]
    clock: ManualClock
    weights: dict[str, int]
    use: MemoryUse = field(default_factory=lambda: MemoryUse({}))

    def run(self, session_id: str) -> Pretended:
        """Begin a turn."""
        member = self.pool.lend(session_id)
        if member is None:
            member = Pretended(session_id)
            self.pool.admit(member)
        member.turns += 1
        return member

    async def turn(self, session_id: str) -> Pretended:
        """A turn from beginning to end."""
        member = self.run(session_id)
        await self.pool.give_back(member)
        return member

    async def tidy(self, after_s: float = 0.0) -> None:
        self.clock.advance(after_s)
        await self.pool.tidy()


OpenScene = Callable[[PoolBounds], AbstractAsyncContextManager[Scene]]


@pytest.fixture
def open_scene() -> OpenScene:
    @asynccontextmanager
    async def opened(bounds: PoolBounds) -> AsyncIterator[Scene]:
        clock, made = ManualClock(), iter(range(100))
        scene: Scene

        async def measure() -> MemoryUse:
            return replace(scene.use, by_mark=scene.weights)

        pool = Pool(bounds, clock, lambda: Pretended(f"spare-{next(made)}"), measure)
        scene = Scene(pool, clock, {})
        try:
            yield scene
        finally:
            await pool.__aexit__()
        assert pool.census == Census(0, 0, 0)

    return opened


@pytest.fixture
async def scene(open_scene: OpenScene) -> AsyncIterator[Scene]:
    async with open_scene(BOUNDS) as opened:
        yield opened


async def test_a_session_gets_its_own_process_again_and_no_other(scene: Scene) -> None:
    first = await scene.turn("a")
    assert scene.pool.lend("b") is None
    assert scene.pool.lend("a") is first
    assert scene.pool.lend("a") is None, "it is lent once"


async def test_who_is_idle_too_long_is_closed(scene: Scene) -> None:
    early = await scene.turn("early")
    scene.clock.advance(60)
    late = await scene.turn("late")
    await scene.tidy(after_s=60)
    await until(early.closed.is_set)
    assert not late.closed.is_set()


async def test_who_was_used_longest_ago_makes_room(scene: Scene) -> None:
    members = {name: await scene.turn(name) for name in "abc"}
    await scene.turn("a")
    await scene.turn("d")
    await until(members["b"].closed.is_set)
    assert scene.pool.census == Census(0, 3, 0)
    assert not members["a"].closed.is_set()


async def test_a_running_turn_is_never_closed_for_room(scene: Scene) -> None:
    running = [scene.run(name) for name in "abcd"]
    await scene.tidy(after_s=1000)
    assert scene.pool.census == Census(4, 0, 0)
    for member in running:
        await scene.pool.give_back(member)
    await until(running[0].closed.is_set)
    assert not any(member.closed.is_set() for member in running[1:])


async def test_what_can_not_answer_again_has_ended_when_it_is_given_back(scene: Scene) -> None:
    member = scene.run("a")
    member.sound = False
    await scene.pool.give_back(member)
    assert member.closed.is_set()
    assert scene.pool.lend("a") is None


async def test_what_dies_between_turns_is_taken_away(scene: Scene) -> None:
    member = await scene.turn("a")
    member.sound = False
    await scene.tidy()
    await until(member.closed.is_set)


async def test_what_hangs_between_turns_is_taken_away(scene: Scene) -> None:
    hung, awake = await scene.turn("a"), await scene.turn("b")
    await scene.tidy()
    hung.awake = False
    await scene.tidy(after_s=PULSE_S)
    await until(hung.closed.is_set)
    assert not awake.closed.is_set()


async def test_what_ends_while_others_are_asked_for_their_pulse_is_not_ended_twice(scene: Scene) -> None:
    hung, gone = await scene.turn("a"), await scene.turn("b")
    hung.awake = gone.awake = False
    await scene.tidy()
    scene.clock.advance(PULSE_S)
    with capture_logs() as logs:
        await scene.tidy()
        await scene.pool.retire(gone)
        await until(hung.closed.is_set)
    assert [log["why"] for log in logs if log["event"] == "process_closed"] == ["retired", "hung"]


async def test_a_process_is_replaced_after_so_many_turns(scene: Scene) -> None:
    member = scene.run("a")
    for _ in range(BOUNDS.client_turns - 1):
        assert not await scene.pool.give_back(member)
        assert scene.run("a") is member
    assert await scene.pool.give_back(member)
    await until(member.closed.is_set)
    assert await scene.turn("a") is not member


async def test_there_is_room_as_long_as_not_everything_runs(scene: Scene) -> None:
    await scene.turn("idle")
    running = [scene.run(str(number)) for number in range(BOUNDS.clients)]
    assert not scene.pool.has_room
    await scene.pool.give_back(running[0])
    assert scene.pool.has_room


async def test_over_the_memory_bound_the_longest_idle_go(scene: Scene) -> None:
    members = {name: await scene.turn(name) for name in "abc"}
    scene.weights.update({member.mark: 400 * MB for member in members.values()})
    scene.use = MemoryUse({}, shortage_bytes=500 * MB)
    await scene.tidy(after_s=MEASURE_S)
    await until(lambda: members["a"].closed.is_set() and members["b"].closed.is_set())
    assert not members["c"].closed.is_set()


async def test_a_process_that_leaks_is_not_kept(scene: Scene) -> None:
    leaking, idle = await scene.turn("a"), await scene.turn("b")
    running = scene.run("a")
    scene.weights.update({leaking.mark: 600 * MB, idle.mark: 600 * MB})
    await scene.tidy(after_s=MEASURE_S)
    await until(idle.closed.is_set)
    assert not running.closed.is_set(), "not during its turn"
    await scene.pool.give_back(running)
    await until(leaking.closed.is_set)


async def test_no_more_turns_run_than_memory_allows_but_always_one(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, memory_bytes=250 * MB)) as scene:
        assert scene.pool.capacity == BOUNDS.clients
        running = [scene.run(name) for name in "ab"]
        assert scene.pool.capacity == 2
        await scene.pool.retire(running[0])
        assert scene.pool.capacity == BOUNDS.clients
    async with open_scene(replace(BOUNDS, memory_bytes=1)) as scene:
        member = scene.run("a")
        assert scene.pool.capacity == 1
        await scene.pool.give_back(member)


async def test_spares_are_kept_offered_and_replaced(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, clients=6, spares=2)) as scene:
        for _ in range(4):
            await scene.tidy()
        assert scene.pool.census == Census(0, 0, 2)
        offered = [scene.pool.offer() for _ in range(3)]
        assert offered == ["spare-0", "spare-1", ""]
        spare = scene.run("spare-0")
        assert spare.session_id == "spare-0"
        await scene.tidy()
        assert scene.pool.census == Census(1, 1, 1)


async def test_a_declined_spare_is_offered_again_and_one_in_use_is_not(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, spares=1)) as scene:
        await scene.tidy()
        offered = scene.pool.offer()
        scene.pool.decline(offered)
        assert scene.pool.offer() == offered
        await scene.turn(offered)
        scene.pool.decline(offered)
        assert scene.pool.offer() == ""


async def test_a_dead_spare_is_not_offered(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, clients=4, spares=2)) as scene:
        await scene.tidy()
        await scene.tidy()
        spare = scene.pool.lend("spare-0")
        assert spare is not None
        spare.sound = False
        scene.pool.keep(spare)
        scene.pool.decline("spare-0")
        assert scene.pool.offer() == "spare-1"


async def test_spares_take_no_more_than_half_the_places(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, clients=3, spares=5)) as scene:
        for _ in range(5):
            await scene.tidy()
        assert scene.pool.census.spares == 1


async def test_somebody_who_is_expected_finds_a_spare(scene: Scene) -> None:
    await scene.tidy()
    assert scene.pool.census.spares == 0
    scene.pool.expect(for_s=10)
    await scene.tidy()
    assert scene.pool.census.spares == 1
    await scene.tidy(after_s=11)
    assert scene.pool.census.spares == 0


async def test_no_spare_is_started_where_memory_is_short(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, spares=1, memory_bytes=100 * MB)) as scene:
        await scene.tidy()
        assert scene.pool.census.spares == 0


async def test_without_a_pool_every_process_ends_with_its_turn(open_scene: OpenScene) -> None:
    async with open_scene(PoolBounds(clients=0, spares=2)) as scene:
        member = await scene.turn("a")
        assert member.closed.is_set()
        assert scene.pool.capacity is None
        assert scene.pool.offer() == ""


async def test_a_session_waits_for_the_end_of_its_last_process(scene: Scene) -> None:
    member = await scene.turn("a")
    member.let_close = asyncio.Event()
    member.sound = False
    await scene.tidy()
    waiting = asyncio.create_task(scene.pool.gone("a"))
    await scene.pool.gone("b")
    assert not waiting.done()
    member.let_close.set()
    await waiting
    assert member.closed.is_set()


async def test_leaving_closes_whatever_there_is(open_scene: OpenScene) -> None:
    async with open_scene(replace(BOUNDS, spares=1)) as scene:
        await scene.tidy()
        members = [await scene.turn("a"), scene.run("b")]
    assert all(member.closed.is_set() for member in members)


async def test_what_is_to_be_let_go_of_has_ended_and_what_runs_is_left_alone(scene: Scene) -> None:
    idle, other, running = await scene.turn("idle"), await scene.turn("other"), scene.run("running")
    await scene.pool.let_go(lambda member: member is not other)
    assert idle.closed.is_set()
    assert not other.closed.is_set()
    assert not running.closed.is_set()
