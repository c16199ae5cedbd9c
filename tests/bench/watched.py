"""The bot with eyes on it: the bench starts this instead of `bot run`, to see where a follow-up's time goes.

`python -m tests.bench.watched FOLDER` writes `marks` there, a line for each step of the path with the time it was over,
and, profiled between SIGUSR1 and SIGUSR2, `profile` when it ends.
"""

from __future__ import annotations

import cProfile
import functools
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

from claude_agent_sdk import ClaudeSDKClient

from bot.agent.workspace import SessionWorkspaces
from bot.attempts import Attempt
from bot.cli import main
from bot.inbox import Inbox
from bot.prompts import PromptWriter
from bot.turns import Turns

MARKS: Final = "marks"
PROFILE: Final = "profile"

BEGUN: Final[dict[str, tuple[type, Callable[..., Any]]]] = {
    "the event is through the socket, Bolt and the normaliser": (Inbox, Inbox.take),
    "the lease is taken": (Turns, Turns.run_next),
    "the turn has begun, the status is on its way beside it": (Attempt, Attempt.run),
}
"""Steps that are over when a function is called."""

ENDED: Final[dict[str, tuple[type, Callable[..., Any]]]] = {
    "kept in Redis, its ack is on its way": (Inbox, Inbox.take),
    "the working directory is open": (SessionWorkspaces, SessionWorkspaces.open),
    "the prompt is written": (PromptWriter, PromptWriter.write),
    "the warm process has the prompt": (ClaudeSDKClient, ClaudeSDKClient.query),
}
"""Steps that are over when one returns."""


def mark_steps(out: TextIO) -> None:
    """Have each step write a line when it is over."""

    def watch(place: type, function: Callable[..., Any], begun: str, ended: str) -> None:
        @functools.wraps(function)
        async def marked(*args: Any, **kwargs: Any) -> Any:
            if begun:
                out.write(f"{time.perf_counter()} {begun}\n")
            try:
                return await function(*args, **kwargs)
            finally:
                if ended:
                    out.write(f"{time.perf_counter()} {ended}\n")

        setattr(place, function.__name__, marked)

    begun = {function: step for step, (_, function) in BEGUN.items()}
    ended = {function: step for step, (_, function) in ENDED.items()}
    for place, function in {*BEGUN.values(), *ENDED.values()}:
        watch(place, function, begun.get(function, ""), ended.get(function, ""))


def run(folder: Path) -> None:
    """Run the bot, watched, until it is stopped."""
    profile = cProfile.Profile(time.thread_time)  # what waits, or is kept from running, takes no time
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    signal.signal(signal.SIGUSR2, lambda *_: profile.disable())
    with (folder / MARKS).open("w", encoding="utf-8") as out:
        mark_steps(out)
        try:
            main(["run"])
        finally:
            profile.disable()
            profile.dump_stats(folder / PROFILE)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
