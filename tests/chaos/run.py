"""The chaos run: real workers and a real Redis are broken while people talk, and every word is accounted for.

python -m tests.chaos.run --seed 7 --workers 4 --threads 1000 --seconds 120
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bot.playground.model import ScriptedModel
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA, U_BEN
from bot.tasks import end
from tests.chaos.deeds import Havoc
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.machines import RedisProcess, WorkerProcess
from tests.chaos.real_model import answer

DRAIN_S = 5.0


@dataclass(frozen=True)
class Plan:
    """What is run.

    Args:
        agent: `stand-in` or `cli`.
        seconds: for how long things are broken.
        messages_per_s: how much people say.
        every_s: seconds between two things that break, on average.
        longest_s: how long something stays frozen or away at most.
        settle_s: how long the last answers may take after everything is mended.
    """

    seed: int
    workers: int = 4
    threads: int = 200
    seconds: float = 60.0
    messages_per_s: float = 8.0
    every_s: float = 4.0
    longest_s: float = 15.0
    lease_s: float = 10.0
    settle_s: float = 90.0
    agent: str = "stand-in"


async def chaos(plan: Plan, folder: Path, *, quiet: bool = False) -> Verdict:
    """Do it. Each worker's log and what each thread shows is left in `folder`."""
    dice = random.Random(plan.seed)
    began = time.monotonic()

    def note(what: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - began:7.1f} s  {what}")

    async with _stage(plan, folder) as (slack, workers, redis):
        ledger = Ledger(slack)
        havoc = Havoc(dice, workers, redis, slack, note, longest_s=plan.longest_s, drain_s=DRAIN_S)
        talk = asyncio.create_task(_talk(plan, random.Random(plan.seed + 1), ledger))
        await havoc.rage(plan.seconds, plan.every_s)
        await talk
        slack.faults.clear()
        note(f"all is mended; {len(ledger.waiting)} messages wait")
        await _settle(ledger, plan.settle_s)
        note("that is that")
        for channel, root in {(said.channel, said.root) for said in ledger.said.values()}:
            (folder / f"{root}.txt").write_text(ledger.shown(channel, root))
        return ledger.verdict(_taken(folder))


async def _settle(ledger: Ledger, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            while ledger.waiting:
                await asyncio.sleep(0.1)
    except TimeoutError:
        return
    await asyncio.sleep(2.0)  # what comes now comes too much


@asynccontextmanager
async def _stage(
    plan: Plan, folder: Path
) -> AsyncIterator[tuple[EmulatedSlack, Sequence[WorkerProcess], RedisProcess]]:
    async with AsyncExitStack() as stack:
        setup = Setup(seed=plan.seed, retry_delays_s=(0.0, 2.0, 5.0, 10.0, 20.0, 30.0))
        slack = await stack.enter_async_context(EmulatedSlack.start(setup))
        model = await stack.enter_async_context(ScriptedModel(answer, pace_s=0.05))
        redis = RedisProcess(_free_port(), folder / "redis")
        stack.callback(redis.kill)
        await redis.start()
        workers = [WorkerProcess(f"w{n}", _env(plan, n, slack, model, redis), folder) for n in range(plan.workers)]
        for worker in workers:
            stack.callback(_end, worker)
            worker.start()
        supervisors = [asyncio.create_task(worker.supervise()) for worker in workers]
        stack.push_async_callback(end, supervisors)
        taking_events = sum(worker.env["BOT_INGRESS"] == "true" for worker in workers)
        await slack.connected(taking_events, timeout_s=60.0)
        yield slack, workers, redis


def _env(plan: Plan, number: int, slack: EmulatedSlack, model: ScriptedModel, redis: RedisProcess) -> dict[str, str]:
    """The settings of a worker. The last of three and more takes no events."""
    return {
        "PATH": os.environ["PATH"],
        "CHAOS_AGENT": plan.agent,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "REDIS_URL": redis.url,
        "BOT_INGRESS": "false" if plan.workers > 2 and number == plan.workers - 1 else "true",
        "BOT_LEASE_S": str(plan.lease_s),
        "BOT_DRAIN_S": str(DRAIN_S),
        "BOT_MAX_TURNS_RUNNING": "3" if plan.agent == "cli" else "32",
        "BOT_SPARES": "0",
        **model.env,
    }


def _end(worker: WorkerProcess) -> None:
    worker.signal(signal.SIGCONT)
    worker.signal(signal.SIGKILL)
    if worker.process is not None:
        worker.process.wait()


async def _talk(plan: Plan, dice: random.Random, ledger: Ledger) -> None:
    """People talk: at first in new threads, and more and more in those there are."""
    roots: list[tuple[str, str]] = []
    loop = asyncio.get_running_loop()
    until = loop.time() + plan.seconds
    while loop.time() < until:
        await asyncio.sleep(dice.expovariate(plan.messages_per_s))
        user = dice.choice((U_ANA, U_BEN))
        if len(roots) < plan.threads and (not roots or dice.random() < 0.5):
            said = ledger.say(user, C_GENERAL, "")
            roots.append((said.channel, said.root))
        else:
            channel, root = dice.choice(roots)
            for _ in range(dice.choice((1, 1, 1, 2, 3))):
                ledger.say(user, channel, root)


def _taken(folder: Path) -> dict[str, str]:
    """When each message was taken, as the workers' logs tell: time by ts."""
    taken: dict[str, str] = {}
    for log in folder.glob("*/log"):
        for line in log.read_text(errors="replace").splitlines():
            if '"message_taken"' in line:
                entry = json.loads(line)
                taken[entry["ts"]] = min(entry["timestamp"], taken.get(entry["ts"], entry["timestamp"]))
    return taken


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _plan(arguments: Sequence[str] | None = None) -> tuple[Plan, Path | None]:
    parser = argparse.ArgumentParser(description="Break workers and Redis while people talk.")
    parser.add_argument("--keep", type=Path, help="a folder for the workers' logs, which is kept")
    for name, default in Plan(seed=random.SystemRandom().randrange(10_000)).__dict__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parsed = vars(parser.parse_args(arguments))
    keep = parsed.pop("keep")
    return Plan(**parsed), keep


def main() -> None:
    plan, keep = _plan()
    click.echo(f"seed {plan.seed}: {plan}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        verdict = asyncio.run(chaos(plan, keep or Path(folder)))
    click.echo(f"\nseed {plan.seed}\n{verdict.table()}")
    sys.exit(not verdict.flawless)


if __name__ == "__main__":
    main()
