"""Taking things out of the store for good."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from bot.model import Decision, Lease, Message, Person, PointMap, ScopeKind, Thread, ThreadKey, ts_order
from bot.store import codec, keys, messages
from bot.store.database import Database
from bot.store.decision_codec import decision_from
from bot.store.indexes import ActivityIndex, PendingIndex, WorkIndex
from bot.store.keys import ThreadKeys
from bot.store.leases import owner_of
from bot.store.spend import LIFETIME_S as SPEND_LIFETIME_S

DAY_S = 86_400


class Erasure:
    """Erasure over Redis."""

    def __init__(self, database: Database, activity: ActivityIndex, work: WorkIndex, pending: PendingIndex) -> None:
        self._database = database
        self._activity = activity
        self._work = work
        self._pending = pending

    async def points(self, thread: ThreadKey) -> PointMap:
        kept = await self._database.call("HGETALL", ThreadKeys(thread).points)
        return {ts: codec.point_from(point) for ts, point in codec.pairs(kept).items()}

    async def waiting(self, thread: ThreadKey) -> Sequence[Message]:
        bodies = await self._database.call("HVALS", ThreadKeys(thread).messages)
        return _in_order(messages.message_from(thread, body) for body in bodies)

    async def in_turn(self, thread: ThreadKey) -> Sequence[Message]:
        turn = await self._database.call("HMGET", ThreadKeys(thread).turn, "messages", "context")
        return _in_order(messages.message_of(thread, kept) for bodies in turn for kept in json.loads(bodies or "[]"))

    async def disown(self, lease: Lease, user: str) -> None:
        await self._database.run("disown", ThreadKeys(lease.thread).state, owner_of(lease), user)
        await self._activity.leave(lease.thread, user)
        await self._drop(lease, [one for one in await self._decisions(lease.thread) if one.involves(user)])

    async def forget_decisions(self, lease: Lease, turn_ids: Collection[str]) -> None:
        await self._drop(lease, [one for one in await self._decisions(lease.thread) if one.turn_id in turn_ids])

    async def _decisions(self, thread: ThreadKey) -> Sequence[Decision]:
        kept = codec.pairs(await self._database.call("HGETALL", ThreadKeys(thread).decisions))
        names = ((id_, f"{id_}:card", f"{id_}:decided") for id_ in kept.get("ids", "").split())
        found = (decision_from(thread, [kept.get(name) for name in three]) for three in names)
        return [decision for decision in found if decision is not None]

    async def _drop(self, lease: Lease, decisions: Sequence[Decision]) -> None:
        if not decisions:
            return
        of = ThreadKeys(lease.thread)
        ids = [decision.id for decision in decisions]
        await self._database.run("forget_decisions", (*of.state, of.decisions), owner_of(lease), *ids)
        await self._pending.forget(decisions)

    async def forget(self, lease: Lease) -> None:
        names = ThreadKeys(lease.thread)
        record, tails, points, turn = await self._database.batch(
            [
                ("HGETALL", names.record),
                ("HKEYS", names.tails),
                ("HVALS", names.points),
                ("HMGET", names.turn, "messages", "context"),
            ]
        )
        thread = codec.thread_from(lease.thread, codec.pairs(record))
        decisions = await self._decisions(lease.thread)
        sessions = {*tails, *(codec.point_from(point).session_id for point in points), *_sessions_of(thread)}
        users = {kept["user"] for bodies in turn for kept in json.loads(bodies or "[]")}
        if thread is not None:
            users |= {thread.owner, *thread.people}
        await self._database.run(
            "forget", (*names.state, names.decisions, *await self._large_keys(names, sessions)), owner_of(lease)
        )
        await self._activity.remove(lease.thread, users, sessions)
        await self._work.remove(lease.thread)
        await self._pending.forget(decisions)
        if thread is not None and thread.source is not None:
            await self._forget_branch(thread.source.thread, lease.thread)

    async def forget_person(self, person: Person, *, spend: bool) -> None:
        await self._database.call("HDEL", keys.homes(person.team), person.user)
        await self._database.call("UNLINK", keys.pending_for(person.team, person.user))
        await self._database.call("UNLINK", keys.prompts(person.team, f"user:{person.user}"))
        if spend:
            await self._forget_spend(person)

    async def _forget_spend(self, person: Person) -> None:
        account = keys.spend(person.team, ScopeKind.USER.value, person.user)
        now_s, _ = await self._database.call("TIME")
        lists = [keys.top_spenders(person.team, ScopeKind.USER.value, month) for month in _months(int(now_s))]
        await self._database.batch([("DEL", account), *(("ZREM", key, person.user) for key in lists)])

    async def _large_keys(self, keys: ThreadKeys, sessions: set[str]) -> Sequence[str]:
        """What the thread has for each of its sessions."""
        ordered = sorted(sessions)
        subpaths = await self._database.batch([("SMEMBERS", keys.subpaths(session_id)) for session_id in ordered])
        names: list[str] = []
        for session_id, found in zip(ordered, subpaths, strict=True):
            names += (keys.files(session_id), keys.subpaths(session_id))
            for subpath in {"", *found}:
                names += (keys.transcript(session_id, subpath), keys.uuids(session_id, subpath))
        return names

    async def _forget_branch(self, source: ThreadKey, branch: ThreadKey) -> None:
        """Drop what the source remembers of a branch. That there was one is no part of its state."""
        key = ThreadKeys(source).branches
        made = codec.pairs(await self._database.call("HGETALL", key))
        await self._database.batch([("HDEL", key, name) for name, kept in made.items() if kept == f"made {branch}"])


def _months(now_s: int) -> Sequence[str]:
    """The months of which there may be a list of spenders, in whatever time zone."""
    days = range(-1, SPEND_LIFETIME_S // DAY_S + 32, 27)
    return sorted({datetime.fromtimestamp(now_s - day * DAY_S, UTC).strftime("%Y-%m") for day in days})


def _in_order(found: Iterable[Message]) -> Sequence[Message]:
    return sorted(found, key=lambda message: ts_order(message.ts))


def _sessions_of(thread: Thread | None) -> Sequence[str]:
    if thread is None:
        return ()
    return (thread.session_id, *(session.session_id for session in thread.archived))
