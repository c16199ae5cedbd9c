"""How the core scales on one Redis: 1, 2 and 4 workers, with many known threads. The figures go to docs/operations.md.

python -m tests.bench.scale --write
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import click
import structlog
from redis.asyncio import Redis

from bot.approvers import Approvers, Approving
from bot.asking import AskingNeeds
from bot.attempts import AttemptNeeds
from bot.clock import SystemClock
from bot.desk import DeskBounds
from bot.inbox import Inbox
from bot.model import Address, Limits, Message, ThreadKey
from bot.patience import Patience, PatientTranscripts, PatientTurns
from bot.prompts import PromptWriter
from bot.store.client import connect
from bot.store.convoy import Command, Convoys
from bot.store.database import script_sha
from bot.store.store import Store
from bot.turns import Turns
from tests.bench.bolt_alone import bolt_alone
from tests.fakes import always, no_budgets, no_prompt_limits
from tests.fakes_agent import FakeAgent, FakeWorkspaces
from tests.fakes_chat import FakeChat
from tests.redis_server import redis_server

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
BEGIN, END = "<!-- figures: make scale -->", "<!-- /figures -->"
KNOWN = 10_000
BURST = 1_000
TURNS_AT_ONCE = 32
ACK, START = "event to ack p50 / p99", "event to start of the turn p50 / p99"


@dataclass(frozen=True)
class Figures:
    """What one worker measured, times in seconds."""

    acks: list[float]
    starts: list[float]
    took_s: float


class Together:
    """What the processes of one measurement share."""

    def __init__(self, workers: int) -> None:
        self.ready = multiprocessing.Barrier(workers)
        self.ended = multiprocessing.Value("i", 0)


class Bench:
    """One worker's core, with an agent and a Slack that cost nothing."""

    def __init__(self, url: str, folder: Path, bounds: DeskBounds = DeskBounds(turns_running=TURNS_AT_ONCE)) -> None:  # noqa: B008 (frozen)
        self.client = connect(url)
        self.store = Store(self.client, f"w-{uuid4().hex[:8]}", ttl_s=86_400)
        self.chat = FakeChat()
        clock = SystemClock()
        patience = Patience(self.store.inbox, clock)
        transcripts = PatientTranscripts(self.store.transcripts, patience)
        self.agent = FakeAgent(transcripts)
        turns = PatientTurns(self.store.turns, patience)
        needs = AttemptNeeds(
            turns,
            self.agent,
            FakeWorkspaces(folder),
            PromptWriter(self.chat),
            new_id=lambda: str(uuid4()),
            limits=Limits(),
            settled=transcripts.settled,
        )
        decisions = self.store.decisions
        approvers = Approvers(self.store.threads, self.chat, Approving.AUTHOR)
        asking = AskingNeeds(decisions, self.agent, self.chat, approvers, clock, new_id=lambda: str(uuid4()))
        self.inbox = Inbox(
            self.store.inbox,
            self.store.signals,
            self.store.workers,
            Turns(turns, self.chat, clock, needs, no_budgets(self.store.spend, clock), asking),
            self.chat,
            clock,
            no_prompt_limits(self.store.prompt_counts),
            new_id=lambda: str(uuid4()),
            limits=always(Limits()),
            bounds=bounds,
            drain_s=30.0,
            decisions=decisions,
        )

    async def aclose(self) -> None:
        await self.store.aclose()
        await self.client.aclose()

    async def burst(self, count: int, offset: int, together: Together, within_s: float) -> Figures:
        """Take messages of that many threads within some seconds, and run turns until those of all workers have ended.

        A thread may go to another worker, which has room for it.
        """
        began: dict[str, float] = {}
        run = self.agent.run

        def noting(request: object, workdir: Path) -> object:
            began[request.lease.thread.root_ts] = time.perf_counter()  # type: ignore[attr-defined]
            return run(request, workdir)  # type: ignore[arg-type]

        self.agent.run = noting  # type: ignore[method-assign, assignment]
        messages = [message(offset + number) for number in range(count)]
        await asyncio.to_thread(together.ready.wait)
        first = time.perf_counter()
        acks = await asyncio.gather(
            *(self._take(one, within_s * number / count) for number, one in enumerate(messages))
        )
        told = 0
        while together.ended.value < BURST:
            with together.ended.get_lock():
                together.ended.value += len(self.chat.posted) - told
            told = len(self.chat.posted)
            await asyncio.sleep(0.01)
        took_s = time.perf_counter() - first
        return Figures(acks, [at - first for at in began.values()], took_s)

    async def _take(self, one: Message, after_s: float) -> float:
        await asyncio.sleep(after_s)
        at = time.perf_counter()
        await self.inbox.take(one)
        return time.perf_counter() - at


def message(number: int, ts: str = "") -> Message:
    root = f"17{number:08d}.000100"
    return Message(ThreadKey("T1", f"C{number % 50}", root), ts or root, f"U{number % 200}", "hello", Address.BOT)


async def _fill(url: str, numbers: Iterator[int]) -> None:
    """Make threads that are known and have nothing to do."""
    store = Store(connect(url), "filler", ttl_s=86_400)

    async def fill() -> None:
        for number in numbers:
            one = message(number)
            await store.inbox.accept(one, str(uuid4()))
            await store.inbox.withdraw(one.thread, one.ts)

    await asyncio.gather(*(fill() for _ in range(16)))


def _worker(
    url: str, count: int, offset: int, within_s: float, together: Together, answer: multiprocessing.Queue[Figures]
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    async def work() -> Figures:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(url, Path(folder))
            async with bench.inbox:
                figures = await bench.burst(count, offset, together, within_s)
            await bench.aclose()
            return figures

    answer.put(asyncio.run(work()))


def _with_workers(url: str, workers: int, offset: int, within_s: float = 0.0) -> list[Figures]:
    answer: multiprocessing.Queue[Figures] = multiprocessing.Queue()
    share, together = BURST // workers, Together(workers)
    processes = [
        multiprocessing.Process(target=_worker, args=(url, share, offset + number * share, within_s, together, answer))
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    figures = [answer.get() for _ in processes]
    for process in processes:
        process.join()
    return figures


@dataclass
class Cost:
    """What one turn costs Redis."""

    round_trips: float
    appends: float
    commands: float
    bytes_in: float
    bytes_out: float


async def cost_of_turns(url: str, offset: int, turns: int = 100) -> Cost:
    """What a turn costs Redis, one after the other."""
    trips = {"": 0, "append": 0}
    travel, append = Convoys._carried_out, script_sha("append")

    async def counted(self: Convoys, commands: Sequence[Command]) -> list[object]:
        if any(command[0] != "GET" for command in commands):  # the bench itself asks who holds the lease
            trips["append" if append in commands[-1] else ""] += 1
        return await travel(self, commands)

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(url, folder)
        stack.push_async_callback(bench.aclose)
        # Neither sweeps nor beats: they cost the same whether there are turns or not.
        probe = await stack.enter_async_context(Redis.from_url(url))
        for number in range(5):
            await _one(bench, message(offset + number), number + 1)
        before = await _stats(probe)
        Convoys._carried_out = counted  # type: ignore[method-assign]
        stack.callback(setattr, Convoys, "_carried_out", travel)
        for number in range(turns):
            await _one(bench, message(offset + 100 + number), number + 6)
        after = await _stats(probe)
    commands, bytes_in, bytes_out = ((after[name] - before[name]) / turns for name in _STATS)
    return Cost(trips[""] / turns, trips["append"] / turns, commands, bytes_in, bytes_out)


_STATS = ("total_commands_processed", "total_net_input_bytes", "total_net_output_bytes")


async def _stats(client: Redis) -> dict[str, int]:
    told = await client.info("stats")
    return {name: int(told[name]) for name in _STATS}


async def _one(bench: Bench, one: Message, posted: int) -> None:
    await bench.inbox.take(one)
    while len(bench.chat.posted) < posted or await bench.store.inbox.holder(one.thread):
        await asyncio.sleep(0.002)


def _measure() -> str:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    offsets = itertools.count(1_000_000, 10_000)
    rows = []
    floor = _spread(sorted(asyncio.run(bolt_alone(BURST))))
    with redis_server() as server:
        small = asyncio.run(_ack_of(server.url, next(offsets)))
        asyncio.run(_fill(server.url, iter(range(50_000_000, 50_001_000))))
        before = asyncio.run(_memory(server.url))
        asyncio.run(_fill(server.url, iter(range(60_000_000, 60_000_000 + KNOWN - 1_000))))
        per_thread = (asyncio.run(_memory(server.url)) - before) / (KNOWN - 1_000)
        large = asyncio.run(_ack_of(server.url, next(offsets)))
        click.echo("one turn after the other …", err=True)
        cost = asyncio.run(cost_of_turns(server.url, next(offsets)))
        for workers in (1, 2, 4):
            click.echo(f"{workers} workers …", err=True)
            figures = _with_workers(server.url, workers, next(offsets))
            acks = sorted(value for one in figures for value in one.acks)
            slower = sorted(
                value for one in _with_workers(server.url, workers, next(offsets), 1.0) for value in one.acks
            )
            starts = sorted(value for one in figures for value in one.starts)
            rate = BURST / max(one.took_s for one in figures)
            rows.append(f"| {workers} | {rate:.0f} | {_spread(acks)} | {_spread(slower)} | {_spread(starts)} |")
    return "\n".join(
        [
            f"{KNOWN:,} known threads. {BURST:,} events at the same moment in as many new threads; agent and Slack",
            f"cost nothing; Redis runs on the same machine, {os.cpu_count()} cores for all.",
            "",
            f"| workers | turns a second | {ACK} | {ACK}, {BURST:,} within a second | {START} |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "| what | figure |",
            "|---|---|",
            f"| Redis round trips a turn, besides transcript appends | {cost.round_trips:.1f} |",
            f"| transcript appends a turn | {cost.appends:.1f} |",
            f"| Redis commands a turn, those inside scripts included | {cost.commands:.0f} |",
            f"| bytes to and from Redis a turn | {cost.bytes_in:.0f} / {cost.bytes_out:.0f} |",
            f"| memory of a known thread without transcript | {per_thread / 1000:.1f} kB |",
            f"| Bolt alone, with a listener that does nothing: 1,000 events at the same moment, p50 / p99 | {floor} |",
            f"| one event's ack with no known threads / with {KNOWN:,} | {small:.2f} / {large:.2f} ms |",
        ]
    )


async def _memory(url: str) -> int:
    async with Redis.from_url(url) as client:
        return int((await client.info("memory"))["used_memory"])


async def _ack_of(url: str, offset: int, count: int = 200) -> float:
    """The median of one event's ack, one after the other, in milliseconds."""
    store = Store(connect(url), "asker", ttl_s=86_400)
    took = []
    for number in range(count):
        one = message(offset + number)
        at = time.perf_counter()
        await store.inbox.accept(one, str(uuid4()))
        took.append(time.perf_counter() - at)
        await store.inbox.withdraw(one.thread, one.ts)
    return sorted(took)[count // 2] * 1000


def _spread(values: list[float]) -> str:
    return f"{values[len(values) // 2] * 1000:.0f} / {values[int(len(values) * 0.99)] * 1000:.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how the core scales on one Redis.")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/operations.md")
    told = _measure()
    click.echo(told)
    if parser.parse_args().write:
        page = PAGE.read_text()
        PAGE.write_text(re.sub(f"{BEGIN}.*{END}", f"{BEGIN}\n{told}\n{END}", page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
