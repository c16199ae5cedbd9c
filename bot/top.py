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

MB = 1024 * 1024
THREADS_SHOWN = 30
"""A terminal is not much longer; `--json` has all that are looked at."""
DECISIONS_SHOWN = 10
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
        Console().print(drawn(await snapshot(survey)))


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
        Console().print(_workers(now) if now.workers else "No worker has given a sign of life lately.")


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
    decisions = (_decisions(now),) if now.decisions else ()
    return Group(_headline(now), _workers(now), _threads(now), *decisions)


def _headline(now: Snapshot) -> Text:
    age_s = _age_s(now)
    line = Text(f"{len(now.workers)} workers, {len(now.work)} threads with work, {len(now.queued)} in the queue")
    if now.queued:
        line.append(f", the oldest for {_duration(age_s)}", style="bold red" if age_s > QUEUE_LATE_S else "")
    if now.undecided:
        line.append(f", {now.undecided} waiting for a person")
    return line


def _workers(now: Snapshot) -> Table:
    table = Table("worker", "version", "up", "threads", "queued", "room", "running", "warm", "spare", "MB", "streams")
    for column in table.columns[2:]:
        column.justify = "right"
    for one in now.workers:
        up = _duration(now.taken_at - one.started_at) if one.started_at else "?"
        numbers = (one.threads, one.queued, one.room, one.running, one.idle, one.spares, one.memory_bytes // MB)
        name = Text(one.worker, style="yellow" if one.draining else "")
        name.append(" (draining)" if one.draining else "")
        table.add_row(name, one.version or "?", up, *map(str, numbers), str(one.streams))
    return table


def _threads(now: Snapshot) -> Table:
    table = Table("thread", "state", "for", "attempt", "waiting", "worker")
    for one in now.work[:THREADS_SHOWN]:
        state = one.state or ("held back" if one.paused else "queued")
        table.add_row(
            str(one.thread),
            Text(state, style="red" if one.queued else ""),
            _duration(now.taken_at - one.since),
            str(one.attempt or ""),
            str(one.waiting or ""),
            one.holder or "-",
        )
    if len(now.work) > THREADS_SHOWN:
        table.caption = f"and {len(now.work) - THREADS_SHOWN} more"
    return table


def _decisions(now: Snapshot) -> Table:
    table = Table("thread", "waits for a person for another")
    for one in now.decisions[:DECISIONS_SHOWN]:
        table.add_row(str(one.thread), _duration(one.expires_at - now.taken_at))
    if now.undecided > DECISIONS_SHOWN:
        table.caption = f"and {now.undecided - DECISIONS_SHOWN} more"
    return table


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
