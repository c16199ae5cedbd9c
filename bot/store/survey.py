"""What operators want to know of the whole: which threads have work, and what each worker has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from bot.model import Health, ThreadKey, TurnState
from bot.store import keys
from bot.store.database import Database
from bot.store.indexes import PendingIndex, WorkIndex
from bot.store.keys import ThreadKeys
from bot.store.leases import holder_in

REPORT_S = 2.0
"""Seconds between two reports of a worker."""
LOOKED_AT = 200
"""Threads with work that are looked at where somebody only glances."""
REPORT_LIFE_S = 10
"""How long a worker's last report stays."""


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What one worker has, in numbers. Times are seconds since the epoch."""

    worker: str
    version: str = ""
    started_at: float = 0.0
    reported_at: float = 0.0
    draining: bool = False
    room: int = 0
    """How many threads more it would take on."""
    threads: int = 0
    """Whose leases it holds."""
    queued: int = 0
    """Of these, how many wait for a place to run their turn."""
    running: int = 0
    """Processes that work on a turn. `idle` ones wait for their thread, `spares` for a new one."""
    idle: int = 0
    spares: int = 0
    memory_bytes: int = 0
    streams: int = 0


@dataclass(frozen=True, slots=True)
class ThreadWork:
    """A thread with work, as it is right now.

    Args:
        state: of its turn in flight, as the store keeps it; empty when none runs.
        holder: the worker that holds its lease; empty when nobody does.
        waiting: how many prompts wait.
        since: when its oldest waiting prompt was sent, or its turn began; seconds since the epoch.
        paused: somebody stopped it, and what waits is held back.
    """

    thread: ThreadKey
    state: str
    holder: str
    waiting: int
    since: float
    attempt: int = 0
    paused: bool = False

    @property
    def at_work(self) -> bool:
        """Whether a turn is in flight that waits for nobody."""
        return bool(self.state) and self.state != TurnState.DEFERRED

    @property
    def queued(self) -> bool:
        """Whether its prompts wait for a worker, and for nothing else."""
        return not self.state and self.waiting > 0 and not self.paused


@dataclass(frozen=True, slots=True)
class WaitingDecision:
    """A thread that waits for somebody to decide; until when, in seconds since the epoch."""

    thread: ThreadKey
    expires_at: float


class Survey:
    """Looks over all threads with work or a pending decision, and all workers. Raises StoreAway."""

    def __init__(self, database: Database, work: WorkIndex, pending: PendingIndex) -> None:
        self._database = database
        self._work = work
        self._pending = pending

    async def report(self, report: WorkerReport) -> None:
        """Leave a worker's report for others to read."""
        body = json.dumps({"v": 1, **asdict(report)}, separators=(",", ":"))
        await self._database.call("SET", keys.worker(report.worker), body, "EX", REPORT_LIFE_S)

    async def withdraw(self, worker: str) -> None:
        """The worker leaves."""
        await self._database.call("DEL", keys.worker(worker))

    async def workers(self) -> Sequence[WorkerReport]:
        """The workers that gave a sign of life lately, by name. One that is too old to report has only its name."""
        named = await self._database.call("HKEYS", keys.WORKERS)
        told = await self._database.batch([("GET", keys.worker(name)) for name in named])
        return [_report(name, text) for name, text in sorted(zip(named, told, strict=True))]

    async def teams(self) -> Sequence[str]:
        """The workspaces that have threads. It walks through all keys: for operators, who ask seldom."""
        return sorted({keys.team_of_list(name) async for name in self._database.scan(keys.LISTS_OF_ALL)})

    async def work(self, limit: int = 1_000) -> Sequence[ThreadWork]:
        """Threads with work, the longest waiting first.

        Args:
            limit: how many of the index's entries are looked at, about.
        """
        listed = await self._work.oldest(0, max(1, limit // keys.SHARDS))
        threads = [ThreadKey.parse(entry.member) for entry in listed]
        found = await self._look_at(threads)
        return sorted((one for one in found if one.at_work or one.waiting), key=lambda one: one.since)

    async def health(self, team: str) -> Health:
        """How a workspace's work goes, as far as the threads tell that have had work for longest."""
        workers = await self._database.call("HLEN", keys.WORKERS)
        work = [one for one in await self.work(LOOKED_AT) if one.thread.team == team]
        waiting = [one.since for one in work if one.queued]
        now_s, _ = await self._database.call("TIME")
        oldest_s = max(int(now_s) - min(waiting), 0.0) if waiting else 0.0
        return Health(int(workers), sum(one.at_work for one in work), len(waiting), oldest_s)

    async def decisions(self, limit: int = 100) -> tuple[int, Sequence[WaitingDecision]]:
        """How many threads wait for somebody to decide, and about `limit` of them, those that expire first in front."""
        count, listed = await self._pending.waiting(max(1, limit // keys.SHARDS))
        return count, [WaitingDecision(ThreadKey.parse(entry.member), entry.score / 1e6) for entry in listed]

    async def _look_at(self, threads: Sequence[ThreadKey]) -> Sequence[ThreadWork]:
        answers = await self._database.batch(
            [command for thread in threads for command in _questions(ThreadKeys(thread))]
        )
        each = [answers[at : at + _QUESTIONS] for at in range(0, len(answers), _QUESTIONS)]
        return [_thread_work(thread, told) for thread, told in zip(threads, each, strict=True)]


_QUESTIONS = 5


def _questions(thread: ThreadKeys) -> Sequence[tuple[str | int, ...]]:
    return (
        ("GET", thread.lease),
        ("HMGET", thread.turn, "state", "attempt", "started_at_us"),
        ("ZCARD", thread.waiting),
        ("ZRANGE", thread.waiting, 0, 0),
        ("HEXISTS", thread.record, "paused"),
    )


def _thread_work(thread: ThreadKey, told: Sequence[object]) -> ThreadWork:
    lease, turn, waiting, first, paused = told
    state, attempt, started_at_us = turn if isinstance(turn, list) else ("", "", "")
    oldest = str(first[0]) if isinstance(first, list) and first else ""
    return ThreadWork(
        thread,
        state=state or "",
        holder=holder_in(str(lease) if lease else None),
        waiting=int(str(waiting)),
        since=int(started_at_us or 0) / 1e6 if state else float(oldest or 0),
        attempt=int(attempt or 0),
        paused=bool(paused),
    )


def _report(name: str, text: str | None) -> WorkerReport:
    told = json.loads(text) if text else {}
    return WorkerReport(**{**_known(told), "worker": name})


def _known(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a newer worker tells and this one doesn't know."""
    names = {field.name for field in fields(WorkerReport)}
    return {name: value for name, value in told.items() if name in names}
