from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bot.errors import StartError
from bot.stopping import run_until_stopped

ROOT = Path(__file__).parents[2]
BOUND_S = 20.0

PROGRAM = """
import asyncio, subprocess, sys
from bot import logs, stopping
from bot.config import LogFormat

async def work(stop):
    child = subprocess.Popen(["sleep", "60"])
    print(child.pid, flush=True)
    await stop.wait()
    print("draining", flush=True)
    if sys.argv[1] == "ends":
        child.kill()
        child.wait()
    else:
        await asyncio.sleep(60)

logs.set_up(LogFormat.TEXT)
stopping.run_until_stopped(work)
"""


class Worker:
    """A process that works until it is stopped, with a child of its own."""

    def __init__(self, manner: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, manner], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.child = psutil.Process(int(self.says()))

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def logs(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().strip()

    def status(self) -> int:
        return self.process.wait(timeout=BOUND_S)

    def clear_away(self) -> None:
        self.process.kill()
        if self.child.is_running():
            self.child.kill()
        self.process.communicate(timeout=BOUND_S)


def has_ended(process: psutil.Process) -> bool:
    """Also when nobody has asked for its status yet, as in a container without an init."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def start() -> Iterator[Callable[[str], Worker]]:
    started: list[Worker] = []

    def worker(manner: str) -> Worker:
        started.append(Worker(manner))
        return started[-1]

    yield worker
    for each in started:
        each.clear_away()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_work_end_in_its_own_time(start: Callable[[str], Worker], by: signal.Signals) -> None:
    worker = start("ends")

    worker.process.send_signal(by)

    assert worker.says() == "draining"
    assert worker.status() == 0


def test_a_second_interrupt_ends_everything_at_once(start: Callable[[str], Worker]) -> None:
    worker = start("lingers")
    worker.process.send_signal(signal.SIGINT)
    assert worker.says() == "draining"

    worker.process.send_signal(signal.SIGINT)

    assert worker.status() == 130
    psutil.wait_procs([worker.child], timeout=BOUND_S)
    assert has_ended(worker.child)


def test_a_second_sigterm_changes_nothing(start: Callable[[str], Worker]) -> None:
    worker = start("lingers")

    for _ in range(2):
        worker.process.terminate()
        assert "stop_asked" in worker.logs()

    assert worker.process.poll() is None


def test_what_the_work_raises_is_raised() -> None:
    async def work(_stop: object) -> None:
        raise StartError("Redis is away")

    with pytest.raises(StartError, match="Redis is away"):
        run_until_stopped(work)
