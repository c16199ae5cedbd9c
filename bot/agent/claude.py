"""The agent: runs prompts in sessions, each in a process of the real CLI."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog

from bot.agent.client import LiveClient
from bot.agent.environment import cli_environment
from bot.agent.home import AgentHome
from bot.agent.hooks import Gate
from bot.agent.options import cli_options, system_prompt
from bot.agent.permissions import InsideDirectory, Policy
from bot.agent.processes import end_orphans, owner_mark, remove_orphaned_resume_dirs, run_mark
from bot.agent.run import ClaudeRun
from bot.agent.session_store import ThreadTranscripts
from bot.agent.settings import AgentSettings
from bot.errors import StartError
from bot.model import RunRequest
from bot.ports import Run, Transcripts

log = structlog.get_logger(__name__)

_STDERR_LINES = 5


class ClaudeAgent:
    """Implements `bot.ports.Agent`. Open it as an async context before the first run.

    Args:
        transcripts: where sessions are kept.
        policy_for: what the agent may do in a session, by its working directory.
    """

    def __init__(
        self,
        transcripts: Transcripts,
        settings: AgentSettings,
        policy_for: Callable[[Path], Policy] = InsideDirectory,
    ) -> None:
        self._transcripts = transcripts
        self._settings = settings
        self._policy_for = policy_for
        self._home = AgentHome(settings.data_dir, settings.environ)
        self._owner = owner_mark()

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
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._home.close)

    def run(self, request: RunRequest, workdir: Path) -> AbstractAsyncContextManager[Run]:
        """A run of the request in this directory. Leaving the context ends its whole process tree."""
        return self._run(request, workdir.resolve())

    @asynccontextmanager
    async def _run(self, request: RunRequest, workdir: Path) -> AsyncIterator[Run]:
        run_id = uuid4().hex
        with self._home.run_place(run_id, workdir) as place:
            mark = run_mark(self._owner, run_id)
            env = cli_environment(
                self._settings.environ, config_dir=place.config_dir, scratch_dir=place.scratch_dir, mark=mark
            )
            run = self._start(request, workdir, env, mark)
            try:
                yield run
            finally:
                await run.close()

    def _start(self, request: RunRequest, workdir: Path, env: dict[str, str], mark: str) -> ClaudeRun:
        """Start a process for the run. This is where a warm one can come in."""
        store = ThreadTranscripts(self._transcripts, request.lease.thread, request.lease)
        stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        options = cli_options(
            request,
            workdir,
            env=env,
            store=store,
            gate=Gate(self._policy_for(workdir)),
            instructions=system_prompt(self._settings.system_prompt, workdir),
            model=request.model or self._settings.model,
            on_stderr=stderr.append,
        )
        client = LiveClient(options, mark)
        store.on_failed = client.fail
        return ClaudeRun(request, workdir, client, store, stderr, self._settings.stop_grace_s)

    def _sweep(self) -> None:
        left = {
            "processes": end_orphans(),
            "resume_dirs": remove_orphaned_resume_dirs(),
            "homes": self._home.remove_orphans(),
        }
        if any(left.values()):
            log.info("orphans_removed", **left)
