"""What a worker does about threads that have work: which worker runs their turns, and how that is found out.

A thread that somebody holds is announced to its holder; a free one goes to the worker that ran its last turn and may be
warm for it, if that has room; else it is taken here, or where there is room. What nobody takes the sweep finds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import structlog

from bot.acks import AcksFirst
from bot.errors import LeaseLost, Reason, Refusal, StoreAway
from bot.held import HeldThreads, TurnRunner
from bot.model import Lease, Receipt, Signal, SignalKind, ThreadKey
from bot.neighbours import Neighbours
from bot.ports import Chat, Clock, InboxStore, Signals, Telemetry, Workers
from bot.rounds import Rounds, logged
from bot.slots import TurnSlots

log = structlog.get_logger(__name__)

EXCLUSIVE_POLL_S = 0.1
"""How often a lease that is held elsewhere is asked for again."""

LISTEN_AGAIN_S = 1.0
"""After how long a worker listens again when that broke."""

STORE_SILENT_S = 5.0
"""How long after the last sign of life that the store took it counts as away. Signs are given every second."""

LAST_WORDS_S = 1.0
"""How long a worker that has drained waits for what it does beside, such as telling others of work."""


@dataclass(frozen=True, slots=True)
class DeskBounds:
    """How much a worker takes on, and how fast it notices.

    Args:
        lease_s: seconds a lease lasts without renewal; it is renewed three times as often.
        sweep_s: seconds between two looks for abandoned threads.
        beat_s: seconds between two signs of life.
        place_s: seconds after which who waits for a place is told anew where it stands: such a word fades in a chat.
        turns_running: turns that run at once in this worker.
    """

    lease_s: float = 10.0
    sweep_s: float = 2.0
    beat_s: float = 1.0
    place_s: float = 45.0
    turns_running: int = 8


class Desk:
    """The threads that one worker holds, and what it hears of others.

    Use as an async context manager: entering starts listening and sweeping. Leaving hands over at once what has not
    begun, lets running turns end within `drain_s` seconds, and hands over the rest.

    Args:
        capacity: how many turns could run here right now; None when only `bounds` says.
        forget: lets go of what is kept here of a thread that is forgotten.
    """

    def __init__(
        self,
        store: InboxStore,
        signals: Signals,
        workers: Workers,
        turns: TurnRunner,
        chat: Chat,
        clock: Clock,
        *,
        bounds: DeskBounds,
        drain_s: float,
        capacity: Callable[[], int | None] | None,
        telemetry: Telemetry,
        forget: Callable[[ThreadKey], Coroutine[Any, Any, None]] | None,
    ) -> None:
        self._store = store
        self._signals = signals
        self._turns = turns
        self._chat = chat
        self._clock = clock
        self._bounds = bounds
        self._drain_s = drain_s
        self._forget = forget
        self._neighbours = Neighbours(workers)
        self._slots = TurnSlots(bounds.turns_running, capacity)
        self._held = HeldThreads(
            store,
            turns,
            clock,
            self._slots,
            lease_s=bounds.lease_s,
            tell_place=self._tell_place,
            pass_on=self._pass_on,
            telemetry=telemetry,
        )
        self._rounds = Rounds(clock)
        self.beside = self._rounds.beside
        """Do something that nobody waits for. What is left of it ends with the desk."""
        self.acks = AcksFirst(self.beside)
        self._heard_at = 0.0
        self._unheard = False
        """Whether the store did not take the last sign of life."""
        self._holders_until = 0.0
        self._draining = False

    async def __aenter__(self) -> Self:
        self._rounds.repeat(self._beat, self._bounds.beat_s)
        self._rounds.repeat(self._sweep, self._bounds.sweep_s)
        self._rounds.repeat(self._tell_places, self._bounds.place_s)
        self._rounds.repeat(self._listen, LISTEN_AGAIN_S, endless=True)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._draining = True
        await logged(self._beat())
        self.acks.go_on()
        await self._held.drain(self._drain_s)
        await self._rounds.end(LAST_WORDS_S)

    @property
    def works(self) -> bool:
        """Whether it still does what it does by itself: giving signs of life, listening, sweeping."""
        return self._rounds.at_work

    @property
    def keeps(self) -> bool:
        """Whether the store took this worker's last sign of life, not long ago: so it would take a message."""
        return self._clock.now() - self._heard_at < STORE_SILENT_S

    @property
    def room(self) -> int:
        """How many threads more this worker would take on."""
        return max(0, self._slots.bound - len(self._held))

    @property
    def threads_held(self) -> int:
        """How many threads' leases this worker holds."""
        return len(self._held)

    @property
    def threads_queued(self) -> int:
        """How many of these wait for a place to run their turn."""
        return self._held.queued

    # --- seeing to threads ---------------------------------------------------------------------------------------

    def see_to_message(self, thread: ThreadKey, receipt: Receipt) -> None:
        """Have a prompt answered that was kept just now, once it is acknowledged."""
        revived = receipt.behind_turn and not receipt.holder and self._holders_first
        if not revived:
            self.acks.then(self.see_to(thread, receipt.holder, receipt.prefers))

    async def wake(self, thread: ThreadKey) -> None:
        """A thread that may have been at rest has work."""
        await self.see_to(thread, await self._store.holder(thread), "")

    async def see_to(self, thread: ThreadKey, holder: str, prefers: str) -> None:
        """Have a thread's work done: by its holder, by who is warm for it, here, or where there is room."""
        me = self._signals.worker
        if holder == me:
            return  # its task finds the work, or hands it over: a lease is not given back while there is some
        if holder:
            await self._tell(holder, thread)
        elif prefers != me and self._neighbours.take_room_of(prefers):
            await self._tell(prefers, thread)
        elif self._draining or not self.room:
            await self._pass_on(thread)
        else:
            await self._take_on(thread)

    async def _pass_on(self, thread: ThreadKey) -> None:
        """Tell another worker of a thread that nobody holds. Without one it stays here, or is left to the sweep."""
        other = self._neighbours.anyone() if self._draining else self._neighbours.take_room()
        if other:
            await self._tell(other, thread)
        elif not self._draining:
            await self._take_on(thread)

    async def _take_on(self, thread: ThreadKey) -> None:
        lease = await self._store.acquire(thread)
        if lease is not None:
            self._held.hold(lease)

    async def _tell(self, worker: str, thread: ThreadKey) -> None:
        await self._signals.send(worker, Signal(SignalKind.WORK, thread))

    def _tell_place(self, thread: ThreadKey, place: int) -> None:
        log.info("turn_waits", thread=str(thread), place=place)
        self.beside(self._chat.show_place(thread, place))

    async def _tell_places(self) -> None:
        self._slots.tell_again()

    async def interrupt(self, thread: ThreadKey, holder: str) -> None:
        """Stop the turn that runs where the thread is held."""
        if holder == self._signals.worker:
            await self._turns.interrupt(thread)
        elif holder:
            await self._signals.send(holder, Signal(SignalKind.STOP, thread))

    @asynccontextmanager
    async def exclusive(self, thread: ThreadKey, *, wait_s: float = 5.0) -> AsyncIterator[Lease]:
        """Hold the thread's lease for a short change of its state; work that waits goes on afterwards.

        Raises:
            Refusal: BUSY, when the lease could not be had within `wait_s` seconds.
        """
        lease = await self._acquire_within(thread, wait_s)
        try:
            yield lease
        finally:
            await self._let_go(lease)

    async def _let_go(self, lease: Lease) -> None:
        """What was done under the lease is done: if it can't be given back now, it runs out."""
        try:
            if not await self._store.release(lease, even_with_work=self._draining):
                self._held.hold(lease)
        except (LeaseLost, StoreAway) as error:
            log.warning("lease_not_given_back", thread=str(lease.thread), error=type(error).__name__)

    async def _acquire_within(self, thread: ThreadKey, wait_s: float) -> Lease:
        deadline = self._clock.now() + wait_s
        while True:
            lease = await self._store.acquire(thread)
            if lease is not None:
                return lease
            if self._clock.now() >= deadline:
                raise Refusal(Reason.BUSY)
            await self._clock.sleep(EXCLUSIVE_POLL_S)

    # --- what other workers say, and leave behind ------------------------------------------------------------------

    async def _beat(self) -> None:
        """Give a sign of life, and let threads that wait for a place here go where there is one."""
        try:
            await self._neighbours.beat(-1 if self._draining else self.room)
        except StoreAway:
            self._unheard = True
            raise
        if self._out_of_touch:
            self._holders_until = self._clock.now() + self._bounds.lease_s / 2
        self._heard_at, self._unheard = self._clock.now(), False
        self._held.give_up_queued(self._neighbours.room)

    async def _listen(self) -> None:
        async for signal in self._signals.receive():
            if signal.kind is SignalKind.STOP:
                self.beside(self.interrupt(signal.thread, self._signals.worker))
            elif signal.kind is SignalKind.FORGET:
                if self._forget is not None:
                    self.beside(self._forget(signal.thread))
            elif self._draining:
                self.beside(self._pass_on(signal.thread))
            else:
                self.beside(self._take_on(signal.thread))

    @property
    def _holders_first(self) -> bool:
        """Whether leases may have run out because the store was away. Those who had them revive them, given time."""
        return self._out_of_touch or self._clock.now() < self._holders_until

    @property
    def _out_of_touch(self) -> bool:
        return self._unheard and 0 < self._heard_at < self._clock.now() - self._bounds.lease_s / 2

    async def _sweep(self) -> None:
        self._slots.admit()
        if self._draining or not self.room or self._holders_first:
            return
        for thread in await self._store.abandoned(self.room):
            await self._take_on(thread)
