"""`make load`: lets crowds stream in real time, and writes what they met with into docs/performance.md."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from fakeredis import FakeAsyncRedis, FakeServer

from bot.clock import SystemClock
from bot.slack.rates import SharedBuckets
from bot.store.store import Store
from tests.load.crowd import Crowd, Figures, stream_all
from tests.load.report import section
from tests.sections import with_section

PAGE = Path("docs/performance.md")

CROWDS = (
    Crowd(threads=10, channels=10),
    Crowd(threads=100, channels=25),
    Crowd(threads=100, channels=1),
)


async def measured(crowds: Sequence[Crowd]) -> list[Figures]:
    """One crowd after the other, each with counts of its own, which its workers share over Redis."""
    found, clock = [], SystemClock()
    for crowd in crowds:
        redis = FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0)), protocol=2)
        stores = [Store(redis, f"w{number}", ttl_s=60) for number in range(crowd.workers)]
        found.append(await stream_all(crowd, [SharedBuckets(store.rates, clock) for store in stores], clock))
        await redis.aclose()
        print(f"{crowd.threads} threads in {crowd.channels} channels measured", flush=True)  # noqa: T201
    return found


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    text = section(asyncio.run(measured([Crowd(seconds=30.0)] if quick else CROWDS)))
    if quick:
        print(text)  # noqa: T201
    else:
        before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Performance\n"
        PAGE.write_text(with_section(before, "streaming", text), encoding="utf-8")
