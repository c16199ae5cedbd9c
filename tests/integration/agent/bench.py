"""What the tests of the agent talk to: an agent over a store in memory, and what its runs told."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psutil

from bot.agent.claude import ClaudeAgent
from bot.agent.environment import RUN_MARK
from bot.agent.processes import owner_mark
from bot.agent.sessions import ClaudeSessions
from bot.agent.settings import PoolBounds
from bot.model import (
    AgentEvent,
    Decision,
    DeferredCall,
    Lease,
    Limits,
    Outcome,
    RunEnded,
    RunRequest,
    TextDelta,
    ThreadKey,
    ToolFinished,
    ToolStarted,
    TurnPolicy,
)
from bot.playground.model import ScriptedModel
from bot.ports import Clock, Run
from tests.policies import WRITING
from tests.unit.agent.stored import StoredTranscripts

LIMITS = Limits(max_turns=10)


def a_thread() -> ThreadKey:
    return ThreadKey("T1", "C1", f"{uuid4().int % 10**10}.000100")


def lease_of(thread: ThreadKey, token: int = 1) -> Lease:
    return Lease(thread, "worker-1", token)


def new_session() -> str:
    return str(uuid4())


def mark_of(process: psutil.Process) -> str:
    """The run that a process belongs to; empty when it is none of ours, or gone."""
    try:
        return process.environ().get(RUN_MARK, "")
    except (psutil.Error, OSError):
        return ""


def marked_processes() -> list[psutil.Process]:
    """The processes of this worker's runs."""
    mine = owner_mark()
    return [process for process in psutil.process_iter() if mark_of(process).startswith(mine)]


def zombies() -> list[psutil.Process]:
    return [process for process in psutil.Process().children() if process.status() == psutil.STATUS_ZOMBIE]


@dataclass
class Told:
    """All that a run told."""

    events: list[AgentEvent]

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def outcome(self) -> Outcome:
        last = self.events[-1]
        assert isinstance(last, RunEnded)
        return last.outcome

    @property
    def deferred(self) -> DeferredCall | None:
        last = self.events[-1]
        assert isinstance(last, RunEnded)
        return last.deferred

    @property
    def started(self) -> list[str]:
        return [event.title for event in self.events if isinstance(event, ToolStarted)]

    @property
    def finished(self) -> list[ToolFinished]:
        return [event for event in self.events if isinstance(event, ToolFinished)]


@dataclass
class Bench:
    """An agent, and what a test needs to talk to it."""

    agent: ClaudeAgent
    sessions: ClaudeSessions
    model: ScriptedModel
    transcripts: StoredTranscripts
    root: Path
    thread: ThreadKey = field(default_factory=a_thread)
    turns: int = 0
    policy: TurnPolicy = WRITING

    @property
    def lease(self) -> Lease:
        return lease_of(self.thread)

    def workdir(self, session_id: str) -> Path:
        path = self.root / "sessions" / session_id
        path.mkdir(parents=True, exist_ok=True)
        return path

    def run(
        self,
        text: str,
        session_id: str,
        *,
        resume: bool = False,
        resume_at: str = "",
        images: tuple[Path, ...] = (),
        limits: Limits | None = None,
        thread: ThreadKey | None = None,
        model: str = "",
        decision: Decision | None = None,
        begun: bool = False,
        rules: tuple[str, ...] = (),
    ) -> AbstractAsyncContextManager[Run]:
        self.turns += 1
        lease = lease_of(thread or self.thread, self.turns)
        request = RunRequest(
            lease=lease,
            session_id=session_id,
            resume=resume,
            text=text,
            images=images,
            resume_at=resume_at,
            tail=self.transcripts.tail(lease.thread, session_id) if resume else "",
            limits=limits or LIMITS,
            model=model,
            policy=self.policy,
            decision=decision,
            begun=begun,
            rules=rules,
        )
        return self.agent.run(request, self.workdir(session_id))

    async def ask(
        self,
        text: str,
        session_id: str,
        *,
        resume: bool = False,
        resume_at: str = "",
        images: tuple[Path, ...] = (),
        limits: Limits | None = None,
        thread: ThreadKey | None = None,
        model: str = "",
        decision: Decision | None = None,
        begun: bool = False,
        rules: tuple[str, ...] = (),
    ) -> Told:
        """Run a prompt to its end."""
        run = self.run(
            text,
            session_id,
            resume=resume,
            resume_at=resume_at,
            images=images,
            limits=limits,
            thread=thread,
            model=model,
            decision=decision,
            begun=begun,
            rules=rules,
        )
        async with run as running:
            return Told([event async for event in running])


class OpenBench(Protocol):
    """Opens an agent on a data directory; two of them are two workers."""

    def __call__(
        self,
        data_dir: Path,
        warm: PoolBounds = ...,
        clock: Clock | None = None,
        stall_s: float = ...,
    ) -> AbstractAsyncContextManager[Bench]: ...
