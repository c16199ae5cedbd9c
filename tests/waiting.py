"""Waiting for what other tasks do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

WAIT_S = 10.0
"""Longer than anything that a test waits for takes on a busy machine."""


async def until(condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    """Wait for a condition that other tasks bring about. Fails the test when they don't in time."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)
