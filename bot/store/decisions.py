"""What waits for people: kept with its turn, decided once, and found again when nobody decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.errors import AlreadyDecided, Reason, Refusal, StoreAway
from bot.model import Decided, Decision, Ending, Lease, Message, Outcome, Person, Progress, ThreadKey, Verdict
from bot.store import codec, keys, messages
from bot.store.database import Database
from bot.store.decision_codec import asked_text, decided_text, decision_from
from bot.store.indexes import MARK_VALID_US, PendingIndex, WorkIndex
from bot.store.keys import ThreadKeys
from bot.store.leases import owner_of

log = structlog.get_logger(__name__)

MAX_KEPT = 20
"""How many decisions a thread remembers, the pending one included."""
MAX_RULES = 100
"""How many rules of its own a thread has at most; the oldest goes."""
ATTEMPTS = 5
EXPIRES_BEFORE = 0.9
"""Of the life of a thread: after that its decision is a no at the latest, while there is somebody to tell."""


class Decisions:
    """DecisionStore over Redis.

    Args:
        wait_s: how long a decision waits before it is a no; shorter where the thread would be gone first.
        audit_s: how long the audit trail reaches back.
        ttl_s: how long a thread lives after its last activity, in seconds; 0 for ever.
    """

    def __init__(
        self, database: Database, work: WorkIndex, pending: PendingIndex, *, wait_s: float, audit_s: int, ttl_s: int
    ) -> None:
        self._database = database
        self._work = work
        self._pending = pending
        self._wait_s = min(wait_s, ttl_s * EXPIRES_BEFORE) if ttl_s else wait_s
        self._audit_s = audit_s
        self._ttl_s = ttl_s

    async def ask(self, lease: Lease, decision: Decision, progress: Progress) -> Decision:
        """Raises LeaseLost as well when another turn is in flight, or none."""
        return await self._ask(lease, decision, progress, self._wait_s, "")

    async def carry(self, lease: Lease, decision: Decision, message: Message) -> Decision:
        """Raises LeaseLost as well when a turn is in flight there."""
        wait_s = max(decision.expires_at - decision.asked_at, 0.0)
        progress = Progress(outcome=Outcome(Ending.DEFERRED, decision.session_id))
        return await self._ask(lease, decision, progress, wait_s, f"[{messages.message_text(message)}]")

    async def _ask(self, lease: Lease, decision: Decision, progress: Progress, wait_s: float, message: str) -> Decision:
        # The indexes come first, as with work: what they say too much is dropped when it is met.
        asked_at_us, expires_us = await self._pending.mark(lease.thread, wait_s)
        decision = replace(
            decision,
            thread=lease.thread,
            asked_at=codec.seconds(asked_at_us),
            expires_at=codec.seconds(expires_us),
        )
        await self._pending.mark_for(decision)
        for _ in range(ATTEMPTS):
            kept = await self._database.run(
                "ask",
                _keys(lease.thread),
                owner_of(lease),
                decision.turn_id,
                decision.id,
                asked_text(decision),
                expires_us,
                codec.progress_text(progress),
                message,
                MAX_KEPT,
                self._ttl_s,
                await self._work.mark(lease.thread) if message else 0,  # a branch has work from now on
                MARK_VALID_US,
            )
            if kept is not None:
                return decision_from(lease.thread, kept) or decision
        raise StoreAway("the index and the thread could not be written in time of each other")

    async def posted(self, lease: Lease, decision_id: str, card_ts: str) -> None:
        await self._database.run("posted", _keys(lease.thread), owner_of(lease), decision_id, card_ts)

    async def heed(self, lease: Lease, behind: Sequence[Message]) -> None:
        orders = [messages.order_of(message.ts) for message in behind]
        await self._database.run("heed", ThreadKeys(lease.thread).state, owner_of(lease), *orders)

    async def get(self, thread: ThreadKey, decision_id: str) -> Decision | None:
        names = (decision_id, f"{decision_id}:card", f"{decision_id}:decided")
        return decision_from(thread, await self._database.call("HMGET", ThreadKeys(thread).decisions, *names))

    async def pending(self, thread: ThreadKey) -> Decision | None:
        decision_id = await self._database.call("HGET", ThreadKeys(thread).turn, "decision")
        decision = await self.get(thread, decision_id) if decision_id else None
        return decision if decision is not None and decision.decided is None else None

    async def decide(self, thread: ThreadKey, decision_id: str, decided: Decided, *, by_message: str = "") -> Decision:
        rule = ""
        if decided.verdict is Verdict.ALLOW_HERE:
            decision = await self.get(thread, decision_id)
            rule = decision.call.pattern if decision is not None else ""
        for _ in range(ATTEMPTS):
            what, decision = await self._decide(thread, decision_id, decided, rule, by_message)
            if what == "overdue":
                await self._decide(thread, decision_id, Decided(Verdict.EXPIRED, at=decided.at), "", "")
                what, decision = "before", await self.get(thread, decision_id)
            if what == "done" and decision is not None:
                await self._pending.settle(decision)
                return decision
            if what == "before" and decision is not None and decision.decided is not None:
                before = decision.decided
                raise AlreadyDecided(before.verdict.value, before.user, before.at)
            if what in ("unknown", "early"):
                raise Refusal(Reason.NOT_ASKED)
        raise StoreAway("the index and the thread could not be written in time of each other")

    async def _decide(
        self, thread: ThreadKey, decision_id: str, decided: Decided, rule: str, by_message: str
    ) -> tuple[str, Decision | None]:
        marked_us = await self._work.mark(thread)
        what, *kept = await self._database.run(
            "decide",
            _keys(thread),
            decision_id,
            decided_text(decided),
            int(decided.verdict is Verdict.EXPIRED),
            rule,
            MAX_RULES,
            messages.order_of(by_message) if by_message else "",
            marked_us,
            MARK_VALID_US,
            self._ttl_s,
        )
        return what, decision_from(thread, kept)

    async def record(self, decision: Decision) -> None:
        decided = decision.decided
        if decided is None:
            return
        key, call = keys.audit(decision.thread.team), decision.call
        entry = {
            "decision": decision.id,
            "thread": str(decision.thread),
            "turn": decision.turn_id,
            "session": decision.session_id,
            "call": call.id,
            "tool": call.tool,
            "input_hash": call.input_hash,
            "asked": decision.asked,
            "asked_at": f"{decision.asked_at:.3f}",
            "verdict": decided.verdict.value,
            "user": decided.user,
            "decided_at": f"{decided.at:.3f}",
            "rule": call.pattern if decided.verdict is Verdict.ALLOW_HERE else "",
        }
        fields = [part for name, value in entry.items() for part in (name, value)]
        oldest_ms = max(int((decided.at - self._audit_s) * 1000), 0)
        await self._database.batch([("XADD", key, "MINID", oldest_ms, "*", *fields), ("EXPIRE", key, self._audit_s)])

    async def overdue(self, limit: int) -> Sequence[Decision]:
        found: list[Decision] = []
        for entry in await self._pending.overdue(limit):
            thread = ThreadKey.parse(entry.member)
            decision = await self.pending(thread)
            if decision is not None and codec.micros(decision.expires_at) <= entry.score:
                found.append(decision)
            elif decision is None:
                await self._pending.drop(thread, entry)
            else:
                await self._pending.mark_until(decision)
        return found

    async def waiting_for(self, person: Person, limit: int) -> Sequence[Decision]:
        found: list[Decision] = []
        for thread, decision_id, member in await self._pending.waiting_for(person):
            decision = await self.get(thread, decision_id)
            if decision is None or decision.decided is not None:
                await self._pending.drop_member(person, member)
            elif len(found) < limit:
                found.append(decision)
        return found


def _keys(thread: ThreadKey) -> tuple[str, ...]:
    of = ThreadKeys(thread)
    return (*of.state, of.decisions)
