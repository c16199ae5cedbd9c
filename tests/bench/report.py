"""docs/performance.md, from what was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

from bot.agent import sandbox
from bot.agent.memory import memory
from bot.slack.api.limits import RATES
from tests.bench.measure import KNOWN_THREADS, Figures, Mode
from tests.bench.path import Trace
from tests.bench.rig import PACE_S, Moments

MB = 1024 * 1024

Span = Callable[[Moments], float]

SPANS: Sequence[tuple[str, Span]] = (
    ("event to ack", lambda turn: turn.acked - turn.said),
    ("event to the model's request", lambda turn: turn.asked - turn.said),
    ("first token to first visible text", lambda turn: turn.visible - turn.asked),
    ("event to done", lambda turn: turn.done - turn.said),
)


VISIBLE: tuple[str, Span] = ("event to first visible text", lambda turn: turn.visible - turn.said)


def headline(figures: Figures) -> str:
    """The README's table: what somebody in Slack waits for."""
    spans = (SPANS[0], SPANS[1], VISIBLE, SPANS[3])
    turns = (figures.warm.new, figures.warm.follow_up, figures.warm.after_idle)
    return "\n".join(
        [
            "| ms, p50 / p95 | new thread | old thread, talked in lately | old thread, picked up later |",
            "|---|---|---|---|",
            *(f"| {name} | {' | '.join(_both(map(span, of)) for of in turns)} |" for name, span in spans),
            "",
            (
                "Measured by `make bench` with a scripted model that answers at once, so all of this is the bot's own "
                "and the CLI's time. [docs/performance.md](docs/performance.md) has the rest."
            ),
        ]
    )


def page(figures: Figures) -> str:
    """The section of docs/performance.md."""
    return "\n".join(
        [
            (
                "Written by `make bench`: one run, everything below measured in it. The real Bolt app over Socket "
                "Mode, a real redis-server, the real SDK and CLI, an emulated Slack and a scripted model that "
                "answers at once, all on one machine's loopback. `BOT_MAX_WARM=0` is a process for each turn. Times "
                "are milliseconds, p50 / p95."
            ),
            "",
            *_machine(figures.load_before),
            "",
            "## Time",
            "",
            *_times(figures),
            "",
            "## Against the limits",
            "",
            *_aims(figures),
            "",
            "## Memory and CPU",
            "",
            *_memory(figures),
            "",
            "## Where a follow-up's time goes",
            "",
            *_path(figures.trace),
            "",
            (
                f"Turns are asked every {PACE_S:.1f} seconds, and so is the bare client: a workspace may begin "
                f"{RATES['chat.startStream'].calls} streams a minute, the bot keeps to that, and a bench that asks "
                "faster would measure Slack's limit."
            ),
            "",
        ]
    )


def _machine(load_before: float) -> list[str]:
    there = memory()
    return [
        (
            f"Machine: {_cpu()}, {psutil.cpu_count()} cores, {there.total_bytes / MB / 1024:.0f} GB, Linux "
            f"{platform.release()}; Python {platform.python_version()}, claude-agent-sdk "
            f"{importlib.metadata.version('claude-agent-sdk')}. The emulated Slack, the scripted model and the bench "
            f"itself share these cores with the bot. The load before it began was {load_before:.1f}: what else a "
            f"machine does is measured along.{_npm()}"
        ),
    ]


def _npm() -> str:
    """What each start of the CLI waits for on a machine that has both, and not in the image."""
    if shutil.which("npm") is None or sandbox.missing(os.environ):
        return ""
    return " npm is on the PATH: the CLI's sandbox asks it at each start, which takes some 0.3 s."


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _times(figures: Figures) -> list[str]:
    rows = ["| | | warm | `BOT_MAX_WARM=0` |", "|---|---|---|---|"]
    kinds: Sequence[tuple[str, Callable[[Mode], list[Moments]]]] = (
        ("new thread", lambda mode: mode.new),
        ("follow-up", lambda mode: mode.follow_up),
        ("follow-up after idle eviction", lambda mode: mode.after_idle),
        ("first message in a branch", lambda mode: mode.in_branch),
    )
    for kind, of in kinds:
        for name, span in SPANS:
            warm, cold = _both(map(span, of(figures.warm))), _both(map(span, of(figures.cold)))
            rows.append(f"| {kind} | {name} | {warm} | {cold} |")
    warm, cold = _both(figures.warm.branch_posted_s), _both(figures.cold.branch_posted_s)
    rows.append(f"| branch | reaction to its root posted | {warm} | {cold} |")
    following, first, fresh = figures.floor
    rows.append(f"| bare client | query to the model's request, connected and used before | {_both(following)} | |")
    rows.append(f"| bare client | the same, connected and its first query | {_both(first)} | |")
    rows.append(f"| bare client | the same, not connected yet | | {_both(fresh)} |")
    return rows


def _aims(figures: Figures) -> list[str]:
    asked = SPANS[1][1]
    floor, first, fresh = (_p50(values) for values in figures.floor)
    follow = _p50(map(asked, figures.warm.follow_up))
    cold = _p50(map(asked, figures.cold.follow_up))
    new = _p50(map(asked, figures.warm.new))
    visible = _p50(SPANS[2][1](turn) for turn in figures.warm.follow_up)
    posted = _p50(figures.warm.branch_posted_s)
    known = figures.scale.bot_known / MB
    per_client = _per_client(figures)
    on_16_gb = int(16 * 1024 * 0.8 / per_client)
    resumed = _p50(map(asked, figures.warm.after_idle))
    return [
        "| aim | measured | the limit it is up against |",
        "|---|---|---|",
        (
            f"| follow-up to the model's request: at most 1.5 times the bare client | {follow / floor:.2f} times "
            f"({follow:.0f} ms) | {floor:.0f} ms, a bare connected client |"
        ),
        (
            f"| at least 10 times faster than `BOT_MAX_WARM=0` | {cold / follow:.1f} times | {cold / floor:.1f} times, "
            "were the bot to add nothing |"
        ),
        (
            f"| new thread to the model's request: at most 120 ms | {new:.0f} ms | {first:.0f} ms, a bare client's "
            "first query |"
        ),
        f"| follow-up after idle eviction | {resumed:.0f} ms | {fresh:.0f} ms, a bare client that connects |",
        f"| first token to visible text: at most 100 ms | {visible:.0f} ms | the CLI's stream and one call to Slack |",
        f"| reaction to branch posted: at most 100 ms | {posted:.0f} ms | three calls to Slack, one after the other |",
        (
            f"| the bot's own process with {KNOWN_THREADS} known threads: under 100 MB | {known:.0f} MB | the "
            "interpreter with all that is imported |"
        ),
        f"| warm sessions on 16 GB: at least 100 | {on_16_gb} in 80 % of it | {per_client:.0f} MB for each |",
    ]


def _memory(figures: Figures) -> list[str]:
    scale = figures.scale
    rows = [
        "| PSS | MB |",
        "|---|---|",
        f"| the bot, idle | {scale.bot_idle / MB:.0f} |",
        f"| the bot, {KNOWN_THREADS} known threads | {scale.bot_known / MB:.0f} |",
        f"| a spare | {scale.spare / MB:.0f} |",
        f"| one warm session | {_per_client(figures):.0f} |",
    ]
    for size, weight in scale.clients.items():
        rows.append(f"| {size} warm sessions, all processes | {weight / MB:.0f} |")
        rows.append(f"| the bot beside them | {scale.bot[size] / MB:.0f} |")
    return [
        *rows,
        "",
        (
            f"CPU of one follow-up, the bot and the CLI together: {figures.warm.cpu_s * 1000:.0f} ms warm, "
            f"{figures.cold.cpu_s * 1000:.0f} ms and what a process that ended took with it with `BOT_MAX_WARM=0`."
        ),
    ]


def _per_client(figures: Figures) -> float:
    size, weight = max(figures.scale.clients.items())
    return weight / size / MB


def _path(trace: Trace) -> list[str]:
    return [
        "From the event to the model's request, p50:",
        "",
        "| after, ms | |",
        "|---|---|",
        *(f"| {after_s * 1000:.1f} | {step} |" for step, after_s in trace.steps.items()),
        f"| {trace.asked_s * 1000:.1f} | the model has its request: the rest is the CLI's own time |",
        "",
        (
            "What a profiler (cProfile, CPU time of the loop's thread) finds in the bot's process on that path, for "
            "one follow-up. It slows what it watches, so these are shares rather than times:"
        ),
        "",
        "| package | ms |",
        "|---|---|",
        *(f"| {package} | {spent_s * 1000:.2f} |" for package, spent_s in trace.by_package.items()),
        "",
        "| function of the bot's own | ms |",
        "|---|---|",
        *(f"| `{function}` | {spent_s * 1000:.2f} |" for function, spent_s in trace.top.items()),
    ]


def _both(values: Iterable[float]) -> str:
    found = sorted(values)
    return f"{_p50(found):.0f} / {_p95(found):.0f}" if found else "–"


def _p50(values: Iterable[float]) -> float:
    return statistics.median(values) * 1000


def _p95(values: Sequence[float]) -> float:
    return values[min(len(values) - 1, round(0.95 * (len(values) - 1)))] * 1000
