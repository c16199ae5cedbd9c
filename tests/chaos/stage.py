"""What chaos runs and drills play on: an emulated Slack, a scripted model, a real Redis and worker processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.playground.model import ScriptedModel
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.tasks import end
from tests.chaos.ledger import Ledger
from tests.chaos.machines import RedisProcess, WorkerProcess
from tests.chaos.real_model import answer

SOCKETS = 10
"""How many connections Slack gives an app."""


@dataclass(frozen=True)
class Plan:
    """What is run.

    Args:
        agent: `stand-in` or `cli`.
        seconds: for how long things are broken.
        messages_per_s: how much people say.
        every_s: seconds between two things that break, on average.
        longest_s: how long something stays frozen or away at most.
        drain_s: how long turns may take to end in a worker that is stopped.
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
    drain_s: float = 5.0
    settle_s: float = 90.0
    agent: str = "stand-in"


@asynccontextmanager
async def stage(plan: Plan, folder: Path) -> AsyncIterator[tuple[EmulatedSlack, Sequence[WorkerProcess], RedisProcess]]:
    """Workers that run, on a Slack and a Redis of their own. Each worker's log is left in `folder`."""
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
    """The settings of a worker. The last of three and more takes no events, nor do those beyond what Slack connects."""
    takes_events = number < SOCKETS and not (plan.workers > 2 and number == plan.workers - 1)
    return {
        "PATH": os.environ["PATH"],
        "CHAOS_AGENT": plan.agent,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "REDIS_URL": redis.url,
        "BOT_INGRESS": "true" if takes_events else "false",
        "BOT_LEASE_S": str(plan.lease_s),
        "BOT_DRAIN_S": str(plan.drain_s),
        "BOT_MAX_TURNS_RUNNING": "3" if plan.agent == "cli" else "32",
        "BOT_SPARES": "0",
        "BOT_PROMPTS_PER_MINUTE": "10000",
        **model.env,
    }


def _end(worker: WorkerProcess) -> None:
    worker.signal(signal.SIGCONT)
    worker.signal(signal.SIGKILL)
    if worker.process is not None:
        worker.process.wait()


async def settle(ledger: Ledger, timeout_s: float) -> None:
    """Wait until everything that was said is answered, or that long."""
    try:
        async with asyncio.timeout(timeout_s):
            while ledger.waiting:
                await asyncio.sleep(0.1)
    except TimeoutError:
        return
    await asyncio.sleep(2.0)  # what comes now comes too much


def taken(folder: Path) -> dict[str, str]:
    """When each message was taken, as the workers' logs tell: time by ts."""
    found: dict[str, str] = {}
    for log in folder.glob("*/log"):
        for line in log.read_text(errors="replace").splitlines():
            if '"message_taken"' in line:
                entry = json.loads(line)
                found[entry["ts"]] = min(entry["timestamp"], found.get(entry["ts"], entry["timestamp"]))
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
