"""What spans threads: who has work, who was active when, which session id is where.

An index lies on another slot than the threads it lists, so the two can't change together. Each heals itself instead:
what an index says too much is dropped when it is met, and what it says too little is written again by the next turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.model import ThreadKey
from bot.store import keys
from bot.store.database import Argument, Database

SETTLE_US = 10_000_000
"""How long an entry of the work index stays at least: whoever wrote it has stored its message by then, or gave up."""
MARK_VALID_US = 5_000_000
"""How long after writing the index a message may still be stored."""
TRIM_BATCH = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A member of an index with its score, microseconds since the epoch."""

    member: str
    score: int


class WorkIndex:
    """Threads that may have work. Written before the work is stored, so that none is ever missed."""

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s

    async def mark(self, thread: ThreadKey) -> int:
        """Write the thread in; returns when, in microseconds by Redis's clock."""
        return int(await self._database.run("mark_work", (keys.work(thread),), str(thread), self._ttl_s))

    async def settle(self, thread: ThreadKey, checked_at_us: int) -> None:
        """Drop a thread that had no work at that time, unless it was written in so lately that some may come."""
        await self._database.run("drop", (keys.work(thread),), str(thread), checked_at_us - SETTLE_US)

    async def oldest(self, offset: int, count: int) -> Sequence[Listed]:
        """`count` entries of each shard from `offset` on, all sorted by age."""
        answers = await self._database.batch(
            [("ZRANGE", shard, offset, offset + count - 1, "WITHSCORES") for shard in keys.work_shards()]
        )
        return sorted((entry for answer in answers for entry in listed(answer)), key=lambda entry: entry.score)


class ActivityIndex:
    """Threads by last activity, per team, channel and user, and a team's session ids in alphabetical order."""

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s

    async def write(
        self, thread: ThreadKey, active_at_us: int, users: Iterable[str], session_ids: Iterable[str]
    ) -> None:
        commands: list[tuple[Argument, ...]] = []
        lists = {keys.team_threads(thread), keys.channel_threads(thread.team, thread.channel)}
        lists.update(keys.user_threads(thread.team, user) for user in users if user)
        for key in sorted(lists):
            commands.append(("ZADD", key, "GT", active_at_us, str(thread)))
            if self._ttl_s:
                commands.append(("ZREMRANGEBYSCORE", key, "-inf", active_at_us - self._ttl_s * 1_000_000))
                commands.append(("EXPIRE", key, self._ttl_s))
        shards = {}
        for session_id in session_ids:
            sessions, ages = self._session_keys(thread.team, session_id)
            shards[sessions] = ages
            member = f"{session_id} {thread}"
            commands.append(("ZADD", sessions, 0, member))
            commands.append(("ZADD", ages, active_at_us, member))
            if self._ttl_s:
                commands.append(("EXPIRE", sessions, self._ttl_s))
                commands.append(("EXPIRE", ages, self._ttl_s))
        await self._database.batch(commands)
        if self._ttl_s:
            await self._trim_sessions(shards, active_at_us - self._ttl_s * 1_000_000)

    async def _trim_sessions(self, shards: dict[str, str], oldest_us: int) -> None:
        old = await self._database.batch(
            [("ZRANGEBYSCORE", ages, "-inf", oldest_us, "LIMIT", 0, TRIM_BATCH) for ages in shards.values()]
        )
        await self._database.batch(
            [
                ("ZREM", key, *members)
                for (sessions, ages), members in zip(shards.items(), old, strict=True)
                if members
                for key in (sessions, ages)
            ]
        )

    async def starting_with(
        self, team: str, id_prefix: str, offset: int, count: int
    ) -> Sequence[tuple[ThreadKey, str]]:
        """Threads and whole session ids of ids that start so, in alphabetical order."""
        sessions, _ = self._session_keys(team, id_prefix)
        members = await self._database.call(
            "ZRANGEBYLEX", sessions, f"[{id_prefix}", f"[{id_prefix}\x7f", "LIMIT", offset, count
        )
        return [(ThreadKey.parse(thread), session_id) for session_id, _, thread in (m.partition(" ") for m in members)]

    async def forget_session(self, thread: ThreadKey, session_id: str) -> None:
        """Drop an id that leads nowhere any more."""
        member = f"{session_id} {thread}"
        await self._database.batch([("ZREM", key, member) for key in self._session_keys(thread.team, session_id)])

    async def drop(self, key: str, entry: Listed) -> None:
        """Drop a thread that is gone from one list, unless it was active again since."""
        await self._database.run("drop", (key,), entry.member, entry.score)

    async def newest(self, shards: Sequence[str], below: int, count: int) -> Sequence[Sequence[Listed]]:
        """For each shard, up to `count` entries with a score of at most `below`, the newest first."""
        answers = await self._database.batch(
            [("ZRANGE", shard, below, "-inf", "BYSCORE", "REV", "LIMIT", 0, count, "WITHSCORES") for shard in shards]
        )
        return [listed(answer) for answer in answers]

    @staticmethod
    def _session_keys(team: str, id_or_prefix: str) -> tuple[str, str]:
        first = id_or_prefix[:1]
        return keys.sessions(team, first), keys.session_ages(team, first)


def listed(answer: Sequence[object]) -> list[Listed]:
    """Members with scores: pairs, or flat names and scores in turn."""
    pairs = answer if not answer or isinstance(answer[0], list) else list(zip(answer[::2], answer[1::2], strict=True))
    return [Listed(str(pair[0]), int(float(pair[1]))) for pair in pairs]  # type: ignore[index]
