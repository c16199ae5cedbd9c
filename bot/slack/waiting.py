"""Waiting for something, but not for ever, on a clock that tests can move."""

from __future__ import annotations

import asyncio

from bot.ports import Clock


async def first_of(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Wait until the event is set or the time is over. Returns whether the event is set."""
    if seconds is None or event.is_set():
        await event.wait()
        return True
    waiting = asyncio.ensure_future(event.wait())
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        sleeping.cancel()
    return event.is_set()
