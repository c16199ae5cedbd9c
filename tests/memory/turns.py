"""The turn in flight, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import LeaseLost
from bot.model import (
    Decision,
    Ending,
    Lease,
    Outcome,
    Point,
    PointKind,
    Progress,
    Prompt,
    Thread,
    ThreadKey,
    Turn,
    TurnState,
    ts_order,
)
from tests.memory.state import Memory, ThreadState


class MemoryTurns:
    """TurnStore of one worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def begin(self, lease: Lease, turn_id: str) -> Turn | None:
        state = self._memory.fenced(lease)
        if state.thread is None:
            return None
        if state.turn is None:
            if not state.has_work:
                return None
            state.turn = self._start(state, state.thread, turn_id)
        elif state.turn.state is TurnState.DEFERRED:
            if not state.spoken:
                return None
            behind = sorted(state.waiting.values(), key=lambda message: ts_order(message.ts))
            return replace(self._as_now(state, state.turn, state.thread), behind=tuple(behind))
        elif (turn_id, lease.token) != (state.turn.id, state.turn_token):
            state.turn = replace(state.turn, attempt=state.turn.attempt + 1)
        state.turn_token = lease.token
        state.turn = self._as_now(state, state.turn, state.thread)
        self._memory.touch(lease.thread)
        return state.turn

    def _as_now(self, state: ThreadState, turn: Turn, thread: Thread) -> Turn:
        decision = state.decisions[turn.decision.id] if turn.decision is not None else None
        tail = state.tail(thread.session_id)
        return replace(turn, thread=replace(thread, status=state.status), tail=tail, decision=decision)

    def _start(self, state: ThreadState, thread: Thread, turn_id: str) -> Turn:
        messages = sorted(state.waiting.values(), key=lambda message: ts_order(message.ts))
        newest = ts_order(messages[-1].ts)
        before = [message for message in state.context.values() if ts_order(message.ts) < newest]
        context = sorted(before, key=lambda message: ts_order(message.ts))
        state.waiting.clear()
        for message in context:
            del state.context[message.ts]
        return Turn(turn_id, thread, Prompt(tuple(messages), tuple(context)), self._memory.clock.now())

    async def tail(self, thread: ThreadKey, session_id: str) -> str:
        return self._memory.state(thread).tail(session_id)

    async def held_back(self, thread: ThreadKey) -> int:
        state = self._memory.state(thread)
        return len(state.waiting) if state.paused else 0

    async def save(self, lease: Lease, turn_id: str, progress: Progress, state: TurnState) -> None:
        kept, turn, _ = self._in_flight(lease, turn_id)
        kept.turn = replace(turn, progress=progress, state=state)

    async def restart_session(self, lease: Lease, turn_id: str, session_id: str) -> None:
        kept, _, thread = self._in_flight(lease, turn_id)
        kept.thread = replace(thread, session_id=session_id, head="")

    async def finish(
        self, lease: Lease, turn_id: str, outcome: Outcome, reply_ts: Sequence[str], *, keep_head: bool = False
    ) -> None:
        if self._memory.fenced(lease).last_turn == turn_id:
            return
        kept, turn, thread = self._in_flight(lease, turn_id)
        decision = state_of(kept, turn)
        if outcome.ending is Ending.DEFERRED and decision is not None and kept.parked == decision.id:
            return
        thread = replace(thread, cost_usd=thread.cost_usd + outcome.cost_usd, active_at=self._memory.clock.now())
        self._memory.touch(lease.thread)
        if outcome.ending is Ending.DEFERRED:
            decided = decision is not None and decision.decided is not None
            kept.thread = thread
            kept.turn = replace(
                turn,
                state=TurnState.RUNNING if decided else TurnState.DEFERRED,
                attempt=0,
                stop_asked=False,
                spent_usd=turn.spent_usd + outcome.cost_usd,
                spent_s=turn.spent_s + outcome.duration_s,
            )
            kept.parked, kept.spoken = decision.id if decision else "", bool(kept.waiting)
            lead_before(kept, turn, thread)
            return
        head = thread.head if keep_head else kept.tail(thread.session_id)
        lead_before(kept, turn, thread)
        reply = Point(thread.session_id, head, PointKind.REPLY, turn_id)
        kept.points.update(dict.fromkeys((*reply_ts, *turn.cards), reply))
        people = dict.fromkeys((*thread.people, *(message.user for message in turn.prompt.messages)))
        ordered = tuple(sorted(people, key=lambda user: user != thread.owner))
        used = outcome.context_used or thread.context_used
        kept.thread = replace(thread, head=head, turns=thread.turns + 1, people=ordered, context_used=used)
        kept.turn, kept.last_turn, kept.worker = None, turn_id, lease.worker

    def _in_flight(self, lease: Lease, turn_id: str) -> tuple[ThreadState, Turn, Thread]:
        state = self._memory.fenced(lease)
        if state.turn is None or state.thread is None or state.turn.id != turn_id:
            raise LeaseLost(f"turn {turn_id} is not in flight")
        return state, state.turn, state.thread


def state_of(state: ThreadState, turn: Turn) -> Decision | None:
    """The turn's decision, as it is now."""
    return state.decisions.get(turn.decision.id) if turn.decision is not None else None


def lead_before(state: ThreadState, turn: Turn, thread: Thread) -> None:
    """The messages of the prompt lead to where the session was before it."""
    for message in (*turn.prompt.messages, *turn.prompt.context):
        overheard = message not in turn.prompt.messages
        point = Point(thread.session_id, thread.head, PointKind.PROMPT, turn.id, message.user, overheard)
        state.points.setdefault(message.ts, point)
