"""`bot run` as the chaos run starts it: faster towards Slack, and with the stand-in for the CLI where that is wanted.

CHAOS_AGENT=stand-in python -m tests.chaos.worker run
"""

from __future__ import annotations

import os

from bot import app, cli
from bot.agent import command
from bot.slack.api import limits
from tests.chaos.stand_in import StandInAgent

AS_FAST_AS_IT_GOES = limits.Rate(6_000_000, 100_000)
"""Slack's real rates would let a few dozen turns a minute through, in all workers together."""


def main() -> None:
    limits.RATES.update(dict.fromkeys(limits.RATES, AS_FAST_AS_IT_GOES))
    limits.RATES_OF_WORKSPACE.clear()
    if os.environ.get("CHAOS_AGENT") == "stand-in":
        vars(app)["ClaudeAgent"] = StandInAgent
        vars(command)["version"] = _no_version
    cli.main()


async def _no_version() -> str:
    return "none: a stand-in answers"


if __name__ == "__main__":
    main()
