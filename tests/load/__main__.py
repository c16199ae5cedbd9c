"""`make load`: lets crowds stream, and writes what they met with into docs/performance.md.

On a clock that leaps, so that what is measured is Slack's rates and what the bot makes of them, not the machine. With
`--real-time` it takes as long as it says, over counts in Redis, and is printed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fakeredis import FakeAsyncRedis, FakeServer

from bot.clock import SystemClock
from bot.slack.api.rates import LocalBuckets, SharedBuckets
from bot.store.store import Store
from tests.leaping import LeapingClock, leap
from tests.load.crowd import Crowd, Figures, stream_all
from tests.load.report import section
from tests.sections import with_section

PAGE = Path("docs/performance.md")

CROWDS = (
    Crowd(threads=10, channels=10),
    Crowd(threads=100, channels=25),
    Crowd(threads=100, channels=3),
    Crowd(threads=100, channels=1),
)


def leapt(crowd: Crowd) -> Figures:
    """Its workers share their counts in memory."""
    clock = LeapingClock()
    return leap(stream_all(crowd, [LocalBuckets(clock)] * crowd.workers, clock))


async def in_real_time(crowd: Crowd) -> Figures:
    """Its workers share their counts over Redis."""
    clock, redis = SystemClock(), FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0)), protocol=2)
    stores = [Store(redis, f"w{number}", ttl_s=60) for number in range(crowd.workers)]
    try:
        return await stream_all(crowd, [SharedBuckets(store.rates, clock) for store in stores], clock)
    finally:
        await redis.aclose()


if __name__ == "__main__":
    if "--real-time" in sys.argv:
        print(section([asyncio.run(in_real_time(crowd)) for crowd in CROWDS]))  # noqa: T201
    else:
        text = section([leapt(crowd) for crowd in CROWDS])
        PAGE.write_text(with_section(PAGE.read_text(encoding="utf-8"), "streaming", text), encoding="utf-8")
