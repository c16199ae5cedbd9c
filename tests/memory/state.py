"""What a store in memory remembers, and its clock."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field

from bot.errors import LeaseLost
from bot.model import (
    Decision,
    Lease,
    Message,
    Periods,
    Point,
    Scope,
    ScopeKind,
    Signal,
    Spent,
    Thread,
    ThreadKey,
    ThreadStatus,
    TranscriptEntry,
    Turn,
    TurnState,
)


class ManualClock:
    """A clock that stands still until it is moved. Implements `bot.ports.Clock`."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        until = self._now + seconds
        while self._now < until:
            await self._moved.wait()


@dataclass
class HeldLease:
    lease: Lease
    expires_at: float


@dataclass
class Transcript:
    entries: list[TranscriptEntry] = field(default_factory=list)
    uuids: set[str] = field(default_factory=set)

    @property
    def tail(self) -> str:
        return next((entry.uuid for entry in reversed(self.entries) if entry.anchor), "")


@dataclass
class ThreadState:
    """Everything of one thread."""

    thread: Thread | None = None
    held: HeldLease | None = None
    fence: int = 0
    seen: OrderedDict[str, None] = field(default_factory=OrderedDict)
    waiting: dict[str, Message] = field(default_factory=dict)
    context: dict[str, Message] = field(default_factory=dict)
    turn: Turn | None = None
    turn_token: int = 0
    spoken: bool = False
    """Messages came behind the decision that nobody heeded yet."""
    parked: str = ""
    """The decision for which the turn's run was accounted for."""
    decisions: dict[str, Decision] = field(default_factory=dict)
    last_turn: str = ""
    worker: str = ""
    points: dict[str, Point] = field(default_factory=dict)
    transcripts: dict[tuple[str, str], Transcript] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    branches: dict[tuple[str, str], ThreadKey | float] = field(default_factory=dict)
    """By ts and user: the branch, or until when the claim to make it holds."""
    touched_at: float = 0.0
    work_since: float = 0.0
    paused: bool = False

    @property
    def has_work(self) -> bool:
        if self.turn is not None:
            return self.turn.state is not TurnState.DEFERRED or self.spoken
        return bool(self.waiting) and not self.paused

    @property
    def status(self) -> ThreadStatus:
        if self.turn is not None:
            return ThreadStatus.DEFERRED if self.turn.state is TurnState.DEFERRED else ThreadStatus.RUNNING
        if not self.waiting:
            return ThreadStatus.IDLE
        return ThreadStatus.PAUSED if self.paused else ThreadStatus.WAITING

    def has_transcript(self, session_id: str) -> bool:
        return (session_id, "") in self.transcripts

    def tail(self, session_id: str) -> str:
        return self.transcripts.get((session_id, ""), Transcript()).tail


@dataclass
class SpendHeld:
    """What a turn's run has reserved."""

    run: str
    amount_usd: float
    until: float
    counted: bool = False


@dataclass
class SpendAccount:
    """What one account has spent."""

    periods: Periods = field(default_factory=lambda: Periods("", ""))
    day_usd: float = 0.0
    month_usd: float = 0.0
    held: dict[str, SpendHeld] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def add(self, usd: float) -> None:
        self.day_usd += usd
        self.month_usd += usd

    @property
    def spent(self) -> Spent:
        reserved = sum(held.amount_usd for held in self.held.values() if not held.counted)
        return Spent(round(self.day_usd, 6), round(self.month_usd, 6), round(reserved, 6))


class Memory:
    """What all workers share: stands for the Redis server.

    Args:
        ttl_s: how long a thread lives after its last activity, in seconds; 0 for ever.
    """

    def __init__(self, clock: ManualClock | None = None, *, ttl_s: float = 0) -> None:
        self.clock = clock or ManualClock()
        self.ttl_s = ttl_s
        self.threads: dict[ThreadKey, ThreadState] = {}
        self.signals: dict[str, asyncio.Queue[Signal]] = {}
        self.accounts: defaultdict[Scope, SpendAccount] = defaultdict(SpendAccount)
        self.spenders: defaultdict[tuple[str, ScopeKind, str], dict[str, float]] = defaultdict(dict)
        self.audit: list[Decision] = []
        self.prompts: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        self.beats: dict[str, tuple[float, int]] = {}
        self.departing: dict[str, float] = {}
        self.installations: dict[str, str] = {}
        self.served_by: dict[str, str] = {}
        self.serves: defaultdict[str, set[str]] = defaultdict(set)

    def state(self, key: ThreadKey) -> ThreadState:
        """The thread's state, a fresh one when there is none or it has expired."""
        state = self.threads.get(key)
        now = self.clock.now()
        if state is None or (self.ttl_s and state.touched_at + self.ttl_s <= now):
            state = self.threads[key] = ThreadState(touched_at=now)
        return state

    def touch(self, key: ThreadKey) -> None:
        self.state(key).touched_at = self.clock.now()

    def alive(self, key: ThreadKey) -> Lease | None:
        """The lease that is held now."""
        held = self.state(key).held
        return held.lease if held is not None and held.expires_at > self.clock.now() else None

    def fenced(self, lease: Lease) -> ThreadState:
        """The state that the lease lets its holder write. Raises LeaseLost."""
        if self.alive(lease.thread) != lease:
            raise LeaseLost(str(lease.thread))
        return self.state(lease.thread)
