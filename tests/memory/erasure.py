"""Taking things out, in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.model import Lease, Message, Person, PointMap, Scope, ScopeKind, ThreadKey
from tests.memory.state import Memory, ThreadState


class MemoryErasure:
    """ErasureStore of one worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def points(self, thread: ThreadKey) -> PointMap:
        return dict(self._memory.state(thread).points)

    async def waiting(self, thread: ThreadKey) -> Sequence[Message]:
        state = self._memory.state(thread)
        return sorted((*state.waiting.values(), *state.context.values()), key=lambda message: message.ts)

    async def in_turn(self, thread: ThreadKey) -> Sequence[Message]:
        turn = self._memory.state(thread).turn
        found = (*turn.prompt.messages, *turn.prompt.context) if turn is not None else ()
        return sorted(found, key=lambda message: message.ts)

    async def disown(self, lease: Lease, user: str) -> None:
        state = self._memory.fenced(lease)
        if state.thread is not None:
            people = tuple(one for one in state.thread.people if one != user)
            state.thread = replace(state.thread, people=people)
        for ts, point in state.points.items():
            if point.user == user:
                state.points[ts] = replace(point, user="")
        state.branches = {place: branch for place, branch in state.branches.items() if place[1] != user}
        state.decisions = {id_: one for id_, one in state.decisions.items() if not one.involves(user)}

    async def forget_decisions(self, lease: Lease, turn_ids: Collection[str]) -> None:
        state = self._memory.fenced(lease)
        state.decisions = {id_: one for id_, one in state.decisions.items() if one.turn_id not in turn_ids}

    async def forget(self, lease: Lease) -> None:
        before = self._memory.fenced(lease)
        self._memory.threads[lease.thread] = ThreadState(
            held=before.held, fence=before.fence, touched_at=before.touched_at
        )
        source = before.thread.source if before.thread is not None else None
        if source is not None:
            state = self._memory.state(source.thread)
            state.branches = {place: made for place, made in state.branches.items() if made != lease.thread}

    async def forget_person(self, person: Person, *, spend: bool) -> None:
        if not spend:
            return
        self._memory.accounts.pop(Scope(ScopeKind.USER, person.team, person.user), None)
        self._memory.prompts.pop((person.team, f"user:{person.user}"), None)
        for (team, kind, _), sums in self._memory.spenders.items():
            if (team, kind) == (person.team, ScopeKind.USER):
                sums.pop(person.user, None)
