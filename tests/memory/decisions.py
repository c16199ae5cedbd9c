"""Decisions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import AlreadyDecided, LeaseLost, Reason, Refusal
from bot.model import (
    Decided,
    Decision,
    Ending,
    Lease,
    Message,
    Outcome,
    Person,
    Progress,
    Prompt,
    Thread,
    ThreadKey,
    Turn,
    TurnState,
    Verdict,
)
from tests.memory.state import Memory, ThreadState
from tests.memory.turns import state_of


class MemoryDecisions:
    """DecisionStore of one worker."""

    def __init__(self, memory: Memory, wait_s: float) -> None:
        self._memory = memory
        self._wait_s = wait_s

    async def ask(self, lease: Lease, decision: Decision, progress: Progress) -> Decision:
        state = self._memory.fenced(lease)
        if decision.id in state.decisions:
            return state.decisions[decision.id]
        if state.turn is None or state.turn.id != decision.turn_id:
            raise LeaseLost(decision.turn_id)
        return self._keep(state, state.turn, replace(decision, thread=lease.thread), progress, self._wait_s)

    async def carry(self, lease: Lease, decision: Decision, message: Message) -> Decision:
        state = self._memory.fenced(lease)
        if decision.id in state.decisions:
            return state.decisions[decision.id]
        if state.turn is not None:
            raise LeaseLost(state.turn.id)
        thread = state.thread or Thread(lease.thread, "")
        turn = Turn(decision.turn_id, thread, Prompt((message,)), self._memory.clock.now(), attempt=0)
        progress = Progress(outcome=Outcome(Ending.DEFERRED, decision.session_id))
        wait_s = decision.expires_at - decision.asked_at
        return self._keep(state, turn, replace(decision, thread=lease.thread), progress, wait_s)

    def _keep(self, state: ThreadState, turn: Turn, decision: Decision, progress: Progress, wait_s: float) -> Decision:
        now = self._memory.clock.now()
        decision = replace(decision, asked_at=now, expires_at=now + wait_s)
        state.decisions[decision.id] = decision
        while len(state.decisions) > 20:
            del state.decisions[next(iter(state.decisions))]
        state.turn = replace(turn, state=TurnState.ANSWERED, progress=progress, decision=decision)
        return decision

    async def posted(self, lease: Lease, decision_id: str, card_ts: str) -> None:
        state = self._memory.fenced(lease)
        if state.turn is None or state.turn.decision is None or state.turn.decision.id != decision_id:
            raise LeaseLost(decision_id)
        state.decisions[decision_id] = replace(state.decisions[decision_id], card_ts=card_ts)
        if card_ts not in state.turn.cards:
            state.turn = replace(state.turn, cards=(*state.turn.cards, card_ts))

    async def heed(self, lease: Lease, messages: Sequence[Message]) -> None:
        state = self._memory.fenced(lease)
        if state.waiting.keys() <= {message.ts for message in messages}:
            state.spoken = False

    async def get(self, thread: ThreadKey, decision_id: str) -> Decision | None:
        return self._memory.state(thread).decisions.get(decision_id)

    async def pending(self, thread: ThreadKey) -> Decision | None:
        state = self._memory.state(thread)
        decision = state_of(state, state.turn) if state.turn is not None else None
        return decision if decision is not None and decision.decided is None else None

    async def decide(self, thread: ThreadKey, decision_id: str, decided: Decided, *, by_message: str = "") -> Decision:
        state = self._memory.state(thread)
        decision = state.decisions.get(decision_id)
        if decision is not None and decision.decided is not None:
            before = decision.decided
            raise AlreadyDecided(before.verdict.value, before.user, before.at)
        turn = state.turn
        if decision is None or turn is None or turn.decision is None or turn.decision.id != decision_id:
            raise Refusal(Reason.NOT_ASKED)
        if decision.expires_at <= self._memory.clock.now():
            expired = Decided(Verdict.EXPIRED, at=decided.at)
            self._decide(state, decision, turn, expired, "")
            if decided.verdict is not Verdict.EXPIRED:
                raise AlreadyDecided(expired.verdict.value, expired.user, expired.at)
        elif decided.verdict is Verdict.EXPIRED:
            raise Refusal(Reason.NOT_ASKED)
        else:
            self._decide(state, decision, turn, decided, by_message)
        return state.decisions[decision_id]

    def _decide(self, state: ThreadState, decision: Decision, turn: Turn, decided: Decided, by_message: str) -> None:
        state.decisions[decision.id] = replace(decision, decided=decided)
        if decided.verdict is Verdict.ALLOW_HERE and state.thread is not None:
            rules = dict.fromkeys((*state.thread.rules, decision.call.pattern))
            state.thread = replace(state.thread, rules=tuple(rules)[-100:])
        state.waiting.pop(by_message, None)
        state.work_since = self._memory.clock.now()
        if turn.state is TurnState.DEFERRED:
            state.turn = replace(turn, state=TurnState.RUNNING, attempt=0)

    async def record(self, decision: Decision) -> None:
        if decision.decided is not None:
            self._memory.audit.append(decision)

    async def overdue(self, limit: int) -> Sequence[Decision]:
        now = self._memory.clock.now()
        pending = [one for key in list(self._memory.threads) if (one := await self.pending(key)) is not None]
        late = [decision for decision in pending if decision.expires_at <= now]
        return sorted(late, key=lambda decision: decision.expires_at)[:limit]

    async def waiting_for(self, person: Person, limit: int) -> Sequence[Decision]:
        pending = [one for key in list(self._memory.threads) if (one := await self.pending(key)) is not None]
        theirs = [one for one in pending if (one.thread.team, one.asked) == (person.team, person.user)]
        return sorted(theirs, key=lambda decision: decision.expires_at)[:limit]
