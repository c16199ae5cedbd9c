"""What a run leaves behind: its transcript in the store, its files in the directory, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from bot.agent.environment import RUN_MARK
from bot.agent.processes import end_orphans, owner_mark, remove_orphaned_temp_dirs, run_mark
from bot.agent.settings import PoolBounds
from bot.model import TextDelta
from bot.playground.model import say
from tests.integration.agent.bench import Bench, OpenBench, mark_of, marked_processes, new_session, zombies
from tests.waiting import until


async def test_a_run_leaves_no_process_descriptor_or_file(bench: Bench, temp_root: Path) -> None:
    session = new_session()
    await bench.ask("warm up", session)
    before = psutil.Process().num_fds()
    for text in ("one", "two"):
        await bench.ask(text, session, resume=True)
    assert not marked_processes()
    assert not zombies()
    assert psutil.Process().num_fds() == before
    assert not list(temp_root.iterdir())
    assert not list((bench.root / "claude").rglob("*.jsonl"))
    assert not list((bench.root / "claude").glob("*/runs/*"))


async def test_leaving_a_run_early_ends_all_that_it_started(bench: Bench, temp_root: Path) -> None:
    session, hold = new_session(), asyncio.Event()
    await bench.ask("hello", session)
    bench.model.script(say("a", hold))
    async with bench.run("Tell me", session, resume=True) as run:
        async for event in run:
            if isinstance(event, TextDelta):
                break
        child = _orphan_of_the_run()
    assert child.wait(5) == -signal.SIGKILL
    assert not marked_processes()
    assert not list(temp_root.iterdir())


async def test_a_cancelled_run_ends_all_that_it_started(bench: Bench, temp_root: Path) -> None:
    session, hold = new_session(), asyncio.Event()
    await bench.ask("hello", session)
    bench.model.script(say("a", hold))
    asking = asyncio.create_task(bench.ask("Tell me", session, resume=True))
    await bench.model.wait_for_request(2)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not marked_processes()
    assert not list(temp_root.iterdir())


async def test_a_run_cancelled_while_it_connects_leaves_nothing(bench: Bench, temp_root: Path) -> None:
    session = new_session()
    await bench.ask("hello", session)
    for delay_s in (0.0, 0.01, 0.05, 0.2):
        asking = asyncio.create_task(bench.ask("Tell me", session, resume=True))
        await asyncio.sleep(delay_s)  # not a wait for anything: a moment at which to cancel
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert not marked_processes()
    assert not list(temp_root.iterdir())


async def test_what_a_dead_worker_left_is_removed_at_the_start(
    open_bench: OpenBench, tmp_path: Path, temp_root: Path
) -> None:
    old = temp_root / "claude-resume-old"
    young = temp_root / "claude-resume-young"
    temp = temp_root / "bot-run-old"
    for path in (old, young, temp):
        path.mkdir()
        (path / ".credentials.json").write_text("{}")
    os.utime(old, (1, 1))
    os.utime(temp, (1, 1))
    home = tmp_path / "claude" / "dead"
    home.mkdir(parents=True)
    (home / "lock").touch()
    orphan = _process(run_mark(f"{os.getpid()}@1.00", "x"))  # a worker that had our process id, before us
    async with open_bench(tmp_path), open_bench(tmp_path):
        assert len(list((tmp_path / "claude").iterdir())) == 2, "living workers keep their homes"
    assert orphan.wait(5) == -signal.SIGKILL
    assert not old.exists()
    assert not temp.exists()
    assert young.exists()
    assert not home.exists()


def test_what_a_living_worker_uses_is_left_alone(temp_root: Path) -> None:
    used, temp = temp_root / "claude-resume-used", temp_root / "bot-run-used"
    for path in (used, temp):
        path.mkdir()
        os.utime(path, (1, 1))
    process = _process(run_mark(owner_mark(), "x"), CLAUDE_CONFIG_DIR=str(used), TMPDIR=str(temp))
    try:
        remove_orphaned_temp_dirs()
        assert end_orphans() == 0
        assert used.exists()
        assert temp.exists()
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


async def test_the_cli_is_not_told_the_bots_secrets(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    hold = asyncio.Event()
    bench.model.script(say("a", hold))
    async with bench.run("Tell me", new_session()) as run:
        async for event in run:
            if isinstance(event, TextDelta):
                break
        environs = [process.environ() for process in marked_processes()]
    assert environs
    assert not any("xoxb-secret" in value for environ in environs for value in environ.values())


def _orphan_of_the_run() -> subprocess.Popen[bytes]:
    """A process such as a tool's shell leaves: in a session of its own, marked as the run's."""
    return _process(mark_of(marked_processes()[0]))


def _process(mark: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "60"], env={**os.environ, **environ, RUN_MARK: mark}, start_new_session=True)


async def test_a_process_that_is_still_connecting_is_ended_without_an_error(
    open_bench: OpenBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bounds = PoolBounds(clients=2, spares=1, memory_bytes=8 << 30, client_bytes=1 << 30)
    async with open_bench(tmp_path, bounds):
        await until(lambda: bool(marked_processes()))
    assert not marked_processes()
    assert not zombies()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
