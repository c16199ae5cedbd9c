"""Drills: one thing at a time goes wrong under a steady load, and it is measured how long people wait.

python -m tests.chaos.drills --write
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.machines import RedisProcess, WorkerProcess
from tests.chaos.stage import Plan, settle, stage, taken

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
BEGIN, END = "<!-- figures: make drills -->", "<!-- /figures -->"
PLAN = Plan(seed=1, workers=3, messages_per_s=4.0, drain_s=25.0, settle_s=120.0)
"""With the default lease and the default time for draining."""
BEFORE_S, AFTER_S = 5.0, 5.0
"""How long people talk before something goes wrong, and after all is well again."""
AWAY_S = 60.0
UP_S = 60.0


@dataclass(frozen=True)
class Stage:
    """Who can be harmed."""

    workers: Sequence[WorkerProcess]
    redis: RedisProcess
    all_up: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Drill:
    """What goes wrong, and how that is said in the table."""

    name: str
    deed: Callable[[Stage], Awaitable[None]]


async def _nothing(_stage: Stage) -> None:
    await asyncio.sleep(20.0)


async def _rolling_restart(at: Stage) -> None:
    for worker in at.workers:
        worker.wanted = False
        worker.signal(signal.SIGTERM, group=False)
        await worker.ended(PLAN.drain_s + 15.0)
        worker.start()
        await at.all_up()


async def _kill(at: Stage) -> None:
    for worker in at.workers[:2]:
        worker.wanted = False
        worker.signal(signal.SIGKILL)
        await worker.ended(1.0)
        await asyncio.sleep(5.0)
        worker.start()
        await at.all_up()


async def _freeze(at: Stage) -> None:
    at.workers[0].signal(signal.SIGSTOP)
    await asyncio.sleep(AWAY_S)
    at.workers[0].signal(signal.SIGCONT)


async def _redis_away(at: Stage) -> None:
    at.redis.kill()
    await asyncio.sleep(AWAY_S)
    await at.redis.start()


DRILLS = (
    Drill("nothing", _nothing),
    Drill("a rolling restart of all workers (SIGTERM)", _rolling_restart),
    Drill("two of three workers killed, one after the other (SIGKILL)", _kill),
    Drill(f"a worker frozen for {AWAY_S:.0f} s", _freeze),
    Drill(f"Redis gone for {AWAY_S:.0f} s", _redis_away),
)


@dataclass(frozen=True)
class Result:
    """How long people waited, in seconds."""

    drill: Drill
    verdict: Verdict
    waits: Sequence[float]

    @property
    def row(self) -> str:
        verdict = self.verdict
        wrong = len(verdict.doubled) + len(verdict.out_of_order) + len(verdict.forgotten)
        lost = len(verdict.lost) + len(verdict.not_taken) + len(verdict.given_up)
        p99 = self.waits[int(len(self.waits) * 0.99)]
        times = f"{verdict.median_wait_s:.1f} | {p99:.1f} | {verdict.longest_wait_s:.1f}"
        return f"| {self.drill.name} | {verdict.sent} | {lost} | {wrong} | {times} |"


async def drilled(drill: Drill, plan: Plan, folder: Path) -> Result:
    """Do it under load."""
    async with stage(plan, folder) as (slack, workers, redis):
        ledger = Ledger(slack)
        taking_events = sum(worker.env["BOT_INGRESS"] == "true" for worker in workers)

        async def all_up() -> None:
            await slack.connected(taking_events, timeout_s=UP_S)

        talk = asyncio.create_task(_talk(plan, ledger))
        await asyncio.sleep(BEFORE_S)
        await drill.deed(Stage(workers, redis, all_up))
        await asyncio.sleep(AFTER_S)
        talk.cancel()
        await settle(ledger, plan.settle_s)
        waits = sorted(said.answered_at - said.at for said in ledger.said.values() if said.answered_at)
        return Result(drill, ledger.verdict(taken(folder)), waits)


async def _talk(plan: Plan, ledger: Ledger) -> None:
    """Somebody begins a thread ever so often: each wait is one turn's, and nobody waits for one before."""
    while True:
        ledger.say(U_ANA, C_GENERAL, "")
        await asyncio.sleep(1 / plan.messages_per_s)


def table(results: Sequence[Result]) -> str:
    return "\n".join(
        [
            f"{PLAN.workers} workers with the default lease ({PLAN.lease_s:.0f} s). {PLAN.messages_per_s:.0f} messages",
            "a second, each in a thread of its own; an answer takes the stand-in for the agent about half a second.",
            "",
            "| what happens | messages | lost | doubled or out of order | wait p50, s | p99 | longest |",
            "|---|---|---|---|---|---|---|",
            *(result.row for result in results),
        ]
    )


async def _all(plan: Plan, only: str) -> list[Result]:
    results = []
    for drill in DRILLS:
        if only in drill.name:
            with tempfile.TemporaryDirectory(prefix="drill-") as folder:
                results.append(await drilled(drill, plan, Path(folder)))
            click.echo(results[-1].row, err=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long people wait when something goes wrong.")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/operations.md")
    parser.add_argument("--only", default="", help="the drills whose name contains this")
    parser.add_argument("--messages-per-s", type=float, default=PLAN.messages_per_s)
    given = parser.parse_args()
    told = table(asyncio.run(_all(replace(PLAN, messages_per_s=given.messages_per_s), given.only)))
    click.echo(told)
    if given.write:
        page = PAGE.read_text()
        PAGE.write_text(re.sub(f"{BEGIN}.*?{END}", f"{BEGIN}\n{told}\n{END}", page, flags=re.DOTALL))


if __name__ == "__main__":
    main()
