"""What the chaos run breaks: worker processes and a redis-server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from redis import exceptions as redis_errors
from redis.asyncio import Redis

ROOT = Path(__file__).parents[2]
START_S = 20.0


@dataclass
class WorkerProcess:
    """One `bot run`, in a process group of its own. What it logs goes to a file."""

    name: str
    env: Mapping[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    wanted: bool = False
    """Whether it is to run: then `supervise` starts it again when it ends by itself."""

    async def supervise(self) -> None:
        """Be what systemd or Kubernetes is for a worker."""
        while True:
            await asyncio.sleep(0.5)
            if self.wanted and self.process is not None and self.process.poll() is not None:
                self.start()

    def start(self) -> None:
        """Start it, on a disk that knows nothing of what ran before."""
        self.starts += 1
        self.wanted = True
        home = self.folder / f"{self.name}-{self.starts}"
        home.mkdir(parents=True)
        with (home / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.worker", "run"],
                env={**self.env, "PYTHONPATH": str(ROOT), "BOT_DATA_DIR": str(home / "data"), "HOME": str(home)},
                cwd=home,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def signal(self, sent: signal.Signals, *, group: bool = True) -> None:
        """Signal the process, or all its group."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, sent)

    async def ended(self, timeout_s: float) -> None:
        """Wait for its end, for good; kill it when that takes too long."""
        self.wanted = False
        assert self.process is not None
        try:
            async with asyncio.timeout(timeout_s):
                while self.process.poll() is None:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            self.process.wait()


@dataclass
class RedisProcess:
    """A redis-server that writes everything to disk before it answers, on a port that it keeps."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._spawn(program)
        async with asyncio.timeout(START_S), Redis.from_url(self.url) as client:
            while True:
                with suppress(redis_errors.RedisError):
                    await client.ping()
                    return
                await asyncio.sleep(0.02)

    def _spawn(self, program: str) -> None:
        self.process = subprocess.Popen(
            [
                *(program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            ],
            stdout=subprocess.DEVNULL,
        )

    def signal(self, sent: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sent)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
