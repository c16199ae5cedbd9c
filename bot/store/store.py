"""All of the store's ports over one client."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.ports import (
    DecisionStore,
    DepartureStore,
    ErasureStore,
    FileStore,
    InboxStore,
    PromptCounts,
    Signals,
    SpendStore,
    Telemetry,
    ThreadStore,
    Transcripts,
    TurnStore,
    Workers,
)
from bot.store.channels import ChannelSettings
from bot.store.database import Database
from bot.store.decisions import Decisions
from bot.store.departures import Departures
from bot.store.erasure import Erasure
from bot.store.files import Files
from bot.store.health import StoreHealth, health
from bot.store.homes import HomeViewers
from bot.store.inbox import Inbox
from bot.store.indexes import ActivityIndex, PendingIndex, WorkIndex
from bot.store.installations import InstallationRecords, OAuthStates
from bot.store.lifetimes import Lifetimes
from bot.store.passes import PassRecords
from bot.store.prompt_counts import PromptWindows
from bot.store.rates import RateBuckets
from bot.store.sealing import Seal
from bot.store.signals import SignalStreams
from bot.store.spend import Spend
from bot.store.survey import Survey
from bot.store.threads import Threads
from bot.store.transcripts import TranscriptStore
from bot.store.turned_away import TurnedAway
from bot.store.turns import Turns
from bot.store.workers import LivingWorkers

MAX_LEASE_S = 10.0
"""A dead worker's threads are taken over after this long."""


class Store:
    """What the core needs of Redis.

    Args:
        client: made by `bot.store.client.connect`; the caller closes it.
        worker: this worker's id, which no other worker has or had.
        ttl_s: how long a thread lives after its last activity, in seconds; 0 for ever.
        lease_s: how long a lease lives without renewal, in seconds, at most 10.
        decision_ttl_s: how long a decision waits for somebody before it is a no, in seconds.
        audit_s: how long it is kept who decided what, in seconds.
    """

    def __init__(
        self,
        client: Redis,
        worker: str,
        *,
        ttl_s: int,
        lease_s: float = MAX_LEASE_S,
        telemetry: Telemetry | None = None,
        decision_ttl_s: float = 72 * 3_600.0,
        audit_s: int = 365 * 86_400,
    ) -> None:
        if not 0 < lease_s <= MAX_LEASE_S:
            raise ValueError(f"a lease lives for at most {MAX_LEASE_S} s, not {lease_s}")
        self._database = database = Database(client, telemetry)
        work, activity, lifetimes, pending = (
            WorkIndex(database, ttl_s),
            ActivityIndex(database, ttl_s),
            Lifetimes(database, ttl_s),
            PendingIndex(database, ttl_s),
        )
        self.inbox: InboxStore = Inbox(database, work, activity, lifetimes, worker, lease_s=lease_s, ttl_s=ttl_s)
        self.signals: Signals = SignalStreams(database, worker)
        self.workers: Workers = LivingWorkers(database, worker)
        self.decisions: DecisionStore = Decisions(
            database, work, pending, wait_s=decision_ttl_s, audit_s=audit_s, ttl_s=ttl_s
        )
        self.turns: TurnStore = Turns(database, activity, lifetimes, ttl_s)
        self.threads: ThreadStore = Threads(database, activity, lifetimes, ttl_s)
        self.transcripts: Transcripts = TranscriptStore(database, lifetimes.large_s)
        self.files: FileStore = Files(database, lifetimes.large_s)
        self.spend: SpendStore = Spend(database)
        self.survey = Survey(database, work, pending)
        self.prompt_counts: PromptCounts = PromptWindows(database)
        self.erasure: ErasureStore = Erasure(database, activity, work, pending)
        self.rates = RateBuckets(database)
        self.channels = ChannelSettings(database)
        self.departures: DepartureStore = Departures(database)
        self.homes = HomeViewers(database)
        self.turned_away = TurnedAway(database)
        self.oauth_states = OAuthStates(database)
        self.passes = PassRecords(database)

    async def health(self) -> StoreHealth:
        """What kind of Redis it is. Raises StoreAway."""
        return await health(self._database.client)

    def installations(self, seal: Seal) -> InstallationRecords:
        """Where the app is installed, under a seal."""
        return InstallationRecords(self._database, seal)

    async def aclose(self) -> None:
        """Let calls end that nobody waits for any more; then the client may be closed."""
        await self._database.aclose()
