"""The agent: runs prompts in sessions, each in a process of the real CLI that may outlive the run."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog
from claude_agent_sdk import ClaudeAgentOptions

from bot.agent import sandbox
from bot.agent.client import LiveClient
from bot.agent.environment import cli_environment
from bot.agent.home import AgentHome
from bot.agent.hooks import Gate
from bot.agent.live import LiveSession
from bot.agent.mcp import write_config
from bot.agent.memory import MemoryUse, measured
from bot.agent.options import Opening, cli_options, system_prompt
from bot.agent.permissions import Permissions
from bot.agent.pool import Census, Pool
from bot.agent.processes import end_orphans, owner_mark, remove_orphaned_resume_dirs, run_mark
from bot.agent.run import ClaudeRun
from bot.agent.session_store import ThreadTranscripts
from bot.agent.settings import AgentSettings
from bot.agent.workspace import session_directory
from bot.clock import SystemClock
from bot.errors import StartError
from bot.model import RunRequest, ThreadKey, TurnPolicy
from bot.ports import Clock, Run, Transcripts
from bot.tasks import end

log = structlog.get_logger(__name__)

_STDERR_LINES = 5


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
        self._transcripts = transcripts
        self._settings = settings
        self._home = AgentHome(settings.data_dir, settings.environ)
        self._owner = owner_mark()
        self._sandbox: sandbox.Sandbox | None = None
        self._pool: Pool[LiveSession] = Pool(settings.warm, clock or SystemClock(), self._spare, self._measure)
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
            self._sandbox = sandbox.Sandbox.around(environ, self._settings.data_dir)

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
        opening = Opening.of(request, self._settings.model)
        live = self._pool.lend(request.session_id)
        if live is not None:
            live.gate.open(self._permissions(request, workdir), request)
            wanted = self._options(
                opening, workdir, request.policy, live.options.env, live.store, live.gate, live.stderr
            )
            unfit = live.unfit(request, workdir, wanted)
            if not unfit:
                return live
            log.info("process_unfit", why=unfit, session_id=request.session_id)
            await self._pool.retire(live)
        await self._pool.gone(request.session_id)
        goes_on = request.decision is not None
        live = self._start(opening, workdir, request.policy, request.lease.thread, goes_on=goes_on)
        # Before it connects, since a process that goes on with a call asks about that at once.
        live.gate.open(self._permissions(request, workdir), request)
        live.store.tail = request.tail
        self._pool.admit(live)
        return live

    def _permissions(self, request: RunRequest, workdir: Path) -> Permissions:
        return Permissions(workdir, request.policy, request.rules, sandboxed=self._sandbox is not None)

    def _spare(self) -> LiveSession:
        session_id = str(uuid4())
        workdir = session_directory(self._settings.data_dir, session_id)
        workdir.mkdir(mode=0o700, parents=True)
        opening = Opening(session_id, limits=self._settings.limits, model=self._settings.model)
        spare = self._start(opening, workdir.resolve(), self._settings.policy, None)

        def remove_unused() -> None:
            with suppress(OSError):  # somebody has put files there
                if not spare.turns:
                    workdir.rmdir()

        spare.place.callback(remove_unused)
        return spare

    def _start(
        self,
        opening: Opening,
        workdir: Path,
        policy: TurnPolicy,
        thread: ThreadKey | None,
        *,
        goes_on: bool = False,
    ) -> LiveSession:
        """Start a process. Connecting goes on in the background.

        Args:
            policy: what its first turn may do; what of it a process is started with, later ones must share.
            goes_on: with the call that its session waits with, by itself.
        """
        workdir.mkdir(mode=0o700, exist_ok=True)
        run_id = uuid4().hex
        mark = run_mark(self._owner, run_id)
        place = ExitStack()
        own = place.enter_context(self._home.run_place(run_id, workdir))
        env = cli_environment(self._settings.environ, config_dir=own.config_dir, scratch_dir=own.scratch_dir, mark=mark)
        store = ThreadTranscripts(self._transcripts, thread)
        store.goes_on_in = workdir if goes_on else None
        gate = Gate(Permissions(workdir, TurnPolicy()), workdir)  # each turn opens it with its own
        stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        mcp_config = write_config(policy.mcp_servers, self._settings.environ, own.scratch_dir)
        options = self._options(opening, workdir, policy, env, store, gate, stderr, mcp_config)
        client = LiveClient(options, mark, stall_s=self._settings.stall_s, goes_on=goes_on)
        store.on_failed = client.fail
        return LiveSession(
            opening.session_id, mark, workdir, options, client, store, gate, stderr, place, policy.mcp_servers
        )

    def _options(
        self,
        opening: Opening,
        workdir: Path,
        policy: TurnPolicy,
        env: dict[str, str],
        store: ThreadTranscripts,
        gate: Gate,
        stderr: deque[str],
        mcp_config: Path | None = None,
    ) -> ClaudeAgentOptions:
        return cli_options(
            opening,
            workdir,
            launcher=self._home.launcher,
            env=env,
            store=store,
            gate=gate,
            instructions=system_prompt(self._settings.system_prompt, workdir, policy.repositories),
            on_stderr=stderr.append,
            settings=self._sandbox.settings(workdir, policy.repositories) if self._sandbox is not None else "",
            mcp_config=mcp_config,
        )

    async def _measure(self) -> MemoryUse:
        return await asyncio.to_thread(measured, self._owner)

    def _sweep(self) -> None:
        left = {
            "processes": end_orphans(),
            "resume_dirs": remove_orphaned_resume_dirs(),
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
