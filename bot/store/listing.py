"""Looking threads up over all of a team: pages by last activity, and sessions by the start of their id."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from bot.model import Thread, ThreadFilter, ThreadKey, ThreadPage
from bot.store import codec, keys
from bot.store.database import Database
from bot.store.indexes import ActivityIndex, Listed

MAX_FOUND = 10
MAX_SCANNED = 500
"""How many threads one call looks at before it returns what it has and a cursor to go on."""
BATCH = 50
FIRST_SCORE = 1 << 53
"""Above every score: the largest whole number that a double holds exactly."""


class Listing:
    """Pages and look-ups. An index entry whose thread is gone is dropped when it is met."""

    def __init__(self, database: Database, activity: ActivityIndex) -> None:
        self._database = database
        self._activity = activity

    async def find(self, team: str, id_prefix: str) -> Sequence[tuple[ThreadKey, str]]:
        found: list[tuple[ThreadKey, str]] = []
        offset = 0
        while id_prefix and len(found) < MAX_FOUND and offset < MAX_SCANNED:
            hits = await self._activity.starting_with(team, id_prefix, offset, BATCH)
            threads = await threads_in(self._database, [thread for thread, _ in hits])
            for (key, session_id), thread in zip(hits, threads, strict=True):
                if thread is not None and session_id in _sessions(thread):
                    found.append((key, session_id))
                    offset += 1
                else:
                    await self._activity.forget_session(key, session_id)
            if len(hits) < BATCH:
                break
        return found[:MAX_FOUND]

    async def page(self, query: ThreadFilter, cursor: str, limit: int) -> ThreadPage:
        """The cursor names the last thread looked at, so that changes between two calls shift nothing."""
        shards = _shards(query)
        found: list[Thread] = []
        scanned = 0
        position = _position(cursor)
        while scanned < MAX_SCANNED:
            entries = await self._after(shards, position)
            threads = await threads_in(self._database, [ThreadKey.parse(entry.member) for _, entry in entries])
            for (shard, entry), thread in zip(entries, threads, strict=True):
                position = (entry.score, entry.member)
                scanned += 1
                if thread is None:
                    await self._activity.drop(shard, entry)
                elif _matches(thread, query):
                    found.append(thread)
                    if len(found) == limit:
                        return ThreadPage(tuple(found), await self._cursor_if_more(shards, position))
            if not entries:
                return ThreadPage(tuple(found))
        return ThreadPage(tuple(found), await self._cursor_if_more(shards, position))

    async def _cursor_if_more(self, shards: Sequence[str], position: tuple[int, str]) -> str:
        score, member = position
        return f"{score} {member}" if await self._after(shards, position) else ""

    async def _after(self, shards: Sequence[str], position: tuple[int, str]) -> Sequence[tuple[str, Listed]]:
        """Up to BATCH entries after a position over all shards, each with its shard, the newest first."""
        count = BATCH
        while True:
            answers = await self._activity.newest(shards, position[0], count)
            merged = heapq.merge(
                *([(shard, entry) for entry in entries] for shard, entries in zip(shards, answers, strict=True)),
                key=lambda found: (found[1].score, found[1].member),
                reverse=True,
            )
            after = [(shard, entry) for shard, entry in merged if (entry.score, entry.member) < position]
            if after or all(len(entries) < count for entries in answers):
                return after[:BATCH]
            count *= 2


def _shards(query: ThreadFilter) -> Sequence[str]:
    """The shortest lists that hold every thread asked for."""
    if query.user:
        return (keys.user_threads(query.team, query.user),)
    if query.channel:
        return (keys.channel_threads(query.team, query.channel),)
    return keys.team_shards(query.team)


def _matches(thread: Thread, query: ThreadFilter) -> bool:
    return (
        query.channel in ("", thread.key.channel)
        and query.tag in ("", thread.tag)
        and query.text.casefold() in thread.title.casefold()
    )


def _position(cursor: str) -> tuple[int, str]:
    score, _, member = cursor.partition(" ")
    return (int(score), member) if member and score.isdigit() else (FIRST_SCORE, "")


def _sessions(thread: Thread) -> Sequence[str]:
    return (thread.session_id, *(session.session_id for session in thread.archived))


async def thread_in(database: Database, key: ThreadKey) -> Thread | None:
    return (await threads_in(database, [key]))[0]


async def threads_in(database: Database, wanted: Sequence[ThreadKey]) -> Sequence[Thread | None]:
    """Several threads in one round trip, None for each that is gone."""
    names = [keys.ThreadKeys(key) for key in wanted]
    answers = await database.batch(
        [
            command
            for key in names
            for command in (("HGETALL", key.record), ("HGET", key.turn, "state"), ("ZCARD", key.waiting))
        ]
    )
    triples = zip(wanted, answers[::3], answers[1::3], answers[2::3], strict=True)
    return [codec.thread_from(key, record, state or "", waiting) for key, record, state, waiting in triples]
