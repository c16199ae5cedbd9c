"""Processes that a test starts, and that are gone when it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def ended(process: asyncio.subprocess.Process) -> AsyncIterator[asyncio.subprocess.Process]:
    """Kill the process when the context ends, unless it has ended by itself."""
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
