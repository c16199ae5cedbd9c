"""An agent that answers from a script and keeps its transcripts in the store, as the real one does."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from bot.errors import Reason, Refusal
from bot.model import (
    AgentEvent,
    DeferredCall,
    Ending,
    Exchange,
    Lease,
    Outcome,
    Passage,
    PassageKind,
    RunEnded,
    RunRequest,
    TextDelta,
    ThreadKey,
    TranscriptEntry,
)
from bot.ports import Transcripts


@dataclass
class Script:
    """What one run does: its events, then its ending. `gate`, when set, is waited for before the ending."""

    events: Sequence[AgentEvent] = (TextDelta("ok"),)
    ending: Ending = Ending.DONE
    gate: asyncio.Event | None = None
    leaves_entries: bool = True
    context_used: float = 0.0
    deferred: DeferredCall | None = None
    """The call that needs somebody, for the ending DEFERRED."""


@dataclass
class FakeRun:
    script: Script
    request: RunRequest
    transcripts: Transcripts
    uuids: dict[str, list[str]]
    """Of the entries of each session, in order."""
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    async def __aiter__(self) -> AsyncIterator[AgentEvent]:
        if self.script.leaves_entries:
            await self._write(f"user:{self.request.text}")
        for event in self.script.events:
            yield event
        if self.script.gate is not None:
            waits = [asyncio.create_task(event.wait()) for event in (self.script.gate, self.stopped)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        ending = Ending.STOPPED if self.stopped.is_set() else self.script.ending
        if self.request.compact and ending is Ending.DONE:
            ending = Ending.COMPACTED
        if self.script.leaves_entries:
            await self._write(f"assistant:{ending}")
        used = self.script.context_used
        outcome = Outcome(
            ending, self.request.session_id, model="fake", cost_usd=0.5, duration_s=1.0, context_used=used
        )
        yield RunEnded(outcome, self.script.deferred if ending is Ending.DEFERRED else None)

    async def interrupt(self) -> None:
        self.stopped.set()

    async def _write(self, body: str) -> None:
        entry = TranscriptEntry(str(uuid4()), anchor=True, body=body)
        await self.transcripts.append(self.request.lease, self.request.session_id, "", [entry])
        self.uuids.setdefault(self.request.session_id, []).append(entry.uuid)


class FakeAgent:
    """Implements `bot.ports.Agent` and `bot.ports.Sessions`. Without scripts it says `answer N`."""

    def __init__(self, transcripts: Transcripts) -> None:
        self._transcripts = transcripts
        self._count = itertools.count(1)
        self._uuids: dict[str, list[str]] = {}
        self.scripts: list[Script] = []
        self.requests: list[RunRequest] = []
        self.runs: list[FakeRun] = []
        self.prepared: list[RunRequest] = []
        self.turned_down: list[str] = []
        self.began = asyncio.Condition()
        self.most_at_once: dict[ThreadKey, int] = {}
        self.on_fork: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def run(self, request: RunRequest, workdir: Path) -> AsyncIterator[FakeRun]:
        script = self.scripts.pop(0) if self.scripts else Script([TextDelta(f"answer {next(self._count)}")])
        run = FakeRun(script, request, self._transcripts, self._uuids)
        self.requests.append(request)
        self.runs.append(run)
        thread = request.lease.thread
        alive = sum(1 for r in self.runs if not r.over and r.request.lease.thread == thread)
        self.most_at_once[thread] = max(alive, self.most_at_once.get(thread, 0))
        async with self.began:
            self.began.notify_all()
        try:
            yield run
        finally:
            run.over = True

    def prepare(self, request: RunRequest, workdir: Path) -> None:
        self.prepared.append(request)

    async def wait_for_runs(self, count: int, timeout_s: float = 5.0) -> None:
        """Wait until so many runs have begun in all."""
        async with asyncio.timeout(timeout_s), self.began:
            await self.began.wait_for(lambda: len(self.runs) >= count)

    async def fork(self, source: ThreadKey, session_id: str, up_to: str, lease: Lease, title: str) -> str:
        self.on_fork()
        bodies = await self._transcripts.load(source, session_id, "")
        if not bodies:
            raise Refusal(Reason.SESSION_EXPIRED)
        new = str(uuid4())
        entries = [TranscriptEntry(str(uuid4()), anchor=True, body=body) for body in bodies]
        await self._transcripts.append(lease, new, "", entries)
        self._uuids[new] = [entry.uuid for entry in entries]
        return new

    async def turn_down(self, lease: Lease, session_id: str) -> None:
        self.turned_down.append(session_id)

    async def exchanges(self, thread: ThreadKey, session_id: str, last: int) -> Sequence[Exchange]:
        bodies = await self._transcripts.load(thread, session_id, "") or ()
        return [Exchange(body, "") for body in bodies if body.startswith("user:")][-last:]

    async def passages(self, thread: ThreadKey, session_id: str) -> Sequence[Passage]:
        """Each body is `user:…` or `assistant:…`."""
        kinds = {"user": PassageKind.PROMPT, "assistant": PassageKind.ANSWER}
        bodies = [body.partition(":") for body in await self._transcripts.load(thread, session_id, "") or ()]
        return [Passage(kinds[role], text) for role, _, text in bodies if role in kinds]

    async def entries(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        return await self._transcripts.load(thread, session_id, "") or []

    async def take_out(self, lease: Lease, session_id: str, starts: Collection[str], cuts: Collection[str]) -> int:
        changed, inside, turns = {}, "" in starts, int("" in starts)
        for index, uuid in enumerate(self._uuids.get(session_id, ())):
            if inside:
                changed[index] = "removed"
            if uuid in cuts:
                inside = uuid in starts
                turns += inside
        await self._transcripts.rewrite(lease, session_id, "", changed)
        return turns

    async def rename(self, lease: Lease, session_id: str, title: str) -> None:
        await self._label(lease, session_id, f"title:{title}")

    async def tag(self, lease: Lease, session_id: str, tag: str) -> None:
        await self._label(lease, session_id, f"tag:{tag}")

    async def _label(self, lease: Lease, session_id: str, body: str) -> None:
        await self._transcripts.append(lease, session_id, "", [TranscriptEntry("", anchor=False, body=body)])


class FakeWorkspaces:
    """Implements `bot.ports.Workspaces`: plain directories under one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.copied: list[tuple[str, str]] = []
        self.kept: list[str] = []

    async def open(self, thread: ThreadKey, session_id: str) -> Path:
        path = self._root / session_id
        path.mkdir(exist_ok=True)
        return path

    async def keep(self, lease: Lease, session_id: str) -> None:
        self.kept.append(session_id)

    async def survey(self, workdir: Path) -> Mapping[Path, tuple[int, int]]:
        stats = {path: path.stat() for path in workdir.rglob("*") if path.is_file()}
        return {path: (info.st_mtime_ns, info.st_size) for path, info in stats.items()}

    async def copy(self, source: ThreadKey, session_id: str, lease: Lease, new_session_id: str) -> None:
        self.copied.append((session_id, new_session_id))
