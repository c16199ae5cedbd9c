"""The store's ports in memory, for tests that need no Redis. They pass the contracts that the Redis ones pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.budgets import Budgets, BudgetTable
from bot.model import Person
from bot.ports import (
    Clock,
    DecisionStore,
    DepartureStore,
    ErasureStore,
    FileStore,
    InboxStore,
    PromptCounts,
    Signals,
    SpendStore,
    ThreadStore,
    Transcripts,
    TurnStore,
    Workers,
)
from bot.prompt_limits import PromptBounds, PromptLimits
from bot.store.sealing import Seal
from tests.memory.decisions import MemoryDecisions
from tests.memory.departures import MemoryDepartures
from tests.memory.erasure import MemoryErasure
from tests.memory.inbox import MemoryInbox, MemorySignals, MemoryWorkers
from tests.memory.installations import MemoryInstallations
from tests.memory.prompt_counts import MemoryPromptCounts
from tests.memory.spend import MemorySpend
from tests.memory.state import ManualClock, Memory
from tests.memory.threads import MemoryThreads
from tests.memory.transcripts import MemoryFiles, MemoryTranscripts
from tests.memory.turns import MemoryTurns

T = TypeVar("T")

__all__ = ["ManualClock", "Memory", "MemoryStore", "always", "no_budgets", "no_prompt_limits"]


def always(value: T) -> Callable[[str, Person], Awaitable[T]]:
    """What holds for everybody everywhere."""

    async def said(_channel: str, _person: Person) -> T:
        return value

    return said


def no_budgets(store: SpendStore, clock: Clock) -> Budgets:
    """Counts what is spent, and lets everything in."""
    return Budgets(store, clock, always(BudgetTable()), ZoneInfo("UTC"), new_id=lambda: str(uuid4()))


def no_prompt_limits(counts: PromptCounts) -> PromptLimits:
    """Lets more in than any test sends."""
    return PromptLimits(counts, always(PromptBounds(per_minute=1_000_000, chars=1_000_000_000)))


class MemoryStore:
    """One worker's view of a memory that workers share; the shape of `bot.store.store.Store`.

    Args:
        memory: stands for the Redis server; its clock decides when leases run out.
        lease_s: how long a lease lives without renewal, in seconds.
        decision_ttl_s: how long a decision waits for somebody, in seconds.
    """

    def __init__(
        self,
        memory: Memory | None = None,
        worker: str = "worker",
        *,
        lease_s: float = 10.0,
        decision_ttl_s: float = 72 * 3_600.0,
    ) -> None:
        self.memory = memory or Memory()
        self.inbox: InboxStore = MemoryInbox(self.memory, worker, lease_s)
        self.signals: Signals = MemorySignals(self.memory, worker)
        self.workers: Workers = MemoryWorkers(self.memory, worker)
        self.decisions: DecisionStore = MemoryDecisions(self.memory, decision_ttl_s)
        self.turns: TurnStore = MemoryTurns(self.memory)
        self.threads: ThreadStore = MemoryThreads(self.memory)
        self.transcripts: Transcripts = MemoryTranscripts(self.memory)
        self.files: FileStore = MemoryFiles(self.memory)
        self.departures: DepartureStore = MemoryDepartures(self.memory)
        self.spend: SpendStore = MemorySpend(self.memory)
        self.erasure: ErasureStore = MemoryErasure(self.memory)
        self.prompt_counts: PromptCounts = MemoryPromptCounts(self.memory)

    def installations(self, seal: Seal) -> MemoryInstallations:
        return MemoryInstallations(self.memory)
