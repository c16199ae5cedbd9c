"""A `redis-server` of the playground's own, where the machine has one."""

from __future__ import annotations

import asyncio
import shutil
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

START_BOUND_S = 15.0
"""Seconds within which the server must answer; loading a large append-only file takes a while."""

RESTART_PAUSE_S = 1.0
"""Seconds before a server that ended by itself is started again."""


class RedisServer:
    """Runs a server on the loopback, with its append-only file in `folder`, until the context is left.

    One that ends by itself is started again on the same port.
    """

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    def found(cls, folder: Path) -> RedisServer | None:
        """One, if `redis-server` is on the PATH."""
        program = shutil.which("redis-server")
        return cls(program, folder) if program else None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._start()
        self._watch = asyncio.create_task(self._keep_running(), name="redis-server watch")
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _start(self) -> None:
        # A group of its own: Ctrl-C in the terminal must not end it before the bot has drained.
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            *("--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder.resolve())),
            *("--appendonly", "yes", "--save", "", "--daemonize", "no", "--loglevel", "warning"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        async with asyncio.timeout(START_BOUND_S):
            while not await self._answers():
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        client = redis.Redis(host="127.0.0.1", port=self._port, socket_timeout=1.0)
        try:
            return bool(await client.ping())
        except RedisError:
            return False
        finally:
            await client.aclose()

    async def _keep_running(self) -> None:
        while self._process is not None:
            code = await self._process.wait()
            log.warning("redis_server_ended", code=code)
            await asyncio.sleep(RESTART_PAUSE_S)
            await self._start()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
