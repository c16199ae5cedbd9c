"""Workers that can be frozen and killed between any two calls of the store, on a clock that a test moves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.approvers import Approvers, Approving
from bot.asking import AskingNeeds
from bot.attempts import AttemptNeeds
from bot.decisions import Decisions
from bot.desk import DeskBounds
from bot.errors import StoreAway
from bot.inbox import Inbox
from bot.model import (
    AgentEvent,
    Closing,
    Lease,
    Limits,
    Message,
    Part,
    Progress,
    Remark,
    RemarkKind,
    TextDelta,
    ThreadKey,
    Turn,
)
from bot.patience import Patience, PatientDecisions, PatientTranscripts, PatientTurns
from bot.ports import Journal
from bot.prompts import PromptWriter
from bot.tasks import end
from bot.turns import Turns
from tests.contracts.world import AnyStore
from tests.fakes import ManualClock, Memory, always, no_budgets, no_prompt_limits
from tests.fakes_agent import FakeAgent, FakeWorkspaces
from tests.fakes_chat import FakeChat
from tests.memory.inbox import MemorySignals, MemoryWorkers
from tests.memory.prompt_counts import MemoryPromptCounts
from tests.memory.spend import MemorySpend

LEASE_S = 10.0


@dataclass
class Facts:
    """What happened, in order, as the store confirmed it.

    Two calls that are under way at once are carried out in an order that nobody sees: answers may overtake each other.
    So a message counts as kept when that was confirmed, and a turn as begun when that was asked for.
    """

    number: itertools.count[int] = field(default_factory=itertools.count)
    accepted: dict[str, int] = field(default_factory=dict)
    began: dict[str, tuple[int, Turn]] = field(default_factory=dict)
    finished: dict[str, None] = field(default_factory=dict)
    newest_token: dict[ThreadKey, int] = field(default_factory=dict)
    fenced_writes: list[str] = field(default_factory=list)
    lease_ends: dict[ThreadKey, float] = field(default_factory=dict)

    def note(self, call: str, arguments: Sequence[Any], answer: Any, now: float, asked: int) -> None:
        """A call that the store has carried out, and the number it was asked for with."""
        first = arguments[0]
        if call == "accept" and answer.taken == "prompt":
            self.accepted.setdefault(first.ts, next(self.number))
        elif call == "acquire" and answer is not None:
            self.newest_token[first] = answer.token
            self.lease_ends[first] = now + LEASE_S
        elif call == "renew" and answer:
            self.lease_ends[first.thread] = now + LEASE_S
        elif call == "begin" and answer is not None:
            self.began.setdefault(answer.id, (asked, answer))
        elif call == "finish":
            self.finished[arguments[1]] = None  # repeated after a lost answer, it is the same
        fenced = call in {"begin", "save", "finish", "append", "restart_session"} and isinstance(first, Lease)
        if fenced and first.token < self.newest_token[first.thread]:
            self.fenced_writes.append(f"{call} by {first.worker}")


class Gate:
    """Stands before and behind each call of one worker's store: it lets `left` calls pass half-way, None for all.

    What does not pass waits until it may, or for ever.
    """

    def __init__(self) -> None:
        self.left: int | None = None
        self.away = False
        self.loses_answers = 0
        self._moved = asyncio.Event()

    async def passed(self) -> None:
        while self.left == 0:
            await self._moved.wait()
        if self.left is not None:
            self.left -= 1

    def let(self, left: int | None) -> None:
        """Let so many pass from now on."""
        self.left = left
        self._moved.set()
        self._moved = asyncio.Event()


def _heard(call: asyncio.Future[Any]) -> None:
    """How it failed concerns nobody when its worker was cancelled meanwhile."""
    if not call.cancelled():
        call.exception()


class Gated:
    """A part of a store, behind a gate."""

    def __init__(self, part: object, gate: Gate, facts: Facts, clock: ManualClock, busy: list[int]) -> None:
        self._part = part
        self._gate = gate
        self._facts = facts
        self._clock = clock
        self._busy = busy

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._part, name)

        async def noted(arguments: Any, more: Any) -> Any:
            self._busy[0] += 1
            asked = next(self._facts.number)
            try:
                answer = await method(*arguments, **more)
            finally:
                self._busy[0] -= 1
            self._facts.note(name, arguments, answer, self._clock.now(), asked)
            return answer

        async def call(*arguments: Any, **more: Any) -> Any:
            await self._gate.passed()
            if self._gate.away:
                raise StoreAway("it is away")
            # A worker that is cancelled can't take a call back that is on its way.
            under_way = asyncio.ensure_future(noted(arguments, more))
            under_way.add_done_callback(_heard)
            answer = await asyncio.shield(under_way)
            if self._gate.loses_answers:
                self._gate.loses_answers -= 1
                raise StoreAway("the answer got lost")
            await self._gate.passed()
            return answer

        return call


@dataclass
class FoundAgainReply:
    """A reply that posts once for each turn: what a dead worker posted is found by the turn's id, as in Slack."""

    posted: dict[str, str]
    turn: Turn
    journal: Journal
    said: str

    async def feed(self, event: AgentEvent) -> None:
        if event == Remark(RemarkKind.STARTED_OVER):
            self.said = ""
        elif isinstance(event, TextDelta):
            self.said += event.text
            await self.journal.save(Progress(said=self.said))

    async def close(self, closing: Closing) -> Sequence[str]:
        await self.journal.save(Progress(said=self.said))
        self.posted[self.turn.id] = self.said
        await self.journal.save(Progress(said=self.said, parts=(Part("1.1", len(self.said), open=False),)))
        return ["1.1"]


class OneSlack(FakeChat):
    """Shared by all workers; `posted_turns` is what people see, by turn."""

    def __init__(self) -> None:
        super().__init__()
        self.posted_turns: dict[str, str] = {}

    @asynccontextmanager
    async def reply(self, turn: Turn, journal: Journal) -> AsyncIterator[Any]:
        yield FoundAgainReply(self.posted_turns, turn, journal, turn.progress.said)


class CrashingWorker:
    """A whole worker's core. Killing it leaves everything as it is: nothing it does takes effect any more."""

    def __init__(
        self, name: str, store: AnyStore, memory: Memory, chat: OneSlack, facts: Facts, busy: list[int], folder: Path
    ) -> None:
        clock = memory.clock
        self.gate = Gate()
        parts: Any = {
            part: Gated(getattr(store, part), self.gate, facts, clock, busy)
            for part in ("inbox", "turns", "transcripts", "decisions")
        }
        workers: Any = Gated(MemoryWorkers(memory, name), self.gate, facts, clock, busy)
        patience = Patience(parts["inbox"], clock)
        transcripts = PatientTranscripts(parts["transcripts"], patience)
        ids = map(str, (f"{name}-{number}" for number in itertools.count(1)))
        agent = self.agent = FakeAgent(transcripts)
        needs = AttemptNeeds(
            PatientTurns(parts["turns"], patience),
            agent,
            FakeWorkspaces(folder),
            PromptWriter(chat),
            new_id=lambda: next(ids),
            limits=Limits(),
            settled=transcripts.settled,
        )
        self.agent = agent
        approvers = Approvers(store.threads, chat, Approving.AUTHOR)
        decisions = PatientDecisions(parts["decisions"], patience)
        asking = AskingNeeds(decisions, agent, chat, approvers, clock, new_id=lambda: next(ids))
        turns = PatientTurns(parts["turns"], patience)
        self.inbox = Inbox(
            parts["inbox"],
            MemorySignals(memory, name),
            workers,
            Turns(turns, chat, clock, needs, no_budgets(MemorySpend(memory), clock), asking),
            chat,
            clock,
            no_prompt_limits(MemoryPromptCounts(memory)),
            new_id=lambda: next(ids),
            limits=always(Limits()),
            bounds=DeskBounds(lease_s=LEASE_S, turns_running=2),
            drain_s=0.0,
            decisions=parts["decisions"],
        )
        self.decisions = Decisions(parts["decisions"], approvers, self.inbox, chat, clock)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        await self.inbox.__aenter__()

    def take(self, message: Message) -> None:
        """An event arrives here. Nobody waits for what becomes of it, as in Slack."""

        async def taken() -> None:
            try:
                await self.inbox.take(message)
            except StoreAway:
                return  # no ack: it comes again

        task = asyncio.ensure_future(taken())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def kill(self) -> None:
        self.gate.let(0)

    async def bury(self) -> None:
        """End the tasks of a worker, dead or alive, without letting them do anything."""
        self.gate.away = True
        self.gate.let(None)
        await end(self._tasks)
        await self.inbox.__aexit__()
