"""`bot run` as the chaos run starts it: faster towards Slack, and with the stand-in for the CLI where that is wanted.

CHAOS_AGENT=stand-in python -m tests.chaos.worker run
"""

from __future__ import annotations

import os
from types import ModuleType

from bot import cli, core
from bot.agent import command
from bot.slack.api import limits
from tests.chaos.stand_in import StandInAgent

AS_FAST_AS_IT_GOES = limits.Rate(6_000_000, 100_000)
"""Slack's real rates would let a few dozen turns a minute through, in all workers together."""


def main() -> None:
    limits.RATES.update(dict.fromkeys(limits.RATES, AS_FAST_AS_IT_GOES))
    limits.RATES_OF_WORKSPACE.clear()
    if os.environ.get("CHAOS_AGENT") == "stand-in":
        _replace(core, "ClaudeAgent", StandInAgent)
        _replace(command, "version", _no_version)
    cli.main()


def _replace(module: ModuleType, name: str, stand_in: object) -> None:
    """Raises KeyError where it would replace nothing, and the real one would run unnoticed."""
    assert vars(module)[name] is not stand_in
    vars(module)[name] = stand_in


async def _no_version() -> str:
    return "none: a stand-in answers"


if __name__ == "__main__":
    main()
