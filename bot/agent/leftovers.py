"""What a worker has of threads on its own disk and in its processes, and no longer should.

The store decides: a directory goes when its thread does not know the session any more, because it was forgotten,
expired, or given a fresh one.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import structlog

from bot.agent.workspace import DIGEST_SUFFIX, THREAD_SUFFIX, session_directories
from bot.errors import StoreAway
from bot.model import ThreadKey
from bot.ports import Clock, ThreadStore
from bot.tasks import end

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
"""Seconds between two looks at everything."""

SETTLED_S = 300.0
"""A directory younger than this is left alone, unless its thread is to be forgotten: that may be in the making."""

STRAY_S = 7 * 86_400.0
"""A directory that names no thread, left by a spare that was killed or an older version, goes after this long."""


class Processes(Protocol):
    """See `bot.agent.claude.ClaudeAgent`."""

    async def let_go(self, thread: ThreadKey) -> None: ...


@dataclass(frozen=True, slots=True)
class _Place:
    """A session's directory. `thread` is None when it names none."""

    path: Path
    thread: ThreadKey | None
    age_s: float


class Leftovers:
    """Clears them away. Use as an async context: everything is looked at when it opens, and every hour."""

    def __init__(self, data_dir: Path, threads: ThreadStore, processes: Processes, clock: Clock) -> None:
        self._root = session_directories(data_dir)
        self._threads = threads
        self._processes = processes
        self._clock = clock
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep(), name="leftovers")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._keeper is not None:
            await end([self._keeper])

    async def forget(self, thread: ThreadKey) -> None:
        """Let go of a thread of which something was taken out: its idle process, and what is no longer its own."""
        await self._processes.let_go(thread)
        places = [place for place in await asyncio.to_thread(self._places) if place.thread == thread]
        await self._clear(places)

    async def clear(self) -> int:
        """Look at everything. Returns how many directories went."""
        places = await asyncio.to_thread(self._places)
        strays = [place for place in places if place.thread is None and place.age_s > STRAY_S]
        await asyncio.to_thread(_remove, strays)
        settled = [place for place in places if place.thread is not None and place.age_s > SETTLED_S]
        return len(strays) + await self._clear(settled)

    async def _clear(self, places: Sequence[_Place]) -> int:
        gone = [place for place in places if not await self._known(place)]
        await asyncio.to_thread(_remove, gone)
        if gone:
            log.info("directories_removed", count=len(gone))
        return len(gone)

    async def _known(self, place: _Place) -> bool:
        thread = await self._threads.get(place.thread) if place.thread is not None else None
        if thread is None:
            return False
        return place.path.name in {thread.session_id, *(session.session_id for session in thread.archived)}

    async def _keep(self) -> None:
        while True:
            try:
                await self.clear()
            except (OSError, StoreAway) as error:
                log.warning("leftovers_not_cleared", error=type(error).__name__)
            await self._clock.sleep(EVERY_S)

    def _places(self) -> list[_Place]:
        return list(_found(self._root))


def _found(root: Path) -> Iterator[_Place]:
    for path in root.glob("*-*-*-*-*"):
        try:
            if path.is_dir() and not path.name.startswith("."):
                yield _Place(path, _thread_of(path), time.time() - path.stat().st_mtime)
        except FileNotFoundError:
            continue


def _thread_of(path: Path) -> ThreadKey | None:
    try:
        return ThreadKey.parse(path.with_name(path.name + THREAD_SUFFIX).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _remove(places: Sequence[_Place]) -> None:
    for place in places:
        shutil.rmtree(place.path, ignore_errors=True)
        for suffix in (DIGEST_SUFFIX, THREAD_SUFFIX):
            place.path.with_name(place.path.name + suffix).unlink(missing_ok=True)
