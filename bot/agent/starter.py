"""Starts CLI processes: each with its own options, environment, places and session store."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

from claude_agent_sdk import ClaudeAgentOptions

from bot.agent.client import LiveClient
from bot.agent.environment import cli_environment
from bot.agent.home import AgentHome
from bot.agent.hooks import Gate
from bot.agent.live import LiveSession
from bot.agent.mcp import write_config
from bot.agent.options import Opening, cli_options, system_prompt
from bot.agent.permissions import Permissions
from bot.agent.processes import run_mark
from bot.agent.sandbox import Sandbox
from bot.agent.session_store import ThreadTranscripts
from bot.agent.settings import AgentSettings
from bot.agent.workspace import session_directory
from bot.model import RunRequest, ThreadKey, TurnPolicy
from bot.ports import Transcripts

_STDERR_LINES = 5


class Starter:
    """Starts the processes of one worker. Connecting goes on in the background.

    Args:
        transcripts: where sessions are kept.
        home: where processes keep their own files.
        owner: the worker's mark, see `processes.owner_mark`.
    """

    def __init__(self, transcripts: Transcripts, settings: AgentSettings, home: AgentHome, owner: str) -> None:
        self.sandbox: Sandbox | None = None
        """Around commands, where the machine has what it takes."""
        self._transcripts = transcripts
        self._settings = settings
        self._home = home
        self._owner = owner

    def start(self, request: RunRequest, workdir: Path) -> LiveSession:
        """Start a process for a request, as far as that is known before its prompt."""
        goes_on = request.decision is not None
        opening = Opening.of(request, self._settings.model)
        live = self._start(opening, workdir, request.policy, request.lease.thread, goes_on=goes_on)
        # Before it connects, since a process that goes on with a call asks about that at once.
        live.gate.open(self.permissions(request, workdir), request)
        live.store.tail = request.tail
        return live

    def spare(self) -> LiveSession:
        """Start a process whose session has no thread yet."""
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

    def unfit(self, live: LiveSession, request: RunRequest, workdir: Path) -> str:
        """Why a process can't answer a request as a fresh one would; empty when it can."""
        opening = Opening.of(request, self._settings.model)
        wanted = self._options(opening, workdir, request.policy, live.options.env, live.store, live.gate, live.stderr)
        return live.unfit(request, workdir, wanted)

    def permissions(self, request: RunRequest, workdir: Path) -> Permissions:
        """What the agent may do in a run."""
        return Permissions(workdir, request.policy, request.rules, sandboxed=self.sandbox is not None)

    def _start(
        self,
        opening: Opening,
        workdir: Path,
        policy: TurnPolicy,
        thread: ThreadKey | None,
        *,
        goes_on: bool = False,
    ) -> LiveSession:
        """Start a process.

        Args:
            policy: what its first turn may do; what of it a process is started with, later ones must share.
            goes_on: with the call that its session waits with, by itself.
        """
        workdir.mkdir(mode=0o700, exist_ok=True)
        run_id = uuid4().hex
        mark = run_mark(self._owner, run_id)
        place = ExitStack()
        own = place.enter_context(self._home.run_place(run_id, workdir))
        env = cli_environment(
            self._settings.environ,
            config_dir=own.config_dir,
            scratch_dir=own.scratch_dir,
            temp_dir=own.temp_dir,
            mark=mark,
        )
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
            settings=self.sandbox.settings(workdir, policy.repositories) if self.sandbox is not None else "",
            mcp_config=mcp_config,
        )
