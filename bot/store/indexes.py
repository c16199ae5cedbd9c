"""What spans threads: who has work, who was active when, which session id is where.

An index lies on another slot than the threads it lists, so the two can't change together. Each heals itself instead:
what an index says too much is dropped when it is met, and what it says too little is written again by the next turn.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.model import Decision, Person, ThreadKey
from bot.store import keys
from bot.store.database import Argument, Database

SETTLE_US = 10_000_000
"""How long an entry of the work index stays at least: whoever wrote it has stored its message by then, or gave up."""
MARK_VALID_US = 5_000_000
"""How long after writing the index a message may still be stored."""
SETTLED_AT_ONCE = 500
"""So many threads without work are dropped from the work index at once, if no sweep comes before."""
TRIM_EVERY = 50
"""Every so many writes of a worker trim the lists they touch."""
TRIM_BATCH = 1_000
EXTEND_EVERY_S = 10.0
"""How often a worker extends the life of a shard of the work index at most."""
TIME_VALID_S = 60.0
"""For how long a worker reckons what time it is in Redis; then it asks again."""
PENDING_LEFT_S = 3_600
"""How long a user's list of pending decisions outlives the last of them."""
MAX_PENDING = 100
"""How many of a user's pending decisions are looked at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A member of an index with its score, microseconds since the epoch."""

    member: str
    score: int


class WorkIndex:
    """Threads that may have work. Written before the work is stored, so that none is ever missed.

    Args:
        now: seconds that pass.
    """

    def __init__(self, database: Database, ttl_s: int, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._ttl_s = ttl_s
        self._now = now
        self._told: tuple[int, float] | None = None
        self._extended: dict[str, float] = {}
        self._settled: dict[ThreadKey, int] = {}

    def tell_time(self, now_us: int) -> None:
        """What time it was in Redis just now."""
        self._told = (now_us, self._now())

    async def marking(self, thread: ThreadKey) -> tuple[int, Sequence[Sequence[Argument]]]:
        """What writes the thread in, for the caller to send in front of what stores the work, and when that is.

        Where commands on two slots have no order it is written at once, and nothing is left to send.
        """
        if not self._database.ordered:
            return await self.mark(thread), ()
        now_us, key = await self.time_us(), keys.work(thread)
        commands: list[Sequence[Argument]] = [("ZADD", key, "GT", now_us, str(thread))]
        if self._ttl_s and self._now() - self._extended.get(key, -EXTEND_EVERY_S) >= EXTEND_EVERY_S:
            self._extended[key] = self._now()
            commands.append(("EXPIRE", key, self._ttl_s))
        return now_us, commands

    async def ask_time(self) -> int:
        """Redis's time, in microseconds."""
        now_us = int(await self._database.run("time", (keys.work_shards()[0],)))
        self.tell_time(now_us)
        return now_us

    async def time_us(self) -> int:
        """The same, reckoned on where it was told lately: never ahead of Redis, unless its clock was set back."""
        if self._told is None or self._now() - self._told[1] > TIME_VALID_S:
            return await self.ask_time()
        then_us, then_s = self._told
        return then_us + int((self._now() - then_s) * 999_000)

    async def mark(self, thread: ThreadKey) -> int:
        """Write the thread in; returns when, in microseconds by Redis's clock."""
        return int(await self._database.run("mark_work", (keys.work(thread),), str(thread), self._ttl_s))

    async def settle(self, threads: Mapping[ThreadKey, int]) -> None:
        """Drop threads without work, each unless it was written in after that time (microseconds)."""
        shards: dict[str, list[Argument]] = defaultdict(list)
        for thread, until_us in (self._settled | dict(threads)).items():
            shards[keys.work(thread)] += (str(thread), until_us)
        self._settled.clear()
        for shard, arguments in shards.items():
            await self._database.run("drop", (shard,), *arguments)

    async def settle_soon(self, thread: ThreadKey, until_us: int) -> None:
        """The same, together with others. A worker that dies first leaves it to the sweeps."""
        self._settled[thread] = until_us
        if len(self._settled) >= SETTLED_AT_ONCE:
            await self.settle({})

    async def remove(self, thread: ThreadKey) -> None:
        """Drop a thread that is no more."""
        await self._database.call("ZREM", keys.work(thread), str(thread))

    async def oldest(self, offset: int, count: int) -> Sequence[Listed]:
        """`count` entries of each shard from `offset` on, all sorted by age."""
        answers = await self._database.batch(
            [("ZRANGE", shard, offset, offset + count - 1, "WITHSCORES") for shard in keys.work_shards()]
        )
        return sorted((entry for answer in answers for entry in listed(answer)), key=lambda entry: entry.score)


class PendingIndex:
    """Threads whose turn waits for a decision, by when that expires, and those decisions by whose prompt it was."""

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s

    async def mark(self, thread: ThreadKey, wait_s: float) -> tuple[str, str]:
        """Write the thread in. Returns now, and when its decision expires, in microseconds by Redis's clock."""
        wait_us = round(wait_s * 1_000_000)
        args = (str(thread), wait_us, self._ttl_s and self._ttl_s + math.ceil(wait_s))
        now_us, expires_us = await self._database.run("mark_pending", (keys.pending(thread),), *args)
        return now_us, expires_us

    async def mark_until(self, decision: Decision) -> None:
        """Write the thread in again, with the time that its decision says."""
        expires_us = round(decision.expires_at * 1_000_000)
        await self._database.call("ZADD", keys.pending(decision.thread), expires_us, str(decision.thread))

    async def overdue(self, limit: int) -> Sequence[Listed]:
        """Up to `limit` threads of each shard whose time has come, the longest ago first."""
        seconds_, micros = await self._database.call("TIME")
        now_us = int(seconds_) * 1_000_000 + int(micros)
        answers = await self._database.batch(
            [
                ("ZRANGE", shard, "-inf", now_us, "BYSCORE", "LIMIT", 0, limit, "WITHSCORES")
                for shard in keys.pending_shards()
            ]
        )
        return sorted((entry for answer in answers for entry in listed(answer)), key=lambda entry: entry.score)[:limit]

    async def drop(self, thread: ThreadKey, entry: Listed) -> None:
        """Drop a thread that waits for nothing, unless it was written in again since."""
        await self._database.run("drop", (keys.pending(thread),), entry.member, entry.score)

    async def mark_for(self, decision: Decision) -> None:
        key = keys.pending_for(decision.thread.team, decision.asked)
        expires_us = round(decision.expires_at * 1_000_000)
        life_s = math.ceil(decision.expires_at - decision.asked_at) + PENDING_LEFT_S
        commands: list[tuple[Argument, ...]] = [("ZADD", key, expires_us, f"{decision.id} {decision.thread}")]
        await self._database.batch([*commands, ("EXPIRE", key, life_s)])

    async def settle(self, decision: Decision) -> None:
        """It is decided. What a crash leaves behind is dropped when it is met."""
        key = keys.pending_for(decision.thread.team, decision.asked)
        await self._database.call("ZREM", key, f"{decision.id} {decision.thread}")
        await self.drop(decision.thread, Listed(str(decision.thread), round(decision.expires_at * 1_000_000)))

    async def forget(self, decisions: Sequence[Decision]) -> None:
        """Drop what is no more, whatever it says."""
        commands: list[tuple[Argument, ...]] = []
        for decision in decisions:
            thread = decision.thread
            commands.append(("ZREM", keys.pending_for(thread.team, decision.asked), f"{decision.id} {thread}"))
            if decision.decided is None:  # else the thread may wait for another by now
                commands.append(("ZREM", keys.pending(thread), str(thread)))
        await self._database.batch(commands)

    async def waiting(self, count: int) -> tuple[int, Sequence[Listed]]:
        """How many threads wait, and up to `count` of each shard, those that expire first in front."""
        shards = keys.pending_shards()
        commands: list[tuple[Argument, ...]] = [("ZCARD", shard) for shard in shards]
        commands += [("ZRANGE", shard, 0, count - 1, "WITHSCORES") for shard in shards]
        answers = await self._database.batch(commands)
        found = (entry for answer in answers[len(shards) :] for entry in listed(answer))
        return sum(answers[: len(shards)]), sorted(found, key=lambda entry: entry.score)

    async def waiting_for(self, person: Person) -> Sequence[tuple[ThreadKey, str, str]]:
        """Thread and id of decisions about a person's prompts, and the member that names them."""
        members = await self._database.call("ZRANGE", keys.pending_for(person.team, person.user), 0, MAX_PENDING - 1)
        return [
            (ThreadKey.parse(thread), id_, member) for member in members for id_, _, thread in [member.partition(" ")]
        ]

    async def drop_member(self, person: Person, member: str) -> None:
        await self._database.call("ZREM", keys.pending_for(person.team, person.user), member)


class ActivityIndex:
    """Threads by last activity, per team, channel and user, and a team's session ids in alphabetical order."""

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s
        self._writes = itertools.count()

    async def write(
        self, thread: ThreadKey, active_at_us: int, users: Iterable[str], session_ids: Iterable[str]
    ) -> None:
        commands: list[tuple[Argument, ...]] = []
        lists = {keys.team_threads(thread), keys.channel_threads(thread.team, thread.channel)}
        lists.update(keys.user_threads(thread.team, user) for user in users if user)
        for key in sorted(lists):
            commands.append(("ZADD", key, "GT", active_at_us, str(thread)))
        shards = {}
        for session_id in session_ids:
            sessions, ages = self._session_keys(thread.team, session_id)
            shards[sessions] = ages
            member = f"{session_id} {thread}"
            commands.append(("ZADD", sessions, 0, member))
            commands.append(("ZADD", ages, active_at_us, member))
        if self._ttl_s:
            commands += [("EXPIRE", key, self._ttl_s) for key in (*sorted(lists), *shards.keys(), *shards.values())]
        await self._database.batch(commands)
        if self._ttl_s and next(self._writes) % TRIM_EVERY == 0:
            await self._trim(lists, shards, active_at_us - self._ttl_s * 1_000_000)

    async def _trim(self, lists: Iterable[str], shards: Mapping[str, str], oldest_us: int) -> None:
        """Take out what no thread lives any more for."""
        await self._database.batch([("ZREMRANGEBYSCORE", key, "-inf", oldest_us) for key in lists])
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

    async def leave(self, thread: ThreadKey, user: str) -> None:
        """The user has no part in the thread any more."""
        await self._database.call("ZREM", keys.user_threads(thread.team, user), str(thread))

    async def remove(self, thread: ThreadKey, users: Iterable[str], session_ids: Iterable[str]) -> None:
        """Drop a thread that is no more from every list."""
        lists = {keys.team_threads(thread), keys.channel_threads(thread.team, thread.channel)}
        lists.update(keys.user_threads(thread.team, user) for user in users if user)
        commands = [("ZREM", key, str(thread)) for key in sorted(lists)]
        for session_id in session_ids:
            member = f"{session_id} {thread}"
            commands += [("ZREM", key, member) for key in self._session_keys(thread.team, session_id)]
        await self._database.batch(commands)

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
