"""The agent: runs prompts in sessions, each in a process of the real CLI that may outlive the run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog

from bot.agent import sandbox
from bot.agent.home import AgentHome
from bot.agent.live import LiveSession
from bot.agent.memory import MemoryUse, measured
from bot.agent.pool import Census, Pool
from bot.agent.processes import end_orphans, owner_mark, remove_orphaned_temp_dirs
from bot.agent.run import ClaudeRun
from bot.agent.settings import AgentSettings
from bot.agent.starter import Starter
from bot.clock import SystemClock
from bot.errors import StartError
from bot.model import RunRequest, ThreadKey
from bot.ports import Clock, Run, Transcripts
from bot.tasks import end

log = structlog.get_logger(__name__)


class ClaudeAgent:
    """Implements `bot.ports.Agent` and `bot.ports.Readiness`. Open it as an async context before the first run.

    Args:
        transcripts: where sessions are kept.
    """

    def __init__(
        self,
        transcripts: Transcripts,
        settings: AgentSettings,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._home = AgentHome(settings.data_dir, settings.environ)
        self._owner = owner_mark()
        self._starter = Starter(transcripts, settings, self._home, self._owner)
        self._pool: Pool[LiveSession] = Pool(settings.warm, clock or SystemClock(), self._starter.spare, self._measure)
        self._preparing: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        """Take up a home, and clear away what dead workers left: processes, credentials, files.

        Raises:
            StartError: the data directory can't be written.
        """
        try:
            await asyncio.to_thread(self._home.open)
        except OSError as error:
            raise StartError(f"the data directory {self._settings.data_dir} can't be used: {error.strerror}") from error
        await asyncio.to_thread(self._sweep)
        await self._look_for_sandbox()
        await self._pool.__aenter__()
        return self

    async def _look_for_sandbox(self) -> None:
        environ = self._settings.environ
        why_not = await asyncio.to_thread(sandbox.missing, environ)
        if why_not:
            log.warning("commands_not_sandboxed", why=why_not, then="each one is asked about")
        else:
            self._starter.sandbox = sandbox.Sandbox.around(environ, self._settings.data_dir)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await end(self._preparing.values())
        await self._pool.__aexit__()
        await asyncio.to_thread(self._home.close)

    @property
    def census(self) -> Census:
        """How many processes there are."""
        return self._pool.census

    @property
    def memory_bytes(self) -> int:
        """What they weigh together, as measured last."""
        return self._pool.memory_bytes

    def run(self, request: RunRequest, workdir: Path) -> AbstractAsyncContextManager[Run]:
        """A run of the request in this directory. Leaving the context ends its process tree, or leaves it at rest."""
        return self._run(request, workdir.resolve())

    # --- getting ready ------------------------------------------------------------------------------------------------

    def prepare(self, request: RunRequest, workdir: Path) -> None:
        """Have a process of the session connected, or connecting, when `run` asks for it; where there is room."""
        session_id = request.session_id
        if self._settings.warm.clients and self._pool.has_room and session_id not in self._preparing:
            task = asyncio.create_task(self._prepare(request, workdir.resolve()), name=f"prepare {session_id}")
            self._preparing[session_id] = task
            task.add_done_callback(lambda _: self._preparing.pop(session_id, None))

    def offer_session_id(self) -> str:
        return self._pool.offer() or str(uuid4())

    def decline_session_id(self, session_id: str) -> None:
        self._pool.decline(session_id)

    def expect_session(self) -> None:
        self._pool.expect()

    def capacity(self) -> int | None:
        return self._pool.capacity

    async def let_go(self, thread: ThreadKey) -> None:
        """End the thread's idle processes: they know what it is not to know any more."""
        if self._preparing:
            await asyncio.wait(self._preparing.values())
        await self._pool.let_go(lambda live: live.thread == thread)

    # --- processes --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _run(self, request: RunRequest, workdir: Path) -> AsyncIterator[Run]:
        preparing = self._preparing.get(request.session_id)
        if preparing is not None:
            await asyncio.wait([preparing])
        live = await self._live(request, workdir)
        run = ClaudeRun(request, live, request.model or self._settings.model, self._settings.stop_grace_s)
        try:
            yield run
        finally:
            try:
                await run.close()
            finally:
                if await self._pool.give_back(live, worn=live.worn(request.limits)):
                    self.prepare(_next_turn(request, live.store.tail), workdir)

    async def _prepare(self, request: RunRequest, workdir: Path) -> None:
        try:
            self._pool.keep(await self._live(request, workdir))
        except OSError as error:
            log.warning("not_prepared", session_id=request.session_id, error=type(error).__name__)

    async def _live(self, request: RunRequest, workdir: Path) -> LiveSession:
        """A process for the request, the caller's own: the one that waits for it, where that fits, or a fresh one."""
        live = self._pool.lend(request.session_id)
        if live is not None:
            live.gate.open(self._starter.permissions(request, workdir), request)
            unfit = self._starter.unfit(live, request, workdir)
            if not unfit:
                return live
            log.info("process_unfit", why=unfit, session_id=request.session_id)
            await self._pool.retire(live)
        await self._pool.gone(request.session_id)
        live = self._starter.start(request, workdir)
        self._pool.admit(live)
        return live

    async def _measure(self) -> MemoryUse:
        return await asyncio.to_thread(measured, self._owner)

    def _sweep(self) -> None:
        left = {
            "processes": end_orphans(),
            "temp_dirs": remove_orphaned_temp_dirs(),
            "homes": self._home.remove_orphans(),
        }
        if any(left.values()):
            log.info("orphans_removed", **left)


def _next_turn(request: RunRequest, tail: str) -> RunRequest:
    """How the session of a run is taken up for the next one, as far as that can be told."""
    return RunRequest(
        request.lease,
        request.session_id,
        resume=True,
        text="",
        tail=tail,
        limits=request.limits,
        model=request.model,
        policy=request.policy,
        rules=request.rules,
    )
