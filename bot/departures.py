"""A workspace removes the app: its work ends at once, and its data goes after a while, unless it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import structlog

from bot.errors import Refusal
from bot.model import Thread, ThreadFilter, ThreadKey, ThreadStatus
from bot.ports import Clock, DepartureStore, ThreadStore
from bot.rounds import Rounds

log = structlog.get_logger(__name__)

PAGE = 100
"""Threads that are looked at together."""

LOOK_S = 600.0
"""How often a worker looks for workspaces whose time has come."""

CLAIM_S = 3600.0
"""For how long removing a workspace's data is one worker's; then another goes on."""

AT_WORK = (ThreadStatus.RUNNING, ThreadStatus.WAITING, ThreadStatus.DEFERRED)


class Stopping(Protocol):
    """See `bot.inbox.Inbox`."""

    async def stop(self, thread: ThreadKey) -> bool: ...


class Forgetting(Protocol):
    """See `bot.privacy.Privacy`."""

    async def forget_thread(self, key: ThreadKey) -> None: ...


class Departures:
    """Workspaces that have removed the app. Use as an async context manager: while it is open, it looks for them.

    Args:
        grace_s: seconds that a workspace has to come back before its data goes.
    """

    def __init__(
        self,
        threads: ThreadStore,
        store: DepartureStore,
        stopping: Stopping,
        forgetting: Forgetting,
        clock: Clock,
        *,
        grace_s: float,
    ) -> None:
        self._threads = threads
        self._store = store
        self._stopping = stopping
        self._forgetting = forgetting
        self._clock = clock
        self._grace_s = grace_s
        self._rounds = Rounds(clock)

    async def __aenter__(self) -> Self:
        self._rounds.repeat(self.remove_due, LOOK_S, endless=True)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._rounds.end(0.0)

    async def left(self, team: str) -> None:
        """The workspace has removed the app. Doing it again changes nothing.

        Raises:
            StoreAway: it could not be kept that it has.
        """
        await self._store.depart(team, self._clock.now() + self._grace_s)
        log.warning("workspace_left", team=team, data_goes_in_s=self._grace_s)
        for thread in await self._all(team):
            if thread.status in AT_WORK:
                await self._stopping.stop(thread.key)
        if self._grace_s == 0:
            self._rounds.beside(self.remove_due())

    async def remove_due(self) -> None:
        """Remove the data of every workspace whose time has come. Raises StoreAway."""
        while team := await self._store.claim_due(self._clock.now(), CLAIM_S):
            await self._remove(team)

    async def _remove(self, team: str) -> None:
        gone = left = 0
        for thread in await self._all(team):
            if not await self._store.leaving(team):
                log.warning("workspace_back", team=team, gone=gone)
                return
            try:
                await self._forgetting.forget_thread(thread.key)
            except Refusal:
                left += 1
            else:
                gone += 1
        if left == 0:
            await self._store.forget_team(team)
        log.warning("workspace_forgotten" if left == 0 else "workspace_half_forgotten", team=team, gone=gone, left=left)

    async def _all(self, team: str) -> Sequence[Thread]:
        """All of a workspace's threads, gathered before any of them is removed and the pages shift."""
        threads: list[Thread] = []
        cursor = ""
        while True:
            page = await self._threads.page(ThreadFilter(team), cursor, PAGE)
            threads += page.threads
            cursor = page.cursor
            if not cursor:
                return threads
