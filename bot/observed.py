"""What operators see of a worker and of the whole: is it well, and how much of everything is there right now?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from bot import __version__
from bot.agent.claude import ClaudeAgent
from bot.errors import StoreAway
from bot.inbox import Inbox
from bot.ports import Clock
from bot.rounds import Rounds
from bot.slack.reply.replies import Replies
from bot.store.health import StoreHealth
from bot.store.store import Store
from bot.store.survey import REPORT_S, ThreadWork, WorkerReport
from bot.telemetry.gauges import Gauge
from bot.web.health import Health

log = structlog.get_logger(__name__)

SURVEY_S = 10.0
"""Seconds between two looks over the threads with work: some 16 + 5 n commands in two round trips for n threads."""
STORE_S = 60.0
"""Seconds between two questions to Redis about itself."""

UNASKED = StoreHealth("", True, False, None, "", False, 0, 0)


@dataclass(slots=True)
class Observed:
    """A worker's parts, and what was seen last of what all workers share."""

    worker: str
    store: Store
    inbox: Inbox
    agent: ClaudeAgent
    replies: Replies
    health: Health
    clock: Clock
    work: Sequence[ThreadWork] = ()
    undecided: int = 0
    """How many threads wait for somebody to decide."""
    kept: StoreHealth = UNASKED
    """What Redis is like."""
    started_at: float = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keep what is shared up to date, and report this worker to the others, while the context is open."""
        self.started_at = self.clock.now()
        self.health.alive["inbox"] = lambda: self.inbox.desk.works
        self.health.ready["redis"] = lambda: self.inbox.desk.keeps
        rounds = Rounds(self.clock)
        rounds.repeat(self.report, REPORT_S)
        rounds.repeat(self.look_over_work, SURVEY_S)
        rounds.repeat(self.look_at_store, STORE_S)
        try:
            yield
        finally:
            await rounds.end(0.0)
            with suppress(StoreAway):  # it runs out by itself
                await self.store.survey.withdraw(self.worker)

    async def report(self) -> None:
        """Leave a report of this worker."""
        census = self.agent.census
        await self.store.survey.report(
            WorkerReport(
                self.worker,
                version=__version__,
                started_at=self.started_at,
                reported_at=self.clock.now(),
                draining=not self.health.open,
                room=self.inbox.desk.room,
                threads=self.inbox.desk.threads_held,
                queued=self.inbox.desk.threads_queued,
                running=census.running,
                idle=census.idle,
                spares=census.spares,
                memory_bytes=self.agent.memory_bytes,
                streams=self.replies.streams,
            )
        )

    async def look_over_work(self) -> None:
        """See which threads have work, and how many wait for people."""
        self.work = await self.store.survey.work()
        self.undecided, _ = await self.store.survey.decisions()

    async def look_at_store(self) -> None:
        """See what Redis is like: operators change it while workers run."""
        self.kept = await self.store.health()

    def queue_age_s(self) -> float:
        """For how long the longest waiting prompt has been waiting for a worker."""
        oldest = min((one.since for one in self.work if one.queued), default=self.clock.now())
        return max(0.0, self.clock.now() - oldest)

    def store_warnings(self) -> Mapping[str, float]:
        """How Redis may lose sessions, by name: 1 where it may."""
        return {"redis_can_evict": self.kept.can_evict, "redis_not_persistent": self.kept.forgets}

    def gauges(self) -> Sequence[Gauge]:
        """All of it, for Prometheus."""
        return (*self._own_gauges(), *self._shared_gauges())

    def _own_gauges(self) -> Sequence[Gauge]:
        inbox, agent = self.inbox, self.agent
        return (
            Gauge("bot_leases_held", "Threads whose lease this worker holds.", lambda: inbox.desk.threads_held),
            Gauge(
                "bot_threads_without_place",
                "Of those, threads whose turn waits for a place, since so many run here.",
                lambda: inbox.desk.threads_queued,
            ),
            Gauge("bot_room", "How many threads more this worker would take on.", lambda: inbox.desk.room),
            Gauge(
                "bot_agent_processes",
                "Processes of the agent, by what they do.",
                lambda: {name: getattr(agent.census, name) for name in ("running", "idle", "spares")},
                label="state",
            ),
            Gauge(
                "bot_agent_memory_bytes",
                "What the agent's processes weigh together (PSS), as measured every 10 s.",
                lambda: agent.memory_bytes,
            ),
            Gauge("bot_streams_open", "Live streams of this worker's replies.", lambda: self.replies.streams),
            Gauge("bot_ready", "Whether this worker can take a message now.", lambda: not self.health.hindrances),
        )

    def _shared_gauges(self) -> Sequence[Gauge]:
        """The same from every worker: ask for the greatest, not for the sum."""
        return (
            Gauge(
                "bot_queue_threads",
                "Threads whose prompts wait for a worker.",
                lambda: sum(one.queued for one in self.work),
            ),
            Gauge(
                "bot_queue_age_seconds",
                "For how long the longest waiting of them has been waiting.",
                self.queue_age_s,
            ),
            Gauge("bot_decisions_waiting", "Threads that wait for somebody to decide.", lambda: self.undecided),
            Gauge(
                "bot_store_warning",
                "Whether Redis may lose sessions: it drops keys when memory is short, or keeps nothing over a restart.",
                self.store_warnings,
                label="kind",
            ),
            Gauge(
                "bot_redis_memory_bytes",
                "Memory that Redis uses.",
                lambda: self.kept.used_memory_bytes,
            ),
            Gauge(
                "bot_redis_memory_limit_bytes",
                "Its limit; 0 for none.",
                lambda: self.kept.max_memory_bytes,
            ),
        )


def warn_of(kept: StoreHealth) -> None:
    """Say in the log how this Redis may lose sessions."""
    if kept.forgets:
        log.warning("redis_not_persistent", mend="switch on appendonly: a restart of Redis loses all sessions")
    if kept.can_evict:
        log.warning("redis_can_evict", policy=kept.eviction_policy, mend="set maxmemory-policy noeviction")
