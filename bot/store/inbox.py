"""Messages that wait: kept once, in order of ts, and found again when their worker dies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from bot.errors import StoreAway
from bot.model import MAX_WAITING, Address, Message, Receipt, Taken, ThreadKey, TurnState
from bot.store import messages
from bot.store.database import Database
from bot.store.indexes import MARK_VALID_US, SETTLE_US, ActivityIndex, Listed, WorkIndex
from bot.store.keys import ThreadKeys
from bot.store.leases import holder_in
from bot.store.lifetimes import Lifetimes
from bot.store.pauses import Pauses

SEEN_S = 8 * 86_400
"""How long a message's ts is remembered: longer than Slack sends anything again."""
SEEN_COUNT = 10_000
"""How many a thread remembers at most."""
SWEEP_BATCH = 50
"""How many entries of each shard a sweep reads at once."""
SWEEP_ROUNDS = 20
ATTEMPTS = 5


class Inbox(Pauses):
    """InboxStore over Redis.

    Args:
        ttl_s: how long a thread lives after its last activity, in seconds; 0 for ever.
    """

    def __init__(
        self,
        database: Database,
        work: WorkIndex,
        activity: ActivityIndex,
        lifetimes: Lifetimes,
        worker: str,
        *,
        lease_s: float,
        ttl_s: int,
    ) -> None:
        super().__init__(database, work, worker, lease_s)
        self._activity = activity
        self._lifetimes = lifetimes
        self._ttl_s = ttl_s

    async def accept(
        self, message: Message, session_id: str, max_waiting: int = MAX_WAITING, *, counted: bool = True
    ) -> Receipt:
        delivery = uuid4().hex
        for _ in range(ATTEMPTS):
            answer = await self._store(message, session_id, max_waiting, delivery, counted=counted)
            if answer[0] != "mark_again":
                break
            self._work.tell_time(int(answer[1]))
        else:
            raise StoreAway("the index and the thread could not be written in time of each other")
        taken, owner, state, new_thread, prefers, now_us, extend = answer
        self._work.tell_time(int(now_us))
        if int(extend):
            await self._lifetimes.extend(message.thread, int(now_us))
        deferred = state == TurnState.DEFERRED
        behind_turn = bool(state) and not deferred
        return Receipt(Taken(taken), holder_in(owner), behind_turn, bool(new_thread), prefers, deferred)

    async def enlist(self, message: Message, session_id: str) -> None:
        """What can't be written now is written by the turn's end."""
        await self._activity.write(message.thread, await self._work.time_us(), (message.user,), (session_id,))

    async def knows(self, thread: ThreadKey) -> bool:
        return bool(await self._database.call("HEXISTS", ThreadKeys(thread).record, "session_id"))

    async def _store(
        self, message: Message, session_id: str, max_waiting: int, delivery: str, *, counted: bool
    ) -> list[str]:
        may_be_work = counted and message.address is not Address.OTHER
        marked_us, marking = await self._work.marking(message.thread) if may_be_work else (0, ())
        answers: list[list[str]] = await self._database.run_after(
            marking,
            "accept",
            ThreadKeys(message.thread).state,
            message.ts,
            messages.order_of(message.ts),
            messages.message_text(message),
            message.address.value,
            session_id,
            messages.title_of(message.text),
            message.user,
            delivery,
            marked_us,
            self._ttl_s,
            max_waiting,
            MARK_VALID_US,
            SEEN_S * 1_000_000,
            SEEN_COUNT,
            self._lifetimes.every_us,
            int(counted),
        )
        return answers[-1]

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        return bool(await self._database.run("withdraw", ThreadKeys(thread).state, messages.order_of(ts)))

    async def amend(self, thread: ThreadKey, ts: str, text: str) -> bool:
        order = messages.order_of(ts)
        for _ in range(ATTEMPTS):
            body = await self._database.call("HGET", ThreadKeys(thread).messages, order)
            if body is None:
                return False
            amended = messages.message_text(replace(messages.message_from(thread, body), text=text))
            if await self._database.run("amend", ThreadKeys(thread).state, order, body, amended):
                return True
        raise StoreAway("the message keeps changing")

    async def abandoned(self, limit: int) -> Sequence[ThreadKey]:
        found: list[ThreadKey] = []
        settled: dict[ThreadKey, int] = {}
        offset = 0
        for _ in range(SWEEP_ROUNDS):
            checked_at_us = await self._work.ask_time()
            entries = await self._work.oldest(offset, SWEEP_BATCH)
            if not entries:
                break
            for entry, (with_work, leased) in zip(entries, await self._conditions(entries), strict=True):
                thread = ThreadKey.parse(entry.member)
                if with_work and not leased:
                    found.append(thread)
                elif not with_work and not leased and entry.score <= checked_at_us - SETTLE_US:
                    settled[thread] = entry.score
            if len(found) >= limit:
                break
            offset += SWEEP_BATCH
        await self._work.settle(settled)
        return found[:limit]

    async def _conditions(self, entries: Sequence[Listed]) -> Sequence[tuple[bool, bool]]:
        """For each thread: has it work, and is its lease alive?"""
        threads = [ThreadKeys(ThreadKey.parse(entry.member)) for entry in entries]
        answers = await self._database.batch(
            [
                command
                for thread in threads
                for command in (
                    ("EXISTS", thread.lease),
                    ("HMGET", thread.turn, "state", "spoken"),
                    ("ZCARD", thread.waiting),
                    ("HEXISTS", thread.record, "paused"),
                )
            ]
        )
        each = zip(answers[::4], answers[1::4], answers[2::4], answers[3::4], strict=True)
        return [
            (_is_work(turn[0], turn[1], waiting > 0 and not paused), bool(leased))
            for leased, turn, waiting, paused in each
        ]


def _is_work(state: str | None, spoken: str | None, waiting: bool) -> bool:
    """As scripts/thread.lua says it."""
    if state:
        return state != TurnState.DEFERRED or spoken == "1"
    return waiting
