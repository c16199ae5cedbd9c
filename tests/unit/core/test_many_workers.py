"""Whatever happens between two calls of the store: each message is answered once, in order, by one worker at a time."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.model import Address, Message, ThreadKey
from tests.contracts.world import MemoryWorld, RedisWorld, World, open_world
from tests.fakes import Memory
from tests.redis_server import redis_server
from tests.unit.core.crashing import CrashingWorker, Facts, OneSlack

WORKERS = 3
THREADS = [ThreadKey("T1", "C1", f"170000000{n}.000000") for n in range(2)]
MANY_STEPS = 60

pytestmark = pytest.mark.timeout(300)
"""What Hypothesis finds it makes short, which takes it minutes; a time-out in the middle of that would tell nothing."""

workers = st.integers(0, WORKERS - 1)


class ManyWorkers(RuleBasedStateMachine):
    """Several workers, two threads, and everything that goes wrong."""

    kind: ClassVar[str]
    url: ClassVar[str] = ""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.busy = [0]
        self.facts, self.chat = Facts(), OneSlack()
        self.sent: list[Message] = []
        self.starts = 0
        self.runner.run(self._set_up())

    async def _set_up(self) -> None:
        self.closing: Any = open_world(self.kind, self.url)
        self.world: World = await self.closing.__aenter__()
        self.memory = self.world.memory if isinstance(self.world, MemoryWorld) else Memory()
        self.up = [await self._new_worker() for _ in range(WORKERS)]
        self.graveyard: list[CrashingWorker] = []
        await self._settle()

    async def _new_worker(self) -> CrashingWorker:
        self.starts += 1
        name = f"w{self.starts}"
        worker = CrashingWorker(
            name, self.world.worker(name), self.memory, self.chat, self.facts, self.busy, Path(self.folder.name)
        )
        await worker.start()
        return worker

    async def _settle(self) -> None:
        """Let everything run that can, until it waits for a gate or the clock."""
        quiet = 0
        while quiet < 30:
            await asyncio.sleep(0 if not self.busy[0] else 0.0002)
            quiet = 0 if self.busy[0] else quiet + 1

    async def _pass(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.memory.clock.advance(1.0)
            for thread, ends in list(self.facts.lease_ends.items()):
                if isinstance(self.world, RedisWorld) and ends <= self.memory.clock.now():
                    del self.facts.lease_ends[thread]  # first: it may be revived at any moment
                    await self.world.lease_runs_out(thread)
            await self._settle()

    # --- what happens ---------------------------------------------------------------------------------------------

    @rule(thread=st.sampled_from(THREADS), number=st.integers(1, 99), to=workers)
    def a_message_comes(self, thread: ThreadKey, number: int, to: int) -> None:
        """Neither in order nor once."""
        ts = f"17000001{number:02d}.000000"
        message = Message(thread, f"{ts[:-1]}{THREADS.index(thread)}", "U1", f"say {ts}", Address.BOT, is_dm=True)
        if message not in self.sent:
            self.sent.append(message)
        self.up[to].take(message)
        self.runner.run(self._settle())

    @rule(to=workers, data=st.data())
    def a_message_comes_again(self, to: int, data: st.DataObject) -> None:
        if self.sent:
            self.up[to].take(data.draw(st.sampled_from(self.sent)))
            self.runner.run(self._settle())

    @rule(who=workers, after=st.integers(0, 30))
    def a_worker_freezes(self, who: int, after: int) -> None:
        """Soon: after so many halves of calls."""
        self.up[who].gate.let(after)
        self.runner.run(self._settle())

    @rule(who=workers)
    def a_worker_thaws(self, who: int) -> None:
        self.up[who].gate.let(None)
        self.runner.run(self._settle())

    @rule(who=workers, number=st.integers(1, 99), after=st.integers(1, 40))
    def a_worker_dies_in_the_middle_of_a_turn(self, who: int, number: int, after: int) -> None:
        self.up[who].gate.let(after)
        self.a_message_comes(THREADS[0], number, who)
        self.a_worker_is_killed_and_another_started(who)
        self.time_passes(12)

    @rule(who=workers, number=st.integers(1, 99), after=st.integers(1, 40))
    def a_worker_sleeps_through_its_lease_in_the_middle_of_a_turn(self, who: int, number: int, after: int) -> None:
        self.up[who].gate.let(after)
        self.a_message_comes(THREADS[1], number, who)
        self.time_passes(15)
        self.a_worker_thaws(who)

    @rule(who=workers)
    def a_worker_is_killed_and_another_started(self, who: int) -> None:
        self.up[who].kill()
        self.graveyard.append(self.up[who])
        self.up[who] = self.runner.run(self._new_worker())
        self.runner.run(self._settle())

    @rule(who=workers, lost=st.integers(1, 2))
    def answers_of_the_store_get_lost(self, who: int, lost: int) -> None:
        self.up[who].gate.loses_answers = lost

    @rule(who=workers)
    def the_store_is_away_for_a_worker(self, who: int) -> None:
        self.up[who].gate.away = True

    @rule()
    def the_store_is_back(self) -> None:
        for worker in self.up:
            worker.gate.away = False

    @rule(seconds=st.integers(1, 25))
    def time_passes(self, seconds: int) -> None:
        self.runner.run(self._pass(seconds))

    # --- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def nobody_writes_without_the_lease(self) -> None:
        if hasattr(self, "facts"):
            assert not self.facts.fenced_writes

    def teardown(self) -> None:
        if not hasattr(self, "facts"):
            return
        try:
            self.runner.run(self._calm_down())
            self._judge()
        finally:
            self.runner.run(self._tear_down())
            self.runner.close()
            self.folder.cleanup()

    async def _calm_down(self) -> None:
        """All goes well from here on, and Slack sends once more what nobody has acknowledged."""
        for worker in self.up:
            worker.gate.away, worker.gate.loses_answers = False, 0
            worker.gate.let(None)
        await self._settle()
        for message in self.sent:
            self.up[0].take(message)
        await self._pass(60)

    def _judge(self) -> None:
        finished = [self.facts.began[turn] for turn in self.facts.finished]
        answered = [message.ts for _, turn in finished for message in turn.prompt.messages]
        assert sorted(answered) == sorted(message.ts for message in self.sent)
        assert set(self.chat.posted_turns) == set(self.facts.finished)
        for thread in THREADS:
            turns = [(number, turn) for number, turn in finished if turn.thread.key == thread]
            for number, turn in turns:
                tss = [message.ts for message in turn.prompt.messages]
                assert tss == sorted(tss)
                later = [m.ts for n, other in turns if n > number for m in other.prompt.messages]
                assert all(ts > tss[-1] or self.facts.accepted[ts] > number for ts in later)

    async def _tear_down(self) -> None:
        for worker in (*self.up, *self.graveyard):
            await worker.bury()
        await self.closing.__aexit__(None, None, None)


def run(kind: str, url: str, examples: int) -> None:
    machine = type(f"ManyWorkersOn{kind.title()}", (ManyWorkers,), {"kind": kind, "url": url})
    bounded = settings(
        max_examples=examples,
        stateful_step_count=MANY_STEPS,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=bounded)


def test_workers_on_a_store_in_memory() -> None:
    run("memory", "", 40)


def test_workers_on_fakeredis() -> None:
    run("fakeredis", "", 8)


@pytest.mark.redis
def test_workers_on_a_real_redis() -> None:
    with redis_server() as server:
        run("redis", server.url, 10)
