"""Waiting for what other tasks do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

WAIT_S = 10.0
"""Longer than anything that a test waits for takes on a busy machine."""


async def until(condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    """Wait for a condition that other tasks bring about. Fails the test when they don't in time."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


async def until_so(condition: Callable[[], Awaitable[bool]], timeout_s: float = WAIT_S) -> None:
    """The same for a condition that has to be asked for."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.005)
