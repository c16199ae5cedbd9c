"""What the tests of the agent talk to: an agent over a store in memory, and what its runs told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from bot.agent.claude import ClaudeAgent
from bot.agent.sessions import ClaudeSessions
from bot.model import (
    AgentEvent,
    Lease,
    Limits,
    Outcome,
    RunEnded,
    RunRequest,
    TextDelta,
    ThreadKey,
    ToolFinished,
    ToolStarted,
)
from bot.playground.model import ScriptedModel
from bot.ports import Run
from tests.unit.agent.stored import StoredTranscripts


def a_thread() -> ThreadKey:
    return ThreadKey("T1", "C1", f"{uuid4().int % 10**10}.000100")


def lease_of(thread: ThreadKey) -> Lease:
    return Lease(thread, "worker-1", 1)


def new_session() -> str:
    return str(uuid4())


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
    ) -> AbstractAsyncContextManager[Run]:
        request = RunRequest(
            lease=lease_of(thread or self.thread),
            session_id=session_id,
            resume=resume,
            text=text,
            images=images,
            resume_at=resume_at,
            limits=limits or Limits(max_turns=10),
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
    ) -> Told:
        """Run a prompt to its end."""
        run = self.run(
            text, session_id, resume=resume, resume_at=resume_at, images=images, limits=limits, thread=thread
        )
        async with run as running:
            return Told([event async for event in running])


OpenBench = Callable[[Path], AbstractAsyncContextManager[Bench]]
