"""Inbox and signals in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from bot.errors import LeaseLost
from bot.model import (
    MAX_WAITING,
    Address,
    Lease,
    Message,
    Receipt,
    Resumed,
    Signal,
    Stopped,
    Taken,
    Thread,
    ThreadKey,
    ThreadStatus,
    TurnState,
    ts_order,
)
from bot.store.messages import title_of
from tests.memory.state import HeldLease, Memory, ThreadState


class MemoryInbox:
    """InboxStore of one worker."""

    def __init__(self, memory: Memory, worker: str, lease_s: float) -> None:
        self._memory = memory
        self._worker = worker
        self._lease_s = lease_s

    async def knows(self, thread: ThreadKey) -> bool:
        return self._memory.state(thread).thread is not None

    async def accept(
        self, message: Message, session_id: str, max_waiting: int = MAX_WAITING, *, counted: bool = True
    ) -> Receipt:
        state = self._memory.state(message.thread)
        taken = self._disposition(state, message, max_waiting)
        taken = Taken.REFUSED if taken is Taken.PROMPT and not counted else taken
        if taken not in (Taken.PROMPT, Taken.CONTEXT):
            return self._receipt(message.thread, taken, session_id)
        now = self._memory.clock.now()
        if state.thread is None:
            state.thread = Thread(message.thread, session_id, owner=message.user, created_at=now, active_at=now)
        state.seen[message.ts] = None
        if taken is Taken.PROMPT:
            state.waiting[message.ts] = message
            state.paused = False
            title = state.thread.title or title_of(message.text)
            state.thread = replace(state.thread, title=title, active_at=now)
            state.work_since = now
            state.spoken = state.spoken or state.status is ThreadStatus.DEFERRED
        else:
            state.context[message.ts] = message
            while len(state.context) > max_waiting:
                del state.context[min(state.context, key=ts_order)]
        self._memory.touch(message.thread)
        return self._receipt(message.thread, taken, session_id)

    async def enlist(self, message: Message, session_id: str) -> None:
        """Lists are made of the threads themselves."""

    def _disposition(self, state: ThreadState, message: Message, max_waiting: int) -> Taken:
        if message.ts in state.seen:
            return Taken.DUPLICATE
        if message.address is not Address.BOT and state.thread is None:
            return Taken.NOT_FOR_US
        mentions_only = state.thread is not None and state.thread.mentions_only
        if message.address is Address.OTHER or (message.address is Address.OPEN and mentions_only):
            return Taken.CONTEXT
        return Taken.FULL if len(state.waiting) >= max_waiting else Taken.PROMPT

    def _receipt(self, key: ThreadKey, taken: Taken, session_id: str) -> Receipt:
        alive = self._memory.alive(key)
        state = self._memory.state(key)
        new_thread = state.thread is not None and state.thread.session_id == session_id
        deferred = state.status is ThreadStatus.DEFERRED
        behind_turn = state.turn is not None and not deferred
        return Receipt(taken, alive.worker if alive else "", behind_turn, new_thread, state.worker, deferred)

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        state = self._memory.state(thread)
        withdrawn = state.waiting.pop(ts, None) is not None or state.context.pop(ts, None) is not None
        state.paused = state.paused and bool(state.waiting)
        return withdrawn

    async def stop(self, thread: ThreadKey, *, hold_back: bool) -> Stopped:
        state = self._memory.state(thread)
        running = state.turn is not None and state.turn.state is TurnState.RUNNING
        if state.turn is not None and running:
            state.turn = replace(state.turn, stop_asked=True)
        held_back = len(state.waiting) if hold_back else 0
        state.paused = state.paused or held_back > 0
        return Stopped(await self.holder(thread), running, held_back)

    async def go_on(self, thread: ThreadKey) -> Resumed:
        state = self._memory.state(thread)
        count = len(state.waiting) if state.paused else 0
        state.paused = False
        return Resumed(count, await self.holder(thread), state.worker)

    async def withdraw_held_back(self, thread: ThreadKey, user: str = "") -> Sequence[Message]:
        state = self._memory.state(thread)
        waiting = sorted(state.waiting.values(), key=lambda message: ts_order(message.ts))
        taken = [message for message in waiting if state.paused and user in ("", message.user)]
        for message in taken:
            del state.waiting[message.ts]
        state.paused = state.paused and bool(state.waiting)
        return taken

    async def amend(self, thread: ThreadKey, ts: str, text: str) -> bool:
        state = self._memory.state(thread)
        for place in (state.waiting, state.context):
            if ts in place:
                place[ts] = replace(place[ts], text=text)
                return True
        return False

    async def acquire(self, thread: ThreadKey) -> Lease | None:
        if self._memory.alive(thread) is not None:
            return None
        state = self._memory.state(thread)
        state.fence += 1
        lease = Lease(thread, self._worker, state.fence)
        self._hold(state, lease)
        return lease

    def _hold(self, state: ThreadState, lease: Lease) -> None:
        state.held = HeldLease(lease, self._memory.clock.now() + self._lease_s)

    async def renew(self, lease: Lease) -> bool:
        alive = self._memory.alive(lease.thread)
        state = self._memory.state(lease.thread)
        if alive not in (None, lease) or state.fence != lease.token or state.held is None:
            return False
        self._hold(state, lease)
        return True

    async def release(self, lease: Lease, *, even_with_work: bool = False) -> bool:
        alive, state = self._memory.alive(lease.thread), self._memory.state(lease.thread)
        if alive not in (None, lease) or state.fence != lease.token:
            raise LeaseLost(str(lease.thread))
        if alive and state.has_work and not even_with_work:
            return False
        state.held = None
        if alive and state.turn is not None and state.turn_token == lease.token:
            state.turn = replace(state.turn, attempt=state.turn.attempt - 1)
        return True

    async def holder(self, thread: ThreadKey) -> str:
        alive = self._memory.alive(thread)
        return alive.worker if alive else ""

    async def abandoned(self, limit: int) -> Sequence[ThreadKey]:
        states = {key: self._memory.state(key) for key in list(self._memory.threads)}
        found = [key for key, state in states.items() if state.has_work and self._memory.alive(key) is None]
        return sorted(found, key=lambda key: states[key].work_since)[:limit]


class MemoryWorkers:
    """Workers of one worker."""

    def __init__(self, memory: Memory, worker: str) -> None:
        self._memory = memory
        self._worker = worker

    async def beat(self, room: int) -> Mapping[str, int]:
        beats, now = self._memory.beats, self._memory.clock.now()
        beats[self._worker] = (now, room)
        if room < 0:
            del beats[self._worker]
        return {worker: room for worker, (at, room) in beats.items() if worker != self._worker and at + 3.5 > now}

    async def living(self) -> Mapping[str, int]:
        now = self._memory.clock.now()
        return {worker: room for worker, (at, room) in self._memory.beats.items() if at + 3.5 > now}


class MemorySignals:
    """Signals of one worker."""

    def __init__(self, memory: Memory, worker: str) -> None:
        self._memory = memory
        self._worker = worker

    @property
    def worker(self) -> str:
        return self._worker

    async def send(self, worker: str, signal: Signal) -> None:
        if queue := self._memory.signals.get(worker):
            queue.put_nowait(signal)

    async def receive(self) -> AsyncIterator[Signal]:
        queue = self._memory.signals[self._worker] = asyncio.Queue()
        while True:
            yield await queue.get()
