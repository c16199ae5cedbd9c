"""Time as it passes."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Implements `bot.ports.Clock`."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
