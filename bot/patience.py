"""Waiting for a store that is away, so that a turn lives through a restart of Redis.

`Patience` repeats a call until it gets through, within bounds, and revives a lease that ran out meanwhile if nobody
took it. The stores below are the store's ports with that patience; what they raise is what nobody can wait out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog

from bot.errors import BotError, LeaseLost, StoreAway
from bot.model import (
    Budget,
    Decided,
    Decision,
    Lease,
    Message,
    Outcome,
    PeriodKind,
    Periods,
    Person,
    Progress,
    Scope,
    ScopeKind,
    Spent,
    ThreadKey,
    TranscriptEntry,
    Turn,
    TurnState,
)
from bot.ports import Clock, DecisionStore, FileStore, InboxStore, SpendRun, SpendStore, Transcripts, TurnStore

log = structlog.get_logger(__name__)

T = TypeVar("T")

PATIENCE_S = 300.0
"""How long a turn waits for the store; then it is left to the sweep of whoever is there when the store is back."""
PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
KEPT_BACK_CHARS = 64_000_000
"""How much of transcripts a worker keeps in memory at most while the store is away."""


class Patience:
    """Repeats calls while the store is away.

    Args:
        leases: renews leases.
        bound_s: for how many seconds a call is repeated.
    """

    def __init__(self, leases: InboxStore, clock: Clock, bound_s: float = PATIENCE_S) -> None:
        self._leases = leases
        self._clock = clock
        self._bound_s = bound_s

    async def read(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call that may be repeated. Raises StoreAway once the bound is over."""
        until = self._clock.now() + self._bound_s
        pause_s = PAUSE_S
        while True:
            try:
                return await call()
            except StoreAway as away:
                if self._clock.now() + pause_s > until:
                    raise
                log.info("waiting_for_store", error=str(away), pause_s=pause_s)
            await self._clock.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def write(self, lease: Lease, call: Callable[[], Awaitable[T]]) -> T:
        """The same for a call that the lease allows. Raises LeaseLost as well, see `reviving`."""
        return await self.reviving(lease, partial(self.read, call))

    async def reviving(self, lease: Lease, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call once; if the lease ran out, and nobody took it since, once more under the revived lease.

        Raises:
            LeaseLost: somebody took it, or the store forgot it.
        """
        try:
            return await call()
        except LeaseLost:
            if not await self.read(partial(self._leases.renew, lease)):
                raise
        log.info("lease_revived", thread=str(lease.thread), token=lease.token)
        return await call()


class PatientTurns:
    """A TurnStore that waits."""

    def __init__(self, store: TurnStore, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    async def begin(self, lease: Lease, turn_id: str) -> Turn | None:
        return await self._patience.write(lease, partial(self._store.begin, lease, turn_id))

    async def tail(self, thread: ThreadKey, session_id: str) -> str:
        return await self._patience.read(partial(self._store.tail, thread, session_id))

    async def held_back(self, thread: ThreadKey) -> int:
        return await self._patience.read(partial(self._store.held_back, thread))

    async def save(self, lease: Lease, turn_id: str, progress: Progress, state: TurnState) -> None:
        await self._patience.write(lease, partial(self._store.save, lease, turn_id, progress, state))

    async def restart_session(self, lease: Lease, turn_id: str, session_id: str) -> None:
        await self._patience.write(lease, partial(self._store.restart_session, lease, turn_id, session_id))

    async def finish(
        self, lease: Lease, turn_id: str, outcome: Outcome, reply_ts: Sequence[str], *, keep_head: bool = False
    ) -> None:
        finish = partial(self._store.finish, lease, turn_id, outcome, reply_ts, keep_head=keep_head)
        await self._patience.write(lease, finish)


class PatientSpend:
    """A SpendStore that waits, where a run depends on it."""

    def __init__(self, store: SpendStore, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    async def reserve(
        self, scope: Scope, periods: Periods, run: SpendRun, amount_usd: float, budget: Budget, *, lasts_s: float
    ) -> PeriodKind | None:
        reserve = partial(self._store.reserve, scope, periods, run, amount_usd, budget, lasts_s=lasts_s)
        return await self._patience.read(reserve)

    async def release(self, scope: Scope, periods: Periods, run: SpendRun) -> None:
        await self._patience.read(partial(self._store.release, scope, periods, run))

    async def settle(self, scope: Scope, periods: Periods, run: SpendRun, cost_usd: float) -> tuple[Spent, Spent]:
        return await self._patience.read(partial(self._store.settle, scope, periods, run, cost_usd))

    async def spent(self, scopes: Sequence[Scope], periods: Periods) -> Sequence[Spent]:
        return await self._store.spent(scopes, periods)

    async def top(self, team: str, kind: ScopeKind, month: str, count: int) -> Sequence[tuple[str, float]]:
        return await self._store.top(team, kind, month, count)


class PatientDecisions:
    """What a turn needs of a DecisionStore, with waiting; what people wait for is not repeated."""

    def __init__(self, store: DecisionStore, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    async def ask(self, lease: Lease, decision: Decision, progress: Progress) -> Decision:
        return await self._patience.write(lease, partial(self._store.ask, lease, decision, progress))

    async def carry(self, lease: Lease, decision: Decision, message: Message) -> Decision:
        return await self._store.carry(lease, decision, message)

    async def posted(self, lease: Lease, decision_id: str, card_ts: str) -> None:
        await self._patience.write(lease, partial(self._store.posted, lease, decision_id, card_ts))

    async def heed(self, lease: Lease, messages: Sequence[Message]) -> None:
        await self._patience.write(lease, partial(self._store.heed, lease, messages))

    async def record(self, decision: Decision) -> None:
        await self._patience.read(partial(self._store.record, decision))

    async def get(self, thread: ThreadKey, decision_id: str) -> Decision | None:
        return await self._store.get(thread, decision_id)

    async def pending(self, thread: ThreadKey) -> Decision | None:
        return await self._store.pending(thread)

    async def decide(self, thread: ThreadKey, decision_id: str, decided: Decided, *, by_message: str = "") -> Decision:
        return await self._store.decide(thread, decision_id, decided, by_message=by_message)

    async def overdue(self, limit: int) -> Sequence[Decision]:
        return await self._store.overdue(limit)

    async def waiting_for(self, person: Person, limit: int) -> Sequence[Decision]:
        return await self._store.waiting_for(person, limit)


class PatientFiles:
    """A FileStore that waits."""

    def __init__(self, store: FileStore, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    async def put(self, lease: Lease, session_id: str, digest: str, archive: bytes) -> None:
        await self._patience.write(lease, partial(self._store.put, lease, session_id, digest, archive))

    async def digest(self, thread: ThreadKey, session_id: str) -> str:
        return await self._patience.read(partial(self._store.digest, thread, session_id))

    async def get(self, thread: ThreadKey, session_id: str) -> bytes | None:
        return await self._patience.read(partial(self._store.get, thread, session_id))


@dataclass(frozen=True, slots=True)
class _Batch:
    session_id: str
    subpath: str
    entries: Sequence[TranscriptEntry]

    @property
    def chars(self) -> int:
        return sum(len(entry.body) for entry in self.entries)


@dataclass(slots=True)
class _Backlog:
    """Entries written under one lease that the store could not take yet, and the task that brings them to it."""

    lease: Lease
    batches: deque[_Batch] = field(default_factory=deque)
    writing: asyncio.Task[None] | None = None


class PatientTranscripts:
    """Transcripts that keep back what the store can't take, and write it in order when it is back.

    The agent goes on meanwhile: its own mirror would drop what it can't write within a minute. `settled` waits until
    nothing is kept back; a thread takes no other turn before that.
    """

    def __init__(self, store: Transcripts, patience: Patience) -> None:
        self._store = store
        self._patience = patience
        self._backlogs: dict[ThreadKey, _Backlog] = {}

    async def append(self, lease: Lease, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        """Write, or keep back until the store is there again.

        Raises:
            LeaseLost: the thread is another worker's now.
            StoreAway: too much is kept back already, or the store stayed away for too long.
        """
        batch = _Batch(session_id, subpath, entries)
        backlog = self._backlog(lease)
        if backlog is None:
            try:
                return await self._patience.reviving(lease, partial(self._write, lease, batch))
            except StoreAway as away:
                log.warning("transcript_kept_back", thread=str(lease.thread), error=str(away))
                backlog = self._backlogs[lease.thread] = _Backlog(lease)
        elif backlog.writing is not None and backlog.writing.done():
            return backlog.writing.result()
        self._keep_back(backlog, batch)
        return None

    async def settled(self, lease: Lease) -> None:
        """Wait until everything that was appended under this lease is written.

        Raises:
            LeaseLost: the thread became another worker's first; what was kept back is dropped.
            StoreAway: the store stayed away for too long.
        """
        backlog = self._backlog(lease)
        if backlog is not None and backlog.writing is not None:
            await asyncio.shield(backlog.writing)

    async def load(self, thread: ThreadKey, session_id: str, subpath: str) -> Sequence[str] | None:
        return await self._patience.read(partial(self._store.load, thread, session_id, subpath))

    async def subpaths(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        return await self._patience.read(partial(self._store.subpaths, thread, session_id))

    async def rewrite(self, lease: Lease, session_id: str, subpath: str, bodies: Mapping[int, str]) -> None:
        await self._store.rewrite(lease, session_id, subpath, bodies)

    async def delete(self, lease: Lease, session_id: str) -> None:
        await self._store.delete(lease, session_id)

    def _backlog(self, lease: Lease) -> _Backlog | None:
        """What is kept back under this lease. What an earlier one left is nobody's any more."""
        backlog = self._backlogs.get(lease.thread)
        if backlog is None or backlog.lease == lease:
            return backlog
        del self._backlogs[lease.thread]
        if backlog.writing is not None:
            backlog.writing.cancel()
        return None

    def _keep_back(self, backlog: _Backlog, batch: _Batch) -> None:
        held = sum(one.chars for other in self._backlogs.values() for one in other.batches)
        if held + batch.chars > KEPT_BACK_CHARS:
            raise StoreAway("too much of the transcripts waits to be kept")
        backlog.batches.append(batch)
        if backlog.writing is None:
            backlog.writing = asyncio.create_task(self._catch_up(backlog), name="transcript catches up")
            backlog.writing.add_done_callback(_note)

    async def _catch_up(self, backlog: _Backlog) -> None:
        thread = backlog.lease.thread
        try:
            while backlog.batches:
                write = partial(self._write, backlog.lease, backlog.batches[0])
                await self._patience.write(backlog.lease, write)
                backlog.batches.popleft()
        finally:
            backlog.batches.clear()
        # Nothing is awaited between the last look and this, so that no entry overtakes another. A backlog that failed
        # stays: nothing more is written under its lease, since a transcript with a hole can't be resumed.
        if self._backlogs.get(thread) is backlog:
            del self._backlogs[thread]
        log.info("transcript_caught_up", thread=str(thread))

    async def _write(self, lease: Lease, batch: _Batch) -> None:
        await self._store.append(lease, batch.session_id, batch.subpath, batch.entries)


def _note(writing: asyncio.Task[None]) -> None:
    """Whoever waits for it gets the error; where nobody does, it is told here."""
    if not writing.cancelled() and isinstance(error := writing.exception(), BotError):
        log.warning("transcript_not_kept", error=type(error).__name__)
