"""The chaos run: real workers and a real Redis are broken while people talk, and every word is accounted for.

python -m tests.chaos.run --seed 7 --workers 4 --threads 1000 --seconds 120
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from bot.playground.slack.default_workspace import C_GENERAL, U_ANA, U_BEN
from tests.chaos.deeds import Havoc
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.stage import Plan, settle, stage, taken


async def chaos(plan: Plan, folder: Path, *, quiet: bool = False) -> Verdict:
    """Do it. Each worker's log and what each thread shows is left in `folder`."""
    dice = random.Random(plan.seed)
    began = time.monotonic()

    def note(what: str) -> None:
        if not quiet:
            click.echo(f"{time.monotonic() - began:7.1f} s  {what}")

    async with stage(plan, folder) as (slack, workers, redis):
        ledger = Ledger(slack)
        havoc = Havoc(dice, workers, redis, slack, note, longest_s=plan.longest_s, drain_s=plan.drain_s)
        talk = asyncio.create_task(_talk(plan, random.Random(plan.seed + 1), ledger))
        await havoc.rage(plan.seconds, plan.every_s)
        await talk
        slack.faults.clear()
        note(f"all is mended; {len(ledger.waiting)} messages wait")
        await settle(ledger, plan.settle_s)
        note("that is that")
        for channel, root in {(said.channel, said.root) for said in ledger.said.values()}:
            (folder / f"{root}.txt").write_text(ledger.shown(channel, root))
        return ledger.verdict(taken(folder))


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
