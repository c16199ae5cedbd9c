"""A message arrives: it is kept, ordered, and handed to the worker that runs the thread's turns.

The listener waits only for `Inbox.take` to store the message; everything after that runs in tasks which the inbox owns.
A thread that somebody holds is announced to its holder; a free one goes to the worker that ran its last turn and may be
warm for it, if that has room; else it is taken here, or where there is room. What nobody takes the sweep finds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import structlog

from bot.acks import AcksFirst
from bot.errors import LeaseLost, Reason, Refusal, StoreAway
from bot.held import HeldThreads, TurnRunner
from bot.intake import Door, Intake, everybody
from bot.model import (
    Address,
    Decided,
    Ending,
    Lease,
    Limits,
    Message,
    Person,
    Receipt,
    Signal,
    SignalKind,
    Taken,
    ThreadKey,
    Verdict,
)
from bot.neighbours import Neighbours
from bot.ports import Chat, Clock, DecisionStore, InboxStore, Readiness, Signals, Telemetry, Untold, Workers
from bot.prompt_limits import PromptLimits
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
class InboxBounds:
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


class Inbox:
    """The worker's desk: takes messages in and sees to it that each thread's turns run, one at a time.

    Use as an async context manager: entering starts listening and sweeping. Leaving hands over at once what has not
    begun, lets running turns end within `drain_s` seconds, and hands over the rest.
    """

    def __init__(
        self,
        store: InboxStore,
        signals: Signals,
        workers: Workers,
        turns: TurnRunner,
        chat: Chat,
        clock: Clock,
        prompt_limits: PromptLimits,
        *,
        new_id: Callable[[], str],
        limits: Callable[[str, Person], Awaitable[Limits]],
        bounds: InboxBounds,
        drain_s: float,
        decisions: DecisionStore,
        admit: Callable[[Message], Awaitable[None]] = everybody,
        readiness: Readiness | None = None,
        telemetry: Telemetry | None = None,
        forget: Callable[[ThreadKey], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._store = store
        self._decisions = decisions
        self._signals = signals
        self._turns = turns
        self._chat = chat
        self._clock = clock
        self._prompt_limits = prompt_limits
        self._limits = limits
        self._bounds = bounds
        self._drain_s = drain_s
        self._readiness = readiness
        self._telemetry = telemetry or Untold()
        self._forget = forget
        self._neighbours = Neighbours(workers)
        self._slots = TurnSlots(bounds.turns_running, readiness.capacity if readiness is not None else None)
        self._held = HeldThreads(
            store,
            turns,
            clock,
            self._slots,
            lease_s=bounds.lease_s,
            tell_place=self._tell_place,
            pass_on=self._pass_on,
            telemetry=self._telemetry,
        )
        self._rounds = Rounds(clock)
        self._run_beside = self._rounds.beside
        self._acks = AcksFirst(self._run_beside)
        door = Door(admit, prompt_limits, readiness, new_id)
        self._intake = Intake(store, chat, clock, door, self._acks, self._telemetry)
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
        self._acks.go_on()
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
        return self._room

    @property
    def threads_held(self) -> int:
        """How many threads' leases this worker holds."""
        return len(self._held)

    @property
    def threads_queued(self) -> int:
        """How many of these wait for a place to run their turn."""
        return self._held.queued

    # --- what people do ------------------------------------------------------------------------------------------

    async def take(self, message: Message) -> Receipt:
        """Keep a message and see to it that it is answered.

        Returns as soon as the message is stored, so that Slack can have its ack.

        Raises:
            StoreAway: it could not be kept; Slack must not get its ack.
            ChatAway: nor could Slack tell who wrote it.
            Refusal: NOT_HERE, NOT_FOR_YOU, or one of a bound (PROMPT_TOO_LONG,
                TOO_MANY_PROMPTS, BOTS_TALKING, THREAD_FULL); it is not kept.
        """
        with self._acks.taking():
            return await self._take(message)

    async def _take(self, message: Message) -> Receipt:
        receipt = await self._intake.keep(message)
        log.info("message_taken", thread=str(message.thread), ts=message.ts, taken=receipt.taken.value)
        revived = receipt.behind_turn and not receipt.holder and self._holders_first
        if receipt.taken is Taken.PROMPT and not revived:
            self._acks.then(self._see_to(message.thread, receipt.holder, receipt.prefers))
        if receipt.taken is Taken.PROMPT and receipt.behind_turn:
            self._acks.then(self._chat.mark_waiting(message))
        elif receipt.taken is Taken.PROMPT and not receipt.deferred:
            self._turns.never_marked(message)
        return receipt

    def expect(self) -> None:
        """Somebody seems about to begin a session: have the agent ready."""
        if self._readiness is not None:
            self._readiness.expect_session()

    def go_on(self, thread: ThreadKey) -> None:
        """A thread that may have been at rest has work."""
        self._run_beside(self._wake(thread))

    async def _wake(self, thread: ThreadKey) -> None:
        holder = await self._store.holder(thread)
        await self._see_to(thread, holder, "")

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for. What is left of it ends with the inbox."""
        self._run_beside(work)

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        """Take back a message that was deleted in Slack. False when it no longer waits."""
        return await self._store.withdraw(thread, ts)

    async def amend(self, person: Person, thread: ThreadKey, ts: str, text: str) -> bool:
        """Change a message that its author edited in Slack. False when it no longer waits.

        Raises:
            Refusal: PROMPT_TOO_LONG; it stays as it was.
        """
        try:
            await self._prompt_limits.check_length(Message(thread, ts, person.user, text, Address.OPEN))
        except Refusal:
            if await self._store.knows(thread):
                raise
            return False
        return await self._store.amend(thread, ts, text)

    async def stop(self, thread: ThreadKey, *, hold_back: bool = True, user: str = "") -> bool:
        """Stop the thread's turn, whichever worker runs it, or whatever it waits for. False when nothing ran or waited.

        Args:
            hold_back: messages that wait stay waiting, until somebody goes on, writes again, or withdraws them.
            user: who stops it, where that is known: a decision that is pending is a no of theirs.
        """
        stopped = await self._store.stop(thread, hold_back=hold_back)
        answered = await self._answer_no(thread, user)
        if stopped.running and stopped.holder == self._signals.worker:
            await self._turns.interrupt(thread)
        elif stopped.running and stopped.holder:
            await self._signals.send(stopped.holder, Signal(SignalKind.STOP, thread))
        elif not stopped.running and stopped.held_back:  # a running turn's reply says it itself
            self._run_beside(self._chat.offer_held_back(thread, stopped.held_back))
        return stopped.running or stopped.held_back > 0 or answered

    async def _answer_no(self, thread: ThreadKey, user: str) -> bool:
        """End what waits for a decision. False when nothing does."""
        pending = await self._decisions.pending(thread)
        if pending is None:
            return False
        try:
            decided = Decided(Verdict.STOPPED, user, self._clock.now())
            pending = await self._decisions.decide(thread, pending.id, decided)
        except Refusal as refused:
            log.info("decided_otherwise", decision=pending.id, reason=refused.reason.value)
            return False
        self._run_beside(self._chat.show_decided(pending))
        self.go_on(thread)
        return True

    async def answer_held_back(self, thread: ThreadKey) -> int:
        """Have the messages answered that a stop holds back. Returns how many there were."""
        resumed = await self._store.go_on(thread)
        if resumed.count:
            self._run_beside(self._see_to(thread, resumed.holder, resumed.prefers))
        return resumed.count

    async def withdraw_held_back(self, thread: ThreadKey, user: str = "") -> int:
        """Take back the messages that a stop holds back, one user's or (empty) all. Returns how many there were."""
        withdrawn = await self._store.withdraw_held_back(thread, user)
        if withdrawn:
            self._run_beside(self._chat.unmark_waiting(withdrawn))
        return len(withdrawn)

    async def continue_turn(self, person: Person, thread: ThreadKey, reply_ts: str, ending: Ending) -> Receipt:
        """Go on where a limit stopped a turn, with twice that limit.

        Args:
            reply_ts: the message whose button was pressed; pressing it again changes nothing.
            ending: the limit that was hit, MAX_TURNS, MAX_BUDGET or MAX_TIME.

        Raises:
            Refusal: ALREADY_ASKED, and those of `take`.
        """
        limits = await self._limits(thread.channel, person)
        turns, budget, turn_s = limits.max_turns, limits.max_budget_usd, limits.max_turn_s
        raised = Limits(
            max_turns=turns * 2 if turns and ending is Ending.MAX_TURNS else turns,
            max_budget_usd=budget * 2 if budget and ending is Ending.MAX_BUDGET else budget,
            max_turn_s=turn_s * 2 if turn_s and ending is Ending.MAX_TIME else turn_s,
        )
        text = "Please continue where you stopped."
        return await self._take_once(
            Message(thread, reply_ts, person.user, text, Address.BOT, user_team=person.team, limits=raised)
        )

    async def compact(self, person: Person, thread: ThreadKey, ts: str) -> Receipt:
        """Have the session compacted, as soon as what runs has ended.

        Args:
            ts: stands for what was done, such as a message with the word; the same one again changes nothing.

        Raises:
            Refusal: ALREADY_ASKED, and those of `take`.
        """
        message = Message(thread, ts, person.user, "", Address.BOT, user_team=person.team, compact=True)
        return await self._take_once(message)

    async def _take_once(self, message: Message) -> Receipt:
        """Take what a button asks for, and say so when it was asked for before."""
        receipt = await self.take(message)
        if receipt.taken is Taken.DUPLICATE:
            raise Refusal(Reason.ALREADY_ASKED)
        return receipt

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

    # --- seeing to threads ---------------------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """How many threads more this worker would take on."""
        return max(0, self._slots.bound - len(self._held))

    async def _see_to(self, thread: ThreadKey, holder: str, prefers: str) -> None:
        """Have a thread's work done: by its holder, by who is warm for it, here, or where there is room."""
        me = self._signals.worker
        if holder == me:
            return  # its task finds the work, or hands it over: a lease is not given back while there is some
        if holder:
            await self._tell(holder, thread)
        elif prefers != me and self._neighbours.take_room_of(prefers):
            await self._tell(prefers, thread)
        elif self._draining or not self._room:
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
        self._run_beside(self._chat.show_place(thread, place))

    async def _tell_places(self) -> None:
        self._slots.tell_again()

    # --- what other workers say, and leave behind ------------------------------------------------------------------

    async def _beat(self) -> None:
        """Give a sign of life, and let threads that wait for a place here go where there is one."""
        try:
            await self._neighbours.beat(-1 if self._draining else self._room)
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
                self._run_beside(self._interrupt(signal.thread))
            elif signal.kind is SignalKind.FORGET:
                if self._forget is not None:
                    self._run_beside(self._forget(signal.thread))
            elif self._draining:
                self._run_beside(self._pass_on(signal.thread))
            else:
                self._run_beside(self._take_on(signal.thread))

    async def _interrupt(self, thread: ThreadKey) -> None:
        await self._turns.interrupt(thread)

    @property
    def _holders_first(self) -> bool:
        """Whether leases may have run out because the store was away. Those who had them revive them, given time."""
        return self._out_of_touch or self._clock.now() < self._holders_until

    @property
    def _out_of_touch(self) -> bool:
        return self._unheard and 0 < self._heard_at < self._clock.now() - self._bounds.lease_s / 2

    async def _sweep(self) -> None:
        self._slots.admit()
        if self._draining or not self._room or self._holders_first:
            return
        for thread in await self._store.abandoned(self._room):
            await self._take_on(thread)
