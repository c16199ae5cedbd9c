"""Running until somebody asks to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

import psutil
import structlog

log = structlog.get_logger(__name__)

HARD_STOP_STATUS: Final = 128 + signal.SIGINT
"""What shells expect of a program that Ctrl-C ended."""


def run_until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `work` with an event that SIGTERM and Ctrl-C set; it then ends in its own time.

    A second Ctrl-C ends this process at once, and every process it started. What `work` raises is raised here.
    """
    asyncio.run(_run(work))


async def _run(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()

    def asked(by: signal.Signals) -> None:
        if by is signal.SIGINT and stop.is_set():
            end_hard()
        log.info("stop_asked", signal=by.name)
        stop.set()

    loop = asyncio.get_running_loop()
    for by in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(by, asked, by)
    await work(stop)


def end_hard() -> NoReturn:
    """End this process now, with everything below it: nothing is drained, nothing is left behind."""
    for process in psutil.Process().children(recursive=True):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    os._exit(HARD_STOP_STATUS)
