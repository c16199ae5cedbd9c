"""A thread to oneself, for a process that runs no turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import Reason, Refusal
from bot.model import Decided, Lease, Signal, SignalKind, ThreadKey, Verdict
from bot.ports import Clock, DecisionStore, InboxStore, Signals

POLL_S = 0.1
"""How often a lease that is held elsewhere is asked for again."""


class Visit:
    """Implements `bot.privacy.Holding` beside the workers: they go on with what is left."""

    def __init__(self, inbox: InboxStore, decisions: DecisionStore, signals: Signals, clock: Clock) -> None:
        self._inbox = inbox
        self._decisions = decisions
        self._signals = signals
        self._clock = clock

    async def stop(self, thread: ThreadKey) -> bool:
        """Stop the thread's turn, whichever worker runs it, or what it waits for. False when nothing ran or waited."""
        stopped = await self._inbox.stop(thread, hold_back=True)
        if stopped.running and stopped.holder:
            await self._signals.send(stopped.holder, Signal(SignalKind.STOP, thread))
        return await self._answer_no(thread) or stopped.running or stopped.held_back > 0

    async def _answer_no(self, thread: ThreadKey) -> bool:
        pending = await self._decisions.pending(thread)
        if pending is None:
            return False
        try:
            await self._decisions.decide(thread, pending.id, Decided(Verdict.STOPPED, "", self._clock.now()))
        except Refusal:  # somebody was faster
            return False
        return True

    @asynccontextmanager
    async def exclusive(self, thread: ThreadKey, *, wait_s: float = 5.0) -> AsyncIterator[Lease]:
        """Hold the thread's lease for a short change. The workers' sweep finds what waits afterwards.

        Raises:
            Refusal: BUSY, when the lease could not be had within `wait_s` seconds.
        """
        deadline = self._clock.now() + wait_s
        while (lease := await self._inbox.acquire(thread)) is None:
            if self._clock.now() >= deadline:
                raise Refusal(Reason.BUSY)
            await self._clock.sleep(POLL_S)
        try:
            yield lease
        finally:
            await self._inbox.release(lease, even_with_work=True)
