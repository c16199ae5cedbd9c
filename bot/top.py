"""`bot top`: what workers, threads and queues are at, read from Redis."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.store.client import connect
from bot.store.store import Store
from bot.store.survey import REPORT_S, Survey, ThreadWork, WaitingDecision, WorkerReport
from bot.tables import draw, table

MB = 1024 * 1024
THREADS_SHOWN = 30
"""A terminal is not much longer; `--json` has all that are looked at."""
DECISIONS_SHOWN = 10
NO_WORKER = "No worker has given a sign of life lately."
QUEUE_LATE_S = 10.0
"""A queue that is this old is marked: nobody took the thread within the bound for a dead worker's."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All there is at one moment."""

    taken_at: float
    workers: Sequence[WorkerReport]
    work: Sequence[ThreadWork]
    undecided: int = 0
    """How many threads wait for somebody to decide; `decisions` are those that expire first."""
    decisions: Sequence[WaitingDecision] = ()

    @property
    def queued(self) -> Sequence[ThreadWork]:
        return [one for one in self.work if one.queued]


async def follow(url: str) -> None:
    """Draw it anew every two seconds, until cancelled. Raises StoreAway."""
    async with _survey(url) as survey:
        with Live(drawn(await snapshot(survey)), screen=True, auto_refresh=False) as live:
            while True:
                await asyncio.sleep(REPORT_S)
                live.update(drawn(await snapshot(survey)), refresh=True)


async def print_once(url: str) -> None:
    """Raises StoreAway."""
    async with _survey(url) as survey:
        draw(drawn(await snapshot(survey)))


async def print_json(url: str) -> None:
    """Raises StoreAway."""
    async with _survey(url) as survey:
        Console().print_json(as_json(await snapshot(survey)))


async def print_workers(url: str, *, wants_json: bool) -> None:
    """The workers alone. Raises StoreAway."""
    async with _survey(url) as survey:
        now = Snapshot(time.time(), await survey.workers(), [])
    if wants_json:
        Console().print_json(json.dumps([asdict(worker) for worker in now.workers]))
    else:
        draw(_workers(now) if now.workers else NO_WORKER)


async def snapshot(survey: Survey) -> Snapshot:
    """Raises StoreAway."""
    return Snapshot(time.time(), await survey.workers(), await survey.work(), *await survey.decisions())


def as_json(now: Snapshot) -> str:
    """For programs: times are seconds since the epoch."""
    return json.dumps(
        {
            "taken_at": now.taken_at,
            "workers": [asdict(worker) for worker in now.workers],
            "threads": [{**asdict(one), "thread": str(one.thread), "queued": one.queued} for one in now.work],
            "queue": {"threads": len(now.queued), "age_s": _age_s(now)},
            "decisions": {"threads": now.undecided, "first": [_decision(one) for one in now.decisions]},
        }
    )


def _decision(one: WaitingDecision) -> dict[str, str | float]:
    return {"thread": str(one.thread), "expires_at": one.expires_at}


def drawn(now: Snapshot) -> Group:
    """For a terminal."""
    parts = ((now.workers, _workers), (now.work, _threads), (now.decisions, _decisions))
    return Group(_headline(now), *(part for there, draws in parts if there for part in ("", draws(now))))


def _headline(now: Snapshot) -> Text:
    age_s = _age_s(now)
    workers, threads = _count(len(now.workers), "worker"), _count(len(now.work), "thread")
    line = Text(f"{workers}, {threads} with work, {len(now.queued)} in the queue")
    if now.queued:
        line.append(f", the oldest for {_duration(age_s)}", style="bold red" if age_s > QUEUE_LATE_S else "")
    if now.undecided:
        line.append(f", {now.undecided} waiting for a person")
    return line


def _workers(now: Snapshot) -> Table:
    figures = ("up", "threads", "queued", "room", "running", "warm", "spare", "MB", "streams")
    rows = table("worker", "version", *figures, numbers=len(figures))
    for one in now.workers:
        up = _duration(now.taken_at - one.started_at) if one.started_at else "?"
        numbers = (one.threads, one.queued, one.room, one.running, one.idle, one.spares, one.memory_bytes // MB)
        name = Text(one.worker, style="yellow" if one.draining else "")
        name.append(" (draining)" if one.draining else "")
        rows.add_row(name, one.version or "?", up, *map(str, numbers), str(one.streams))
    return rows


def _threads(now: Snapshot) -> Table:
    rows = table("thread", "state", "worker", "for", "attempt", "waiting", numbers=3)
    for one in now.work[:THREADS_SHOWN]:
        state = one.state or ("held back" if one.paused else "queued")
        rows.add_row(
            str(one.thread),
            Text(state, style="red" if one.queued else ""),
            one.holder or "-",
            _duration(now.taken_at - one.since),
            str(one.attempt or ""),
            str(one.waiting or ""),
        )
    if len(now.work) > THREADS_SHOWN:
        rows.caption = f"and {len(now.work) - THREADS_SHOWN} more"
    return rows


def _decisions(now: Snapshot) -> Table:
    rows = table("waits for a person", "for another", numbers=1)
    for one in now.decisions[:DECISIONS_SHOWN]:
        rows.add_row(str(one.thread), _duration(one.expires_at - now.taken_at))
    if now.undecided > DECISIONS_SHOWN:
        rows.caption = f"and {now.undecided - DECISIONS_SHOWN} more"
    return rows


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _age_s(now: Snapshot) -> float:
    return max((now.taken_at - one.since for one in now.queued), default=0.0)


def _duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"


@asynccontextmanager
async def _survey(url: str) -> AsyncIterator[Survey]:
    client = connect(url)
    try:
        yield Store(client, "top", ttl_s=0).survey
    finally:
        await client.aclose()
