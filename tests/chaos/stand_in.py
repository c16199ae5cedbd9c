"""An agent without a process: it writes its transcript through the store and says words that can be counted.

For every message `m17` of a prompt it says `m17begin`, some words of its own, how many earlier messages of the session
it knows (`m17knows3`), and `m17end`; where the number ends in 5, a tool runs on the way.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import uuid4

from bot.agent.pool import Census
from bot.agent.settings import AgentSettings
from bot.model import (
    AgentEvent,
    Ending,
    Outcome,
    RunEnded,
    RunRequest,
    TextDelta,
    ThreadKey,
    ToolFinished,
    ToolStarted,
    TranscriptEntry,
)
from bot.ports import Transcripts
from bot.prompts import INTERRUPTED

WORDS = 12
PAUSE_S = 0.05
TOOL_S = 0.4

MARKER = re.compile(r"\bm\d+\b")

CONTEXT = ("Earlier in this thread:", "Said since, not to you:")
"""How the sections of a prompt begin that nobody wants answered."""


def asked_in(prompt: str) -> list[str]:
    """The messages that a prompt wants answered."""
    sections = [section for section in prompt.split("\n\n") if not section.startswith(CONTEXT)]
    return MARKER.findall("\n".join(sections))


@dataclass
class _Line:
    """One entry of a transcript. `parent` is the entry before it, as the CLI keeps it."""

    uuid: str
    parent: str
    kind: str
    text: str

    def entry(self) -> TranscriptEntry:
        return TranscriptEntry(self.uuid, anchor=True, body=json.dumps(self.__dict__))


@dataclass
class StandInRun:
    """Implements `bot.ports.Run`."""

    request: RunRequest
    transcripts: Transcripts
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    history: list[_Line] = field(default_factory=list)

    async def __aiter__(self) -> AsyncIterator[AgentEvent]:
        try:
            await self._remember()
            asked = self._asked()
            known = self._known(asked)
            if self.request.text != INTERRUPTED:
                await self._write("user", self.request.text)
            async for event in self._answer(asked, known):
                if self.stopped.is_set():
                    break
                yield event
            await self._write("assistant", " ".join(asked))
        except FileNotFoundError:
            yield self._ended(Ending.SESSION_GONE)
            return
        yield self._ended(Ending.STOPPED if self.stopped.is_set() else Ending.DONE)

    async def interrupt(self) -> None:
        self.stopped.set()

    async def _remember(self) -> None:
        if not self.request.resume:
            return
        bodies = await self.transcripts.load(self.request.lease.thread, self.request.session_id, "")
        if bodies is None:
            raise FileNotFoundError
        lines = {line.uuid: line for line in (_Line(**json.loads(body)) for body in bodies)}
        at: str = self.request.resume_at or list(lines)[-1]
        while at:
            self.history.insert(0, lines[at])
            at = lines[at].parent

    def _asked(self) -> Sequence[str]:
        if self.request.text != INTERRUPTED:
            return asked_in(self.request.text)
        last = next(line for line in reversed(self.history) if line.kind == "user")
        return asked_in(last.text)

    def _known(self, asked: Sequence[str]) -> int:
        """How many messages before those that are asked now the session remembers."""
        said = {marker for line in self.history if line.kind == "user" for marker in asked_in(line.text)}
        return len(said - set(asked))

    async def _answer(self, asked: Sequence[str], known: int) -> AsyncIterator[AgentEvent]:
        again = self.request.text == INTERRUPTED
        for number, marker in enumerate(asked):
            # What an interrupted answer has said already stays: it goes on behind that, in other words.
            name = f"{marker}again{self.request.lease.token}" if again else marker
            for word in range(WORDS):
                await asyncio.sleep(PAUSE_S)
                yield TextDelta(f"{name}begin " if not word else f"{name}w{word} ")
                if word == WORDS // 2 and marker.endswith("5") and not again:
                    yield ToolStarted(f"tool-{marker}", "Write", "Writing a file")
                    await self._write("tool", "")
                    await asyncio.sleep(TOOL_S)
                    yield ToolFinished(f"tool-{marker}", ok=True)
            yield TextDelta(f"{name}knows{known + number} {name}end\n\n")

    async def _write(self, kind: str, text: str) -> None:
        parent = self.history[-1].uuid if self.history else ""
        line = _Line(str(uuid4()), parent, kind, text)
        await self.transcripts.append(self.request.lease, self.request.session_id, "", [line.entry()])
        self.history.append(line)

    def _ended(self, ending: Ending) -> RunEnded:
        return RunEnded(Outcome(ending, self.request.session_id, model="stand-in"))


class StandInAgent:
    """Implements `bot.ports.Agent` and `bot.ports.Readiness`, in the place of `bot.agent.claude.ClaudeAgent`."""

    def __init__(self, transcripts: Transcripts, settings: AgentSettings) -> None:
        self._transcripts = transcripts
        settings.data_dir.mkdir(parents=True, exist_ok=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing is open."""

    @asynccontextmanager
    async def run(self, request: RunRequest, workdir: Path) -> AsyncIterator[StandInRun]:
        yield StandInRun(request, self._transcripts)

    def prepare(self, request: RunRequest, workdir: Path) -> None:
        """There is nothing to get ready."""

    async def let_go(self, thread: ThreadKey) -> None:
        """Nothing is held."""

    def offer_session_id(self) -> str:
        return str(uuid4())

    def decline_session_id(self, session_id: str) -> None:
        """It is nobody's."""

    def expect_session(self) -> None:
        """There is nothing to get ready."""

    def capacity(self) -> int | None:
        return None

    @property
    def census(self) -> Census:
        return Census(0, 0, 0)

    @property
    def memory_bytes(self) -> int:
        return 0
