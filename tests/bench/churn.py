"""`make churn`: people come and go for minutes, processes die, and what is left behind is counted.

Every now and then everything comes to rest, until nothing but the spares is there; then the bot is looked at.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from bot.agent.memory import pss_bytes
from bot.model import ThreadKey
from bot.playground.slack.default_workspace import U_ANA
from bot.playground.slack.values import ChannelKind
from tests.bench.rig import WAIT_S, Rig, rig
from tests.redis_server import redis_server
from tests.sections import with_section

PAGE = Path("docs/performance.md")
MB = 1024 * 1024
SPARES = 2
ROUNDS = 20
"""How often everything comes to rest."""
BOUNDS = {
    "BOT_MAX_WARM": "6",
    "BOT_SPARES": str(SPARES),
    "BOT_WARM_IDLE_S": "3",
    "BOT_CLIENT_MAX_TURNS": "3",
    "BOT_STREAMING": "update",  # more turns a minute fit into Slack's rates than with streams
}
"""Little of everything, so that processes are replaced all the time."""


@dataclass
class Deeds:
    """What people did so far, and what was done to them."""

    turns: int = 0
    threads: int = 0
    branches: int = 0
    kills: int = 0
    processes: int = 0
    """Different CLI processes that were seen."""


@dataclass(frozen=True)
class Rest:
    """The bot at rest: nothing but itself and its spares should be there.

    Args:
        minutes: since the start.
        bot_bytes: its PSS. A part of that comes and goes with other programs that use the same libraries.
        own_bytes: what it has allocated itself.
        left: processes of the bot's beyond the spares, a tool's shell or a forgotten CLI.
        directories: temporary ones that the CLI, the SDK and the bot have beyond those of the spares.
    """

    minutes: float
    turns: int
    bot_bytes: int
    own_bytes: int
    descriptors: int
    zombies: int
    left: int
    directories: int


class Log:
    """Which turns have ended, as the bot's log tells."""

    def __init__(self, path: Path) -> None:
        self.ended: Counter[str] = Counter()
        """How many of each thread, by its root."""
        self._path = path
        self._offset = 0

    def read(self) -> None:
        """Take in what was written since."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole = file.read().rpartition(b"\n")[0]
        self._offset += len(whole)
        for line in whole.splitlines():
            if b'"turn_ended"' in line:
                self.ended[ThreadKey.parse(json.loads(line)["thread"]).root_ts] += 1


class Churn:
    """Conversations that begin, go on, branch and are forgotten, in several channels at once."""

    def __init__(self, bench: Rig, folder: Path, seed: int) -> None:
        self.deeds = Deeds()
        self._bench = bench
        self._folder = folder
        self._log = Log(bench.log)
        self._random = random.Random(seed)
        self._began_s = time.monotonic()
        self._seen: set[str] = set()

    async def rounds(self, total_s: float, round_s: float, channels: int) -> list[Rest]:
        """Churn for so many seconds, with a rest after each round."""
        names = [f"churn-{number}" for number in range(channels)]
        everyone = [U_ANA, self._bench.slack.workspace.app.user_id]
        places = [self._bench.slack.workspace.add_channel(ChannelKind.PUBLIC, name, everyone).id for name in names]
        rests: list[Rest] = []
        while time.monotonic() < self._began_s + total_s:
            until_s = time.monotonic() + round_s
            await asyncio.gather(*(self._converse(place, until_s) for place in places))
            rests.append(await self._rest())
            print(rests[-1], flush=True)  # noqa: T201
        return rests

    async def _converse(self, channel: str, until_s: float) -> None:
        while time.monotonic() < until_s:
            root = await self._ask(channel, f"{self._bench.slack.mention} hello")
            self.deeds.threads += 1
            for _ in range(self._random.randrange(5)):
                if self._random.random() < 0.2:
                    self._kill_one()
                await self._ask(channel, "and then?", root)
            if self._random.random() < 0.3:
                branch, _ = await self._bench.branch(root, channel)
                self.deeds.branches += 1
                await self._ask(channel, "what else?", branch)

    async def _ask(self, channel: str, text: str, root: str = "") -> str:
        """Say something and wait until it is answered, or has ended some other way. Returns the thread."""
        before = self._log.ended[root]
        ts = self._bench.slack.people.say(U_ANA, channel, text, root)
        root = root or ts
        async with asyncio.timeout(WAIT_S):
            while self._log.ended[root] <= before:
                await asyncio.sleep(0.05)
                self._log.read()
        self.deeds.turns += 1
        self._count_processes()
        return root

    def _kill_one(self) -> None:
        """Kill a CLI, whatever it is at, as a machine that is short of memory does."""
        trees = [tree for tree in self._bench.clients().values() if tree]
        if trees:
            self._random.choice(self._random.choice(trees)).kill()
            self.deeds.kills += 1

    def _count_processes(self) -> None:
        self._seen.update(self._bench.clients())
        self.deeds.processes = len(self._seen)

    async def _rest(self) -> Rest:
        await self._bench.until_clients(lambda there: there <= SPARES)
        await self._bench.until_clients(lambda there: there == SPARES)
        await asyncio.sleep(2.0)  # let the spares connect, and what closed be cleared away
        trees = list(self._bench.clients().values())
        bot = self._bench.bot
        return Rest(
            minutes=(time.monotonic() - self._began_s) / 60,
            turns=self.deeds.turns,
            bot_bytes=pss_bytes(bot.pid),
            own_bytes=anonymous_bytes(bot.pid),
            descriptors=bot.num_fds(),
            zombies=sum(child.status() == psutil.STATUS_ZOMBIE for child in bot.children(recursive=True)),
            left=len(trees) - SPARES + sum(len(_named(tree)) - 1 for tree in trees),
            directories=len(list(self._folder.glob("tmp/claude-resume-*")))
            + len(list(self._folder.glob("data/claude/*/runs/*")))
            - SPARES,
        )


def _named(tree: Sequence[psutil.Process]) -> Sequence[psutil.Process]:
    """A CLI's processes without the one that its sandbox keeps for as long as it lives."""
    return [process for process in tree if process.name() != "socat"]


def anonymous_bytes(pid: int) -> int:
    """What a process has allocated itself: unlike the PSS it does not depend on what else runs."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))


@dataclass(frozen=True)
class Findings:
    """What a churn did and left."""

    deeds: Deeds
    rests: Sequence[Rest]
    orphans: int
    """Processes of the bot's that outlived it."""
    directories: int
    """Temporary directories that did."""


async def churned(seconds: float, *, round_s: float, channels: int, seed: int = 1) -> Findings:
    """Churn, with a bot of its own.

    Args:
        round_s: after so many seconds everything comes to rest.
        channels: as many people talk at once, each in a channel.
    """
    with tempfile.TemporaryDirectory() as root, redis_server() as server:
        folder = Path(root)
        (folder / "tmp").mkdir()
        async with rig(folder, server.url, TMPDIR=str(folder / "tmp"), **BOUNDS) as bench:
            churn = Churn(bench, folder, seed)
            rests = await churn.rounds(seconds, round_s, channels)
        orphans = sum(len(tree) for tree in bench.clients().values())
        left = len(list(folder.glob("tmp/claude-*"))) + len(list(folder.glob("data/claude/*")))
        return Findings(churn.deeds, rests, orphans, left)


def section(found: Findings) -> str:
    """The section of docs/performance.md."""
    deeds, last = found.deeds, found.rests[-1]
    return "\n".join(
        [
            "## Churn",
            "",
            (
                f"Written by `make churn`, which ran for {last.minutes:.0f} minutes: the real bot and CLI, at most six "
                "processes, three turns for each, three seconds of idleness. People had "
                f"{deeds.turns} turns in {deeds.threads} threads and {deeds.branches} branches; {deeds.processes} "
                f"processes were seen, {deeds.kills} of them killed from outside. Each row is the bot at rest, with "
                f"{SPARES} spares and nothing else. *Left* are processes that should be gone, *directories* temporary "
                "ones."
            ),
            "",
            (
                "| minutes | turns so far | the bot's PSS, MB | allocated by itself, MB | descriptors | zombies | "
                "left | directories |"
            ),
            "|---|---|---|---|---|---|---|---|",
            *(
                f"| {rest.minutes:.0f} | {rest.turns} | {rest.bot_bytes / MB:.1f} | {rest.own_bytes / MB:.1f} | "
                f"{rest.descriptors} | {rest.zombies} | {rest.left} | {rest.directories} |"
                for rest in found.rests
            ),
            "",
            (
                "The PSS comes and goes a little with other programs that use the same libraries. What the bot "
                "allocates itself grows at first, while its bounded memories of threads and people fill: in the four "
                f"quarters of this run it was {_quarters(found.rests)} MB on average."
            ),
            "",
            f"Left after the bot had stopped: {found.orphans} processes, {found.directories} directories.",
        ]
    )


def _quarters(rests: Sequence[Rest]) -> str:
    """The bot's own memory, averaged over each quarter of the run."""
    ends = [round(len(rests) * quarter / 4) for quarter in range(5)]
    spans = [rests[begin:end] for begin, end in pairwise(ends)]
    return ", ".join(f"{statistics.mean(rest.own_bytes for rest in span) / MB:.1f}" for span in spans if span)


if __name__ == "__main__":
    minutes, channels = float(sys.argv[1]), int(sys.argv[2])
    text = section(asyncio.run(churned(minutes * 60, round_s=max(30.0, minutes * 60 / ROUNDS), channels=channels)))
    PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), "churn", text), encoding="utf-8")
