"""Threads, their sessions, and what leads to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.errors import LeaseLost, Reason, Refusal, StoreAway
from bot.model import (
    ArchivedSession,
    InFlight,
    Lease,
    Point,
    PointKind,
    PointMap,
    Thread,
    ThreadFilter,
    ThreadKey,
    ThreadPage,
    ts_order,
)
from bot.store import codec, messages
from bot.store.database import Argument, Database
from bot.store.indexes import ActivityIndex
from bot.store.keys import ThreadKeys
from bot.store.leases import owner_of
from bot.store.lifetimes import Lifetimes
from bot.store.listing import Listing, thread_in

MAX_ARCHIVED = 20
"""How many earlier sessions a thread keeps; the oldest is let go."""
CLAIM_MS = 60_000
MADE = "made "
"""What stands before a branch where it is kept."""
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Read:
    """A thread with what deciding about it takes."""

    thread: Thread
    now: float
    has_transcript: bool

    @property
    def used(self) -> bool:
        return self.thread.turns > 0 or self.has_transcript

    def as_archived(self) -> ArchivedSession:
        thread = self.thread
        return ArchivedSession(thread.session_id, thread.title, self.now, thread.turns, thread.cost_usd, thread.head)


class Threads:
    """ThreadStore over Redis."""

    def __init__(self, database: Database, activity: ActivityIndex, lifetimes: Lifetimes, ttl_s: int) -> None:
        self._database = database
        self._activity = activity
        self._listing = Listing(database, activity)
        self._lifetimes = lifetimes
        self._ttl_s = ttl_s

    async def get(self, key: ThreadKey) -> Thread | None:
        read = await self._read(key)
        return read.thread if read is not None else None

    async def _read(self, key: ThreadKey) -> _Read | None:
        record, state, waiting, now_us, has_transcript = await self._database.run("read_thread", ThreadKeys(key).state)
        thread = codec.thread_from(key, codec.fields_of(record), state, waiting)
        return _Read(thread, codec.seconds(now_us), bool(has_transcript)) if thread is not None else None

    async def find(self, team: str, id_prefix: str) -> Sequence[tuple[ThreadKey, str]]:
        return await self._listing.find(team, id_prefix)

    async def page(self, query: ThreadFilter, cursor: str = "", limit: int = 10) -> ThreadPage:
        return await self._listing.page(query, cursor, limit)

    async def create(self, lease: Lease, thread: Thread, points: PointMap) -> None:
        args: list[Argument] = []
        fields = codec.thread_fields(thread)
        for name, value in fields.items():
            args += (name, value)
        for ts, point in points.items():
            args += (ts, codec.point_text(point))
        keys = ThreadKeys(lease.thread)
        now_us = await self._database.run("create", keys.state, owner_of(lease), self._ttl_s, len(fields), *args)
        await self._written(replace(thread, key=lease.thread), int(now_us))

    async def _written(self, thread: Thread, now_us: int) -> None:
        sessions = [thread.session_id, *(session.session_id for session in thread.archived)]
        await self._activity.write(thread.key, now_us, (thread.owner, *thread.people), sessions)
        await self._lifetimes.extend(thread.key, now_us)

    async def reset(self, lease: Lease, session_id: str) -> ArchivedSession:
        """Raises LeaseLost as well when the thread is gone."""
        given_up: ArchivedSession | None = None
        for _ in range(ATTEMPTS):
            read = await self._of_lease(lease)
            if given_up is not None and read.thread.session_id == session_id:
                return given_up  # only the answer was lost
            given_up = read.as_archived()
            archived = (*read.thread.archived, given_up) if read.used else read.thread.archived
            fresh = replace(
                read.thread,
                session_id=session_id,
                head="",
                title="",
                turns=0,
                cost_usd=0.0,
                archived=archived,
                context_used=0.0,
            )
            if await self._replace_session(lease, read.thread, fresh):
                return given_up
        raise StoreAway("the thread keeps changing")

    async def restore(self, lease: Lease, session_id: str = "") -> ArchivedSession:
        """Raises LeaseLost as well when the thread is gone."""
        chosen: ArchivedSession | None = None
        for _ in range(ATTEMPTS):
            read = await self._of_lease(lease)
            if chosen is not None and read.thread.session_id == chosen.session_id:
                return chosen  # only the answer was lost
            chosen = _chosen(read.thread.archived, session_id)
            others = tuple(session for session in read.thread.archived if session is not chosen)
            restored = replace(
                read.thread,
                session_id=chosen.session_id,
                head=chosen.head,
                title=chosen.title,
                turns=chosen.turns,
                cost_usd=chosen.cost_usd,
                context_used=0.0,
                archived=(*others, read.as_archived()) if read.used else others,
            )
            if await self._replace_session(lease, read.thread, restored):
                return chosen
        raise StoreAway("the thread keeps changing")

    async def _of_lease(self, lease: Lease) -> _Read:
        read = await self._read(lease.thread)
        if read is None:
            raise LeaseLost(f"{lease.thread} is gone")
        return read

    async def _replace_session(self, lease: Lease, before: Thread, after: Thread) -> bool:
        after = replace(after, archived=after.archived[-MAX_ARCHIVED:])
        changed: list[Argument] = []
        for name, value in codec.thread_fields(after).items():
            if name in ("session_id", "head", "title", "turns", "cost_usd", "archived", "context_used"):
                changed += (name, value)
        changed += ("rules", "[]")  # what was allowed was allowed to the session before
        keys = ThreadKeys(lease.thread)
        now_us = await self._database.run(
            "replace_session", keys.state, owner_of(lease), self._ttl_s, before.session_id, before.title, *changed
        )
        if now_us is None:
            return False
        await self._written(after, int(now_us))
        return True

    async def rename(self, key: ThreadKey, title: str) -> None:
        await self._database.run("label", ThreadKeys(key).state, "title", title)

    async def tag(self, key: ThreadKey, tag: str) -> None:
        await self._database.run("label", ThreadKeys(key).state, "tag", tag)

    async def set_mentions_only(self, key: ThreadKey, on: bool) -> None:
        await self._database.run("label", ThreadKeys(key).state, "mentions_only", int(on))

    async def point(self, key: ThreadKey, ts: str) -> Point | None:
        kept = await self._database.call("HGET", ThreadKeys(key).points, ts)
        return None if kept is None else codec.point_from(kept)

    async def asked_in(self, key: ThreadKey, turn_id: str) -> Sequence[str]:
        kept: dict[str, str] = await self._database.call("HGETALL", ThreadKeys(key).points)
        points = {ts: codec.point_from(point) for ts, point in kept.items()}
        of_turn = {ts: point for ts, point in points.items() if point.turn_id == turn_id and not point.overheard}
        return sorted((ts for ts, point in of_turn.items() if point.kind is PointKind.PROMPT), key=ts_order)

    async def in_flight(self, key: ThreadKey, ts: str) -> InFlight | None:
        keys = ThreadKeys(key)
        waits, turn = await self._database.batch(
            [
                ("HEXISTS", keys.messages, messages.order_of(ts)),
                ("HMGET", keys.turn, "messages", "context", "progress", "cards"),
            ]
        )
        if waits:
            return InFlight.WAITS
        prompts, context, progress, cards = turn
        if ts in {kept["ts"] for bodies in (prompts, context) for kept in json.loads(bodies or "[]")}:
            return InFlight.PROMPT
        shown = {part.ts for part in codec.progress_from(progress or "").parts}
        return InFlight.REPLY if ts in shown or ts in (cards or "").split() else None

    async def claim_branch(self, key: ThreadKey, ts: str, user: str) -> ThreadKey | None:
        answer = await self._claim(key, ts, user, gone="")
        if answer not in ("busy", "claimed"):
            branch = ThreadKey.parse(answer)
            if await thread_in(self._database, branch) is not None:
                return branch
            answer = await self._claim(key, ts, user, gone=answer)
        if answer == "busy":
            raise Refusal(Reason.BUSY)
        return None if answer == "claimed" else ThreadKey.parse(answer)

    async def _claim(self, key: ThreadKey, ts: str, user: str, *, gone: str) -> str:
        """`gone` is a branch that was made, and has expired since: it is made again."""
        answer: str = await self._database.run(
            "claim_branch", ThreadKeys(key).state, f"{ts} {user}", CLAIM_MS, self._ttl_s, gone
        )
        return answer

    async def branches(self, key: ThreadKey) -> Sequence[ThreadKey]:
        kept = codec.pairs(await self._database.call("HGETALL", ThreadKeys(key).branches))
        found = {ThreadKey.parse(branch.removeprefix(MADE)) for branch in kept.values() if branch.startswith(MADE)}
        return sorted(found, key=lambda branch: ts_order(branch.root_ts))

    async def record_branch(self, key: ThreadKey, ts: str, user: str, branch: ThreadKey | None) -> None:
        await self._database.run("record_branch", ThreadKeys(key).state, f"{ts} {user}", str(branch or ""), self._ttl_s)


def _chosen(archived: tuple[ArchivedSession, ...], session_id: str) -> ArchivedSession:
    chosen = next((session for session in reversed(archived) if session_id in ("", session.session_id)), None)
    if chosen is None:
        raise Refusal(Reason.NOTHING_ARCHIVED, session_id)
    return chosen
