"""Sessions that stay live between turns, with the real CLI: fast, bounded, and never ahead of or behind the store."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from bot.agent.environment import RUN_MARK
from bot.agent.pool import Census
from bot.agent.settings import PoolBounds
from bot.clock import SystemClock
from bot.errors import LeaseLost
from bot.model import Ending, Limits, RunRequest, TextDelta, TurnPolicy
from bot.playground.model import say, use_tool
from tests.integration.agent.bench import (
    LIMITS,
    Bench,
    OpenBench,
    a_thread,
    lease_of,
    marked_processes,
    new_session,
    zombies,
)
from tests.policies import WRITING, rules
from tests.waiting import until

GB = 1 << 30
WARM = PoolBounds(clients=4, idle_s=600.0, spares=0, memory_bytes=8 * GB, client_bytes=GB)


class MovedClock(SystemClock):
    """The real clock, which a test can put forward."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


def next_turn(bench: Bench, session: str) -> RunRequest:
    """What is known of a session's next turn before its prompt is written."""
    tail = bench.transcripts.tail(bench.thread, session)
    return RunRequest(lease_of(bench.thread), session, True, "", tail=tail, limits=LIMITS)


def pids() -> set[int]:
    return {process.pid for process in marked_processes()}


async def test_a_follow_up_is_answered_by_the_same_process(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("remember 42", session)
        before = pids()
        assert before
        await bench.ask("what did I say?", session, resume=True)
        assert pids() == before
        assert bench.model.requests[1].prompts == ["remember 42", "what did I say?"]
        assert [lease.token for lease in bench.transcripts.leases][-1] == 2, "each turn writes under its own lease"
    assert not marked_processes()
    assert not zombies()


async def test_a_resumed_session_is_warm_from_then_on(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path) as cold:
        await cold.ask("one", session)
        async with open_bench(tmp_path, WARM) as bench:
            bench.thread = cold.thread
            await bench.ask("two", session, resume=True)
            before = pids()
            await bench.ask("three", session, resume=True)
            assert pids() == before
            assert bench.model.requests[-1].prompts == ["one", "two", "three"]


async def test_a_turn_that_another_worker_ran_in_between_is_known(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as here, open_bench(tmp_path / "other", WARM) as elsewhere:
        elsewhere.thread = here.thread
        await here.ask("one", session)
        await elsewhere.ask("two", session, resume=True)
        await here.ask("three", session, resume=True)
        assert here.model.requests[-1].prompts == ["one", "two", "three"]


async def test_a_title_does_not_end_a_warm_session(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        before = pids()
        await bench.sessions.rename(bench.lease, session, "A title")
        await bench.ask("two", session, resume=True)
        assert pids() == before


async def test_a_session_that_goes_on_from_an_earlier_entry_is_resumed(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        head = bench.transcripts.tail(bench.thread, session)
        await bench.ask("never mind", session, resume=True)
        await bench.ask("two", session, resume=True, resume_at=head)
        assert bench.model.requests[-1].prompts == ["one", "two"]
        await bench.ask("three", session, resume=True)
        assert bench.model.requests[-1].prompts == ["one", "two", "three"]


async def test_what_has_served_its_turns_is_replaced_before_the_next(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, replace(WARM, client_turns=1)) as bench:
        for turn, text in enumerate(("one", "two", "three")):
            asked = pids()
            await bench.ask(text, session, resume=turn > 0)
            await until(lambda: bench.agent.census == Census(0, 1, 0) and len(marked_processes()) == 1)
            if turn:
                assert bench.model.requests[-1].prompts == ["one", "two", "three"][: turn + 1]
                assert pids().isdisjoint(asked)


async def test_who_is_idle_too_long_is_closed_and_resumed_later(open_bench: OpenBench, tmp_path: Path) -> None:
    session, clock = new_session(), MovedClock()
    async with open_bench(tmp_path, WARM, clock) as bench:
        await bench.ask("one", session)
        clock.ahead_s = WARM.idle_s + 1
        await until(lambda: not marked_processes())
        assert bench.agent.census == Census(0, 0, 0)
        await bench.ask("two", session, resume=True)
        assert bench.model.requests[-1].prompts == ["one", "two"]


async def test_who_was_used_longest_ago_makes_room(open_bench: OpenBench, tmp_path: Path) -> None:
    bounds = PoolBounds(clients=2, memory_bytes=8 * GB, client_bytes=GB)
    sessions = {new_session(): a_thread() for _ in range(3)}
    async with open_bench(tmp_path, bounds) as bench:
        for session, thread in sessions.items():
            await bench.ask("hello", session, thread=thread)
        await until(lambda: len(marked_processes()) == 2)
        before = pids()
        for session, thread in list(sessions.items())[1:]:
            await bench.ask("again", session, thread=thread, resume=True)
        assert pids() == before


async def test_a_new_thread_takes_a_spare_and_the_spare_is_replaced(open_bench: OpenBench, tmp_path: Path) -> None:
    bounds = PoolBounds(clients=4, spares=1, memory_bytes=8 * GB, client_bytes=GB)
    async with open_bench(tmp_path, bounds) as bench:
        await until(lambda: bench.agent.census.spares == 1)
        before = pids()
        session = bench.agent.offer_session_id()
        await bench.ask("hello", session)
        assert before <= pids()
        assert bench.agent.census.idle == 1
        await until(lambda: bench.agent.census.spares == 1)
        await bench.ask("again", session, resume=True)
        assert bench.model.requests[-1].prompts == ["hello", "again"]
        other = bench.agent.offer_session_id()
        assert other != session
        bench.agent.decline_session_id(other)
        assert bench.agent.offer_session_id() == other


async def test_a_spare_knows_nothing_of_any_session(open_bench: OpenBench, tmp_path: Path) -> None:
    bounds = PoolBounds(clients=4, spares=1, memory_bytes=8 * GB, client_bytes=GB)
    async with open_bench(tmp_path, bounds) as bench:
        await until(lambda: len(marked_processes()) == 1)
        taken = pids()
        first = bench.agent.offer_session_id()
        await bench.ask("the secret is xyzzy", first)
        (bench.workdir(first) / "secret.txt").write_text("xyzzy")
        await until(lambda: len(marked_processes()) == 2)
        second = bench.agent.offer_session_id()
        spare = next(process for process in marked_processes() if process.pid not in taken)
        assert Path(spare.cwd()) == bench.workdir(second)
        assert not list(bench.workdir(second).iterdir())
        assert not any(first in value for value in [*spare.environ().values(), *spare.cmdline()])
        await bench.ask("what is the secret?", second, thread=a_thread())
        assert "xyzzy" not in str(bench.model.requests[-1].raw["messages"])
        assert "xyzzy" not in bench.model.requests[-1].system


async def test_a_spare_that_nobody_took_leaves_nothing(open_bench: OpenBench, tmp_path: Path, temp_root: Path) -> None:
    bounds = PoolBounds(clients=2, spares=1, memory_bytes=8 * GB, client_bytes=GB)
    async with open_bench(tmp_path, bounds) as bench:
        await until(lambda: bench.agent.census.spares == 1)
    assert not marked_processes()
    assert not list((tmp_path / "sessions").iterdir())
    assert not list(temp_root.iterdir())


async def test_a_process_that_dies_between_turns_is_not_missed(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        for process in marked_processes():
            process.kill()
        told = await bench.ask("two", session, resume=True)
        if told.outcome.ending is Ending.CRASHED:  # it was asked before its end was noticed: the core asks again
            told = await bench.ask("two", session, resume=True)
        assert told.outcome.ending is Ending.DONE
        assert bench.model.requests[-1].prompts[-1] == "two"


async def test_a_process_that_hangs_is_replaced(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM, stall_s=0.3) as bench:
        await bench.ask("one", session)
        for process in marked_processes():
            os.kill(process.pid, signal.SIGSTOP)
        told = await bench.ask("two", session, resume=True)
        assert told.outcome.ending is Ending.CRASHED
        assert not marked_processes()
        told = await bench.ask("two", session, resume=True)
        assert told.outcome.ending is Ending.DONE


async def test_a_model_that_thinks_long_is_waited_for(open_bench: OpenBench, tmp_path: Path) -> None:
    hold = asyncio.Event()
    async with open_bench(tmp_path, WARM, stall_s=0.2) as bench:
        bench.model.script(say("at last", hold))
        asking = asyncio.create_task(bench.ask("hello", new_session()))
        await bench.model.wait_for_request(1)
        await asyncio.sleep(1.0)  # longer than `stall_s`, several times
        hold.set()
        assert (await asking).text == "at last"


async def test_a_stopped_turn_leaves_its_process_usable(open_bench: OpenBench, tmp_path: Path) -> None:
    session, hold = new_session(), asyncio.Event()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        before = pids()
        bench.model.script(say("a long story", hold))
        async with bench.run("tell me", session, resume=True) as run:
            async for event in run:
                if isinstance(event, TextDelta):
                    await run.interrupt()
        hold.set()
        told = await bench.ask("two", session, resume=True)
        assert (told.outcome.ending, told.text) == (Ending.DONE, "ok")
        assert pids() == before


async def test_a_turn_that_is_left_early_ends_its_process(open_bench: OpenBench, tmp_path: Path) -> None:
    session, hold = new_session(), asyncio.Event()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        bench.model.script(say("a", hold))
        async with bench.run("tell me", session, resume=True) as run:
            async for event in run:
                if isinstance(event, TextDelta):
                    break
        assert not marked_processes()
        hold.set()


async def test_a_lost_lease_ends_the_process(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        kept = list(bench.transcripts.entries[bench.thread, session, ""])
        bench.transcripts.lost = True
        with pytest.raises(LeaseLost):
            await bench.ask("two", session, resume=True)
        assert not marked_processes()
        assert bench.transcripts.entries[bench.thread, session, ""] == kept


async def test_another_model_needs_no_other_process(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        before = pids()
        await bench.ask("two", session, resume=True, model="claude-opus-4-5")
        await bench.ask("three", session, resume=True)
        assert [request.model for request in bench.model.requests] == [
            "claude-sonnet-5",
            "claude-opus-4-5",
            "claude-sonnet-5",
        ]
        assert pids() == before
        exchanges = await bench.sessions.exchanges(bench.thread, session, 5)
        assert [exchange.prompt for exchange in exchanges] == ["one", "two", "three"]


async def test_another_policy_holds_at_once_and_needs_no_other_process(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        note = bench.workdir(session) / "note.txt"
        write = use_tool("Write", {"file_path": str(note), "content": "x"})
        await bench.ask("one", session)
        before = pids()
        bench.policy = TurnPolicy(((rules(deny=["Write"]),),))
        bench.model.script(write, say("I may not."))
        refused = await bench.ask("two", session, resume=True)
        assert [tool.ok for tool in refused.finished] == [False]
        assert not note.exists()
        bench.policy = WRITING
        bench.model.script(write, say("done"))
        allowed = await bench.ask("three", session, resume=True)
        assert [tool.ok for tool in allowed.finished] == [True]
        assert note.read_text() == "x"
        assert pids() == before


async def test_two_processes_share_no_directory_and_no_mark(open_bench: OpenBench, tmp_path: Path) -> None:
    bounds = PoolBounds(clients=4, spares=2, memory_bytes=8 * GB, client_bytes=GB)
    async with open_bench(tmp_path, bounds) as bench:
        await until(lambda: bench.agent.census.spares == 2 and len(marked_processes()) == 2)
        one, other = marked_processes()
        assert one.cwd() != other.cwd()
        for name in ("CLAUDE_CODE_TMPDIR", RUN_MARK):
            assert one.environ()[name] != other.environ()[name]


async def test_other_limits_are_kept_by_another_process(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path, WARM) as bench:
        await bench.ask("one", session)
        before = pids()
        note = bench.workdir(session) / "a.txt"
        note.write_text("a")
        bench.model.script(use_tool("Read", {"file_path": str(note)}))
        told = await bench.ask("two", session, resume=True, limits=Limits(max_turns=1))
        assert told.outcome.ending is Ending.MAX_TURNS
        assert pids().isdisjoint(before)


async def test_each_turn_tells_its_own_cost_and_has_its_own_budget(open_bench: OpenBench, tmp_path: Path) -> None:
    session, limits = new_session(), Limits(max_budget_usd=0.05)
    async with open_bench(tmp_path, WARM) as bench:
        costs = []
        for number in range(8):
            told = await bench.ask(f"hello {number}", session, resume=number > 0, limits=limits)
            assert told.outcome.ending is Ending.DONE
            costs.append(told.outcome.cost_usd)
        assert sum(costs) > 0.05
        assert max(costs) < 3 * min(costs)


async def test_what_has_spent_too_much_is_replaced_before_the_next_turn(open_bench: OpenBench, tmp_path: Path) -> None:
    session, limits = new_session(), Limits(max_budget_usd=0.05)
    async with open_bench(tmp_path, WARM) as bench:
        waited: set[int] = set()
        for turn in range(3):
            told = await bench.ask("hello", session, resume=turn > 0, limits=limits)
            assert told.outcome.cost_usd > 0.005, "a tenth of the budget"
            await until(lambda: bench.agent.census == Census(0, 1, 0) and len(marked_processes()) == 1)
            assert pids().isdisjoint(waited)
            waited = pids()
        assert bench.model.requests[-1].prompts == ["hello"] * 3


async def test_a_prepared_session_is_connected_before_its_turn(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path) as cold:
        await cold.ask("one", session)
        async with open_bench(tmp_path, WARM) as bench:
            bench.thread = cold.thread
            request = next_turn(bench, session)
            bench.agent.prepare(request, bench.workdir(session))
            bench.agent.prepare(request, bench.workdir(session))
            await until(lambda: bench.agent.census.idle == 1 and bool(marked_processes()))
            before = pids()
            await bench.ask("two", session, resume=True)
            assert pids() == before
            assert bench.model.requests[-1].prompts == ["one", "two"]


async def test_what_was_prepared_and_then_overtaken_is_not_used(open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    async with open_bench(tmp_path) as cold:
        await cold.ask("one", session)
        async with open_bench(tmp_path, WARM) as bench:
            bench.thread = cold.thread
            request = next_turn(bench, session)
            bench.agent.prepare(request, bench.workdir(session))
            await until(lambda: bool(marked_processes()))
            await cold.ask("two", session, resume=True)
            await bench.ask("three", session, resume=True)
            assert bench.model.requests[-1].prompts == ["one", "two", "three"]


@pytest.mark.slow
async def test_churn_leaves_nothing_and_grows_nothing(open_bench: OpenBench, tmp_path: Path, temp_root: Path) -> None:
    bounds = PoolBounds(clients=2, spares=1, memory_bytes=8 * GB, client_bytes=GB, client_turns=3)
    me = psutil.Process()
    async with open_bench(tmp_path, bounds) as bench:
        counts = []
        for number in range(12):
            thread, session = a_thread(), bench.agent.offer_session_id()
            for turn in range(1 + number % 4):
                await bench.ask("hello", session, thread=thread, resume=turn > 0)
            if number % 4 == 3:
                await until(lambda: bench.agent.census == Census(0, 1, 1) and len(marked_processes()) == 2)
                counts.append((me.num_fds(), len(list(temp_root.iterdir()))))
        assert not zombies()
        assert max(counts) <= counts[0], counts
        assert not list((tmp_path / "claude").glob("*/config/projects/*/*.jsonl"))[2:]
    assert not marked_processes()
    assert not list(temp_root.iterdir())
    assert not list((tmp_path / "claude").iterdir())


async def test_a_spare_that_is_still_connecting_is_not_taken_for_hung(open_bench: OpenBench, tmp_path: Path) -> None:
    with capture_logs() as entries:
        async with open_bench(tmp_path, replace(WARM, spares=1)) as bench:
            await until(lambda: bool(marked_processes()))
            await bench.ask("hello", new_session())
    assert not [entry for entry in entries if entry["event"] == "no_answer_to_ping"]
