"""Finds sessions in the store, and does with them what operators ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

from bot.agent.sessions import ClaudeSessions
from bot.clock import SystemClock
from bot.errors import Reason, Refusal
from bot.model import Exchange, Passage, Person, Thread, ThreadFilter, ThreadKey
from bot.operators.visit import Visit
from bot.privacy import Forgotten, Privacy, PrivacyNeeds
from bot.store.client import connect
from bot.store.store import Store

PAGE = 100
ALL_EXCHANGES = 1_000_000


class Desk:
    """An operator's view of a store. Everything raises StoreAway."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = ClaudeSessions(store.transcripts)
        visit = Visit(store.inbox, store.decisions, store.signals, SystemClock())
        needs = PrivacyNeeds(store.threads, store.erasure, store.inbox, self._sessions, store.workers, store.signals)
        self._privacy = Privacy(needs, visit)

    async def threads(self, query: ThreadFilter) -> AsyncIterator[Thread]:
        """Threads, those active last in front; those of every workspace, one after the other, when none is named."""
        teams = [query.team] if query.team else await self._store.survey.teams()
        for team in teams:
            cursor, more = "", True
            while more:
                page = await self._store.threads.page(replace(query, team=team), cursor, PAGE)
                for thread in page.threads:
                    yield thread
                cursor, more = page.cursor, bool(page.cursor)

    async def find(self, reference: str) -> tuple[Thread, str]:
        """A thread, by the first characters of a session's id or by its own name, and the session that is meant.

        Raises:
            Refusal: UNKNOWN_SESSION or AMBIGUOUS_SESSION.
        """
        key = _key(reference)
        if key is not None:
            thread = await self._store.threads.get(key)
            found = [(key, thread.session_id)] if thread is not None else []
        else:
            prefix = reference.strip().lower()
            teams = await self._store.survey.teams()
            found = [hit for team in teams for hit in await self._store.threads.find(team, prefix)]
        if len(found) > 1:
            raise Refusal(Reason.AMBIGUOUS_SESSION, reference)
        thread = await self._store.threads.get(found[0][0]) if found else None
        if thread is None:
            raise Refusal(Reason.UNKNOWN_SESSION, reference)
        return thread, found[0][1]

    async def passages(self, thread: Thread, session_id: str) -> Sequence[Passage]:
        """All that was said, thought and done in a session. Raises StoreAway."""
        return await self._sessions.passages(thread.key, session_id)

    async def exchanges(self, thread: Thread, session_id: str, last: int = ALL_EXCHANGES) -> Sequence[Exchange]:
        """The last things that were said in a session."""
        return await self._sessions.exchanges(thread.key, session_id, last)

    async def entries(self, thread: Thread, session_id: str) -> Sequence[str]:
        """A session's transcript as it is kept: one JSON object for each entry."""
        return await self._store.transcripts.load(thread.key, session_id, "") or []

    async def forget(self, thread: Thread) -> None:
        """Remove a thread for good. Raises Refusal(BUSY)."""
        await self._privacy.forget_thread(thread.key)

    async def forget_person(self, person: Person, told: Callable[[int, int], None]) -> Forgotten:
        """Remove a person for good; `told` hears how many of how many threads have been seen to."""
        return await self._privacy.forget_person(person, spend=True, told=told)


@asynccontextmanager
async def open_desk(url: str, *, ttl_s: int) -> AsyncIterator[Desk]:
    """A desk at the store that is there.

    Args:
        ttl_s: how long threads live after their last activity, as the workers have it.
    """
    client = connect(url)
    store = Store(client, f"operator-{uuid4().hex[:12]}", ttl_s=ttl_s)
    try:
        yield Desk(store)
    finally:
        await store.aclose()
        await client.aclose()


def _key(reference: str) -> ThreadKey | None:
    try:
        return ThreadKey.parse(reference)
    except ValueError:
        return None
