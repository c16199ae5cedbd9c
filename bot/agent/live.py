"""A session that is live: its CLI process, with all that belongs to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path

import structlog
from claude_agent_sdk import ClaudeAgentOptions

from bot.agent.client import LiveClient
from bot.agent.hooks import Gate
from bot.agent.session_store import ThreadTranscripts
from bot.model import Ending, Limits, McpServer, RunRequest, ThreadKey

log = structlog.get_logger(__name__)

_OWN = frozenset(
    {
        "env",
        "session_id",
        "resume",
        "resume_session_at",
        "session_store",
        "can_use_tool",
        "hooks",
        "mcp_servers",
        "stderr",
    }
)
"""Options that belong to one process and say nothing about how it answers."""

_LIVE = frozenset({"model"})
"""Options that a process can be told to change. Limits it can't: they are arguments of its start."""

_settled_at_start = attrgetter(*({option.name for option in fields(ClaudeAgentOptions)} - _OWN - _LIVE))
"""What of its options has to be the same for a process to answer as a fresh one would."""

_LEAST_BUDGET = 0.9
"""The part of a turn's budget that must be left. The CLI counts a process's cost over all its turns; so a warm turn may
be stopped a little below its budget, and never above."""


_GOES_ON = frozenset({Ending.DONE, Ending.STOPPED})
"""After any other ending the session is resumed from the store: a deferred call waits for it, or the next turn starts
from before this one."""


@dataclass(eq=False)
class LiveSession:
    """One process and the session it holds.

    Args:
        mark: names its processes, see `processes`.
        workdir: where it was started.
        options: what it was started with.
        gate: decides about its tool calls.
        stderr: the last lines it wrote there.
        place: what goes when it ends: its temporary files.
        servers: the MCP servers that it was started with.
    """

    session_id: str
    mark: str
    workdir: Path
    options: ClaudeAgentOptions
    client: LiveClient
    store: ThreadTranscripts
    gate: Gate
    stderr: deque[str]
    place: ExitStack
    servers: Sequence[McpServer] = ()
    turns: int = 0
    """Turns it has begun."""
    spent_usd: float = 0.0
    """What its turns have cost together, as it counts."""
    model: str | None = None
    spoilt: bool = False
    """Its last turn ended in a way that nothing may follow on it."""
    _inode: int = field(init=False)

    def __post_init__(self) -> None:
        self.model = self.options.model
        self._inode = self.workdir.stat().st_ino

    @property
    def thread(self) -> ThreadKey | None:
        """Whose it is; None for a spare."""
        return self.store.thread

    @property
    def alive(self) -> bool:
        return self.client.alive

    @property
    def sound(self) -> bool:
        """Whether it can answer another prompt."""
        return self.client.alive and self.client.at_rest and self.store.sound and not self.spoilt

    def unfit(self, request: RunRequest, workdir: Path, options: ClaudeAgentOptions) -> str:
        """Why it can't answer the request; empty when it can.

        Args:
            options: what a process for the request would be started with.
        """
        if not self.sound:
            return "ended"
        if workdir != self.workdir or not self._stands_in(workdir):
            return "directory"
        if not self._stands_at(request):
            return "transcript"
        if self._differs(options) or tuple(request.policy.mcp_servers) != tuple(self.servers):
            return "options"
        return "budget" if self.worn(request.limits) else ""

    def worn(self, limits: Limits) -> bool:
        """Whether it has spent so much that a turn with these limits would be stopped early."""
        budget = limits.max_budget_usd
        return budget is not None and budget - self.spent_usd < budget * _LEAST_BUDGET

    def begin_turn(self, model: str) -> str | None:
        """Count a turn. Returns the model to change to (empty for the CLI's default), or None to stay.

        Args:
            model: the model that the turn is to be answered by; empty for the CLI's default.
        """
        self.turns += 1
        change = None if model == (self.model or "") else model
        self.model = model or None
        return change

    def end_turn(self, ending: Ending, spent_usd: float | None) -> None:
        """Note how the turn's process ended it.

        Args:
            spent_usd: what the process has spent over all its turns.
        """
        self.spent_usd = spent_usd or self.spent_usd
        self.spoilt = ending not in _GOES_ON

    async def answers(self) -> bool:
        """Whether the process answers a ping."""
        return await self.client.answers()

    async def close(self, *, at_once: bool) -> None:
        """End the process and all it started, and remove its files. Can't be cancelled half-way."""
        try:
            await self.client.close(at_once=at_once)
        finally:
            await asyncio.to_thread(self.place.close)

    def _stands_at(self, request: RunRequest) -> bool:
        """Whether what the process knows is what the request resumes: no more, no less."""
        if self.store.tail != request.tail:
            return False
        if self.turns:
            return request.resume and not request.resume_at
        return request.resume == bool(self.options.resume) and request.resume_at == (
            self.options.resume_session_at or ""
        )

    def _stands_in(self, workdir: Path) -> bool:
        """Whether the directory is still the one it was started in, and not another in its place."""
        try:
            return workdir.stat().st_ino == self._inode
        except OSError:
            return False

    def _differs(self, options: ClaudeAgentOptions) -> bool:
        return bool(_settled_at_start(options) != _settled_at_start(self.options))
