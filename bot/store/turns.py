"""The turn in flight of a thread."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.model import Ending, Lease, Outcome, Progress, ThreadKey, Turn, TurnState
from bot.store import codec
from bot.store.database import Database
from bot.store.decision_codec import decision_from
from bot.store.indexes import ActivityIndex
from bot.store.keys import ThreadKeys
from bot.store.leases import owner_of
from bot.store.lifetimes import Lifetimes

MAX_PEOPLE = 100
"""How many authors a thread's record names at most."""


class Turns:
    """TurnStore over Redis."""

    def __init__(self, database: Database, activity: ActivityIndex, lifetimes: Lifetimes, ttl_s: int) -> None:
        self._database = database
        self._activity = activity
        self._lifetimes = lifetimes
        self._ttl_s = ttl_s

    async def begin(self, lease: Lease, turn_id: str) -> Turn | None:
        keys = ThreadKeys(lease.thread)
        answer = await self._database.run(
            "begin", (*keys.state, keys.decisions), owner_of(lease), lease.token, turn_id, self._ttl_s
        )
        if answer is None:
            return None
        turn, record = codec.fields_of(answer[0]), codec.fields_of(answer[1])
        thread = codec.thread_from(lease.thread, record, turn["state"])
        if thread is None:
            return None
        return codec.turn_from(thread, turn, answer[2], decision_from(lease.thread, answer[3]), answer[4])

    async def tail(self, thread: ThreadKey, session_id: str) -> str:
        return await self._database.call("HGET", ThreadKeys(thread).tails, session_id) or ""

    async def held_back(self, thread: ThreadKey) -> int:
        keys = ThreadKeys(thread)
        paused, waiting = await self._database.batch([("HEXISTS", keys.record, "paused"), ("ZCARD", keys.waiting)])
        return int(waiting) if paused else 0

    async def save(self, lease: Lease, turn_id: str, progress: Progress, state: TurnState) -> None:
        """Raises LeaseLost as well when another turn is in flight, or none."""
        await self._database.run(
            "save",
            ThreadKeys(lease.thread).state,
            owner_of(lease),
            turn_id,
            state.value,
            codec.progress_text(progress),
        )

    async def restart_session(self, lease: Lease, turn_id: str, session_id: str) -> None:
        """Raises LeaseLost as well when another turn is in flight, or none."""
        now_us = await self._database.run(
            "restart_session", ThreadKeys(lease.thread).state, owner_of(lease), turn_id, session_id
        )
        await self._activity.write(lease.thread, int(now_us), (), (session_id,))

    async def finish(
        self, lease: Lease, turn_id: str, outcome: Outcome, reply_ts: Sequence[str], *, keep_head: bool = False
    ) -> None:
        """Raises LeaseLost as well when another turn is in flight. A repeat for the same turn changes nothing."""
        keys = ThreadKeys(lease.thread)
        now_us, session_id, owner, people, archived, extend = await self._database.run(
            "finish",
            (*keys.state, keys.decisions),
            owner_of(lease),
            turn_id,
            int(outcome.ending is Ending.DEFERRED),
            repr(outcome.cost_usd),
            repr(outcome.duration_s),
            int(keep_head),
            self._ttl_s,
            MAX_PEOPLE,
            self._lifetimes.every_us,
            repr(outcome.context_used),
            *reply_ts,
        )
        sessions = [session_id, *(session.session_id for session in codec.archived_from(archived))]
        await self._activity.write(lease.thread, int(now_us), (owner, *json.loads(people)), sessions)
        if int(extend):
            await self._lifetimes.extend(lease.thread, int(now_us))
