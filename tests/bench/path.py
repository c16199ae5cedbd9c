"""The steps between a message and the model's request, and what a profiler finds there."""

from __future__ import annotations

import asyncio
import pstats
import signal
import statistics
import sys
import sysconfig
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bot
from tests.bench.rig import Moments, rig
from tests.bench.watched import MARKS, PROFILE

TOP = 10
"""How many functions are listed."""


@dataclass
class Trace:
    """What was seen of the path.

    Args:
        steps: seconds after the event at which each step was over, in order.
        asked_s: seconds after the event at which the model had its request.
        by_package: seconds of the bot's CPU time that a follow-up spends in each package's functions.
        top: the functions of the bot's own code that take most of it, in seconds of a follow-up.
    """

    steps: Mapping[str, float] = field(default_factory=dict)
    asked_s: float = 0.0
    by_package: Mapping[str, float] = field(default_factory=dict)
    top: Mapping[str, float] = field(default_factory=dict)


async def measure_path(folder: Path, redis_url: str, count: int) -> Trace:
    """Follow-ups that are marked, then as many that are profiled: a profiler slows what it watches."""
    folder.mkdir()
    program = ("-m", "tests.bench.watched", str(folder))
    async with rig(folder, redis_url, program=program) as bench:
        root, _ = await bench.say("hello")
        await bench.say("once", root)
        turns = [(await bench.say("and then?", root))[1] for _ in range(count)]
        bench.on_asked = lambda: bench.bot.send_signal(signal.SIGUSR2)
        for _ in range(count):
            await bench.until_its_turn()
            bench.bot.send_signal(signal.SIGUSR1)
            await asyncio.sleep(0.05)  # the signal is taken between two steps of its loop
            await bench.say("and then?", root)
    profiled = pstats.Stats(str(folder / PROFILE))
    steps = _steps((folder / MARKS).read_text(encoding="utf-8").splitlines(), turns)
    asked_s = statistics.median(turn.asked - turn.said for turn in turns)
    return Trace(steps, asked_s, *_spent(profiled, count))


def _steps(lines: Sequence[str], turns: Sequence[Moments]) -> Mapping[str, float]:
    """The median of each step, in their order."""
    marks = [(float(at), step) for at, _, step in (line.partition(" ") for line in lines)]
    seen: defaultdict[str, list[float]] = defaultdict(list)
    for turn in turns:
        for at, step in marks:
            if turn.said <= at <= turn.asked:
                seen[step].append(at - turn.said)
    middles = {step: statistics.median(times) for step, times in seen.items()}
    return dict(sorted(middles.items(), key=lambda found: found[1]))


def _spent(profiled: pstats.Stats, turns: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """A turn's seconds of CPU time in each package, and in the functions of the bot that take most."""
    packages: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for (file, _, name), (_, _, own_s, _, _) in profiled.stats.items():  # type: ignore[attr-defined]
        package = _package(file)
        packages[package] += own_s / turns
        if package == bot.__name__:
            functions[f"{_module(file)}: {name}"] += own_s / turns
    return dict(packages.most_common(TOP)), dict(functions.most_common(TOP))


def _package(file: str) -> str:
    """To which package a function belongs; built-in ones count as Python's own."""
    path = Path(file)
    for place in ("purelib", "platlib"):
        root = Path(sysconfig.get_path(place))
        if path.is_relative_to(root):
            return path.relative_to(root).parts[0].removesuffix(".py")
    if path.is_relative_to(Path(bot.__file__).parent):
        return bot.__name__
    if path.is_relative_to(sys.prefix) or not path.is_relative_to(Path.cwd()):
        return "Python: asyncio" if path.parent.name == "asyncio" else "Python: the rest, built-in functions included"
    return "the bench's own marks"


def _module(file: str) -> str:
    return ".".join(Path(file).relative_to(Path(bot.__file__).parent.parent).with_suffix("").parts)
