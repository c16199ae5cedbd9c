"""Threads, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import LeaseLost, Reason, Refusal
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
from tests.memory.state import Memory, ThreadState

CLAIM_S = 60.0
MAX_ARCHIVED = 20


class MemoryThreads:
    """ThreadStore of one worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, key: ThreadKey) -> Thread | None:
        state = self._memory.state(key)
        return replace(state.thread, status=state.status) if state.thread is not None else None

    async def _all(self, team: str) -> Sequence[Thread]:
        threads = [await self.get(key) for key in list(self._memory.threads) if key.team == team]
        return [thread for thread in threads if thread is not None]

    async def find(self, team: str, id_prefix: str) -> Sequence[tuple[ThreadKey, str]]:
        hits = [
            (thread.key, session_id)
            for thread in await self._all(team)
            for session_id in (thread.session_id, *(session.session_id for session in thread.archived))
            if id_prefix and session_id.startswith(id_prefix)
        ]
        return sorted(hits, key=lambda hit: hit[1])[:10]

    async def page(self, query: ThreadFilter, cursor: str = "", limit: int = 10) -> ThreadPage:
        newest_first = sorted(await self._all(query.team), key=_position, reverse=True)
        matching = [thread for thread in newest_first if _matches(thread, query)]
        if cursor:
            active_at, _, name = cursor.partition(" ")
            matching = [thread for thread in matching if _position(thread) < (float(active_at), name)]
        shown = tuple(matching[:limit])
        more = len(matching) > limit
        return ThreadPage(shown, f"{shown[-1].active_at!r} {shown[-1].key}" if more else "")

    async def create(self, lease: Lease, thread: Thread, points: PointMap) -> None:
        state = self._memory.fenced(lease)
        now = self._memory.clock.now()
        state.thread = replace(thread, key=lease.thread, created_at=thread.created_at or now, active_at=now)
        state.points.update(points)
        self._memory.touch(lease.thread)

    async def reset(self, lease: Lease, session_id: str) -> ArchivedSession:
        state, thread = self._of_lease(lease)
        archived = self._archive(state, thread)
        fresh = replace(thread, session_id=session_id, head="", title="", turns=0, cost_usd=0.0, context_used=0.0)
        self._replace(state, replace(fresh, archived=(*thread.archived, *archived)))
        return self._as_archived(thread)

    async def restore(self, lease: Lease, session_id: str = "") -> ArchivedSession:
        state, thread = self._of_lease(lease)
        chosen = next((s for s in reversed(thread.archived) if session_id in ("", s.session_id)), None)
        if chosen is None:
            raise Refusal(Reason.NOTHING_ARCHIVED, session_id)
        others = tuple(session for session in thread.archived if session is not chosen)
        restored = replace(
            thread,
            session_id=chosen.session_id,
            head=chosen.head,
            title=chosen.title,
            turns=chosen.turns,
            cost_usd=chosen.cost_usd,
            context_used=0.0,
            archived=(*others, *self._archive(state, thread)),
        )
        self._replace(state, restored)
        return chosen

    def _of_lease(self, lease: Lease) -> tuple[ThreadState, Thread]:
        state = self._memory.fenced(lease)
        if state.thread is None:
            raise LeaseLost(f"{lease.thread} is gone")
        return state, state.thread

    def _archive(self, state: ThreadState, thread: Thread) -> tuple[ArchivedSession, ...]:
        used = thread.turns > 0 or state.has_transcript(thread.session_id)
        return (self._as_archived(thread),) if used else ()

    def _as_archived(self, thread: Thread) -> ArchivedSession:
        now = self._memory.clock.now()
        return ArchivedSession(thread.session_id, thread.title, now, thread.turns, thread.cost_usd, thread.head)

    def _replace(self, state: ThreadState, thread: Thread) -> None:
        now = self._memory.clock.now()
        state.thread = replace(thread, active_at=now, archived=thread.archived[-MAX_ARCHIVED:], rules=())
        self._memory.touch(thread.key)

    async def rename(self, key: ThreadKey, title: str) -> None:
        self._label(key, title=title)

    async def tag(self, key: ThreadKey, tag: str) -> None:
        self._label(key, tag=tag)

    async def set_mentions_only(self, key: ThreadKey, on: bool) -> None:
        self._label(key, mentions_only=on)

    def _label(self, key: ThreadKey, **fields: str | bool) -> None:
        state = self._memory.state(key)
        if state.thread is not None:
            state.thread = replace(state.thread, **fields)  # type: ignore[arg-type]

    async def point(self, key: ThreadKey, ts: str) -> Point | None:
        return self._memory.state(key).points.get(ts)

    async def asked_in(self, key: ThreadKey, turn_id: str) -> Sequence[str]:
        points = self._memory.state(key).points
        of_turn = {ts: point for ts, point in points.items() if point.turn_id == turn_id and not point.overheard}
        return sorted((ts for ts, point in of_turn.items() if point.kind is PointKind.PROMPT), key=ts_order)

    async def in_flight(self, key: ThreadKey, ts: str) -> InFlight | None:
        state = self._memory.state(key)
        if ts in state.waiting or ts in state.context:
            return InFlight.WAITS
        if state.turn is None:
            return None
        if ts in {message.ts for message in (*state.turn.prompt.messages, *state.turn.prompt.context)}:
            return InFlight.PROMPT
        return InFlight.REPLY if ts in {*(p.ts for p in state.turn.progress.parts), *state.turn.cards} else None

    async def claim_branch(self, key: ThreadKey, ts: str, user: str) -> ThreadKey | None:
        state, now = self._memory.state(key), self._memory.clock.now()
        kept = state.branches.get((ts, user))
        if isinstance(kept, ThreadKey) and self._memory.state(kept).thread is not None:
            return kept
        if isinstance(kept, float) and kept > now:
            raise Refusal(Reason.BUSY)
        state.branches[ts, user] = now + CLAIM_S
        return None

    async def branches(self, key: ThreadKey) -> Sequence[ThreadKey]:
        made = {branch for branch in self._memory.state(key).branches.values() if isinstance(branch, ThreadKey)}
        return sorted(made, key=lambda branch: ts_order(branch.root_ts))

    async def record_branch(self, key: ThreadKey, ts: str, user: str, branch: ThreadKey | None) -> None:
        branches = self._memory.state(key).branches
        if branch is not None:
            branches[ts, user] = branch
        elif isinstance(branches.get((ts, user)), float):
            del branches[ts, user]


def _position(thread: Thread) -> tuple[float, str]:
    return thread.active_at, str(thread.key)


def _matches(thread: Thread, query: ThreadFilter) -> bool:
    return (
        query.channel in ("", thread.key.channel)
        and query.user in ("", thread.owner, *thread.people)
        and query.tag in ("", thread.tag)
        and query.text.casefold() in thread.title.casefold()
    )
