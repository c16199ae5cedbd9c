"""What is measured in each mode, and at scale."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from bot.agent.memory import pss_bytes
from bot.model import Address, Ending, Message, Outcome, ThreadKey
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA, U_BEN
from bot.store.store import Store
from tests.bench.path import Trace
from tests.bench.rig import Moments, Rig, rig

KNOWN_THREADS = 1000
AT_ONCE = 20
"""Messages that arrive together."""


@dataclass
class Mode:
    """The turns of one mode, by what kind they were."""

    new: list[Moments] = field(default_factory=list)
    follow_up: list[Moments] = field(default_factory=list)
    after_idle: list[Moments] = field(default_factory=list)
    in_branch: list[Moments] = field(default_factory=list)
    branch_posted_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    """CPU of one follow-up: the bot and the CLI together."""


@dataclass
class Scale:
    """Memory, in bytes."""

    bot_idle: int = 0
    bot_known: int = 0
    """With KNOWN_THREADS threads that each had a message."""
    spare: int = 0
    clients: dict[int, int] = field(default_factory=dict)
    """What all clients take together, by how many sessions are warm."""
    bot: dict[int, int] = field(default_factory=dict)
    threads_s: float = 0.0


@dataclass
class Figures:
    """All of it. `floor`: see `floor.floors`; `load_before`: the machine's, over the minute before."""

    load_before: float = 0.0
    floor: tuple[list[float], list[float], list[float]] = ([], [], [])
    warm: Mode = field(default_factory=Mode)
    cold: Mode = field(default_factory=Mode)
    scale: Scale = field(default_factory=Scale)
    trace: Trace = field(default_factory=Trace)


async def measure_mode(folder: Path, redis_url: str, count: int, *, warm: bool) -> Mode:
    """New threads, follow-ups and branches; then follow-ups of sessions that were put away."""
    folder.mkdir()
    mode = Mode()
    few = max(3, count // 3)
    settings = {} if warm else {"BOT_MAX_WARM": "0"}
    async with rig(folder, redis_url, **settings) as bench:
        await bench.say("warm up")
        await _new_threads(bench, mode, few, spares=2 if warm else 0)
        await _follow_ups(bench, mode, count)
        await _branches(bench, mode, few, warm=warm)
    if warm:
        async with rig(folder, redis_url, BOT_WARM_IDLE_S="0.2", BOT_SPARES="0") as bench:
            root, _ = await bench.say("hello")
            for _ in range(few):
                await bench.until_clients(lambda there: there == 0)
                mode.after_idle.append((await bench.say("and now?", root))[1])
    return mode


async def _new_threads(bench: Rig, mode: Mode, count: int, *, spares: int) -> None:
    for number in range(count):
        if spares:  # one client for each thread so far, and the spares
            await bench.until_clients(lambda there, number=number: there >= number + 1 + spares)  # type: ignore[misc]
            await asyncio.sleep(0.5)  # let the youngest of them come to rest
        mode.new.append((await bench.say("hello"))[1])


async def _follow_ups(bench: Rig, mode: Mode, count: int) -> None:
    root, _ = await bench.say("hello")
    await bench.say("once", root)
    before_s = bench.cpu_s()
    for _ in range(count):
        mode.follow_up.append((await bench.say("and then?", root))[1])
    mode.cpu_s = (bench.cpu_s() - before_s) / count


async def _branches(bench: Rig, mode: Mode, count: int, *, warm: bool) -> None:
    root, _ = await bench.say("hello")
    for _ in range(count):
        await bench.say("and then?", root)  # a person has one branch at each message
        there = len(bench.clients())
        branch, posted_s = await bench.branch(root)
        mode.branch_posted_s.append(posted_s)
        if warm:  # it takes a person longer than this to write
            await bench.until_clients(lambda now, there=there: now > there)  # type: ignore[misc]
            await asyncio.sleep(1.0)
        mode.in_branch.append((await bench.say("what else?", branch))[1])


async def measure_scale(folder: Path, redis_url: str, sizes: Sequence[int]) -> Scale:
    """Memory: of the bot alone, of a spare, of many warm sessions, of many known threads."""
    folder.mkdir()
    scale = Scale()
    async with rig(folder, redis_url, BOT_MAX_WARM=str(max(sizes) + 5), BOT_SPARES="1") as bench:
        scale.bot_idle = pss_bytes(bench.bot.pid)
        await bench.until_clients(lambda there: there == 1)
        await asyncio.sleep(1.0)
        scale.spare = max(bench.client_bytes())
        threads = 0
        for size in sizes:
            while threads < size:
                await bench.say("hello")
                threads += 1
            await bench.until_clients(lambda there, size=size: there > size)  # type: ignore[misc]
            scale.clients[size] = sum(bench.client_bytes()) - scale.spare
            scale.bot[size] = pss_bytes(bench.bot.pid)
    async with rig(folder, redis_url, BOT_MAX_WARM="0") as bench:
        await _know_threads(bench, redis_url)
        scale.bot_known = pss_bytes(bench.bot.pid)
    return scale


async def _know_threads(bench: Rig, redis_url: str) -> None:
    """Have many threads with a session, and a message to somebody else in each."""
    roots: list[str] = []
    while len(roots) < KNOWN_THREADS:
        roots += [bench.slack.people.say(U_BEN, C_GENERAL, f"thread {len(roots)}") for _ in range(AT_ONCE)]
        await bench.slack.wait_until(lambda: not bench.slack.undelivered, 120.0)
    async with Redis.from_url(redis_url, protocol=2) as client:
        store = Store(client, "bench", ttl_s=3600)
        for root in roots:
            key = ThreadKey(bench.slack.workspace.team.id, C_GENERAL, root)
            await store.inbox.accept(Message(key, root, U_BEN, "hello", Address.BOT), f"session-{root}")
            lease = await store.inbox.acquire(key)
            assert lease is not None
            turn = await store.turns.begin(lease, root)
            assert turn is not None
            await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, turn.thread.session_id), [])
            await store.inbox.release(lease)
    for start in range(0, KNOWN_THREADS, AT_ONCE):
        for root in roots[start : start + AT_ONCE]:
            bench.slack.people.say(U_ANA, C_GENERAL, f"<@{U_BEN}> what do you think?", root)
        await bench.slack.wait_until(lambda: not bench.slack.undelivered, 120.0)
