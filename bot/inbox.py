"""A message arrives: it is kept, ordered, and handed to the worker that holds the thread's lease.

The listener waits only for `Inbox.take` to store the message; everything after that runs in tasks which the inbox owns.
One task a thread holds the lease, renews it and runs turns until nothing waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self

import structlog

from bot.errors import BotError, LeaseLost, Reason, Refusal, StoreAway
from bot.model import (
    Address,
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
)
from bot.ports import Chat, Clock, InboxStore, Readiness, Signals
from bot.slots import TurnSlots
from bot.tasks import end

log = structlog.get_logger(__name__)

BRANCH_WAIT_S = 1.5
"""How long a message below a root of the bot's waits for that thread to become known; its ack is due within 3 s."""

EXCLUSIVE_POLL_S = 0.1
"""How often a lease that is held elsewhere is asked for again."""


class TurnRunner(Protocol):
    """What runs the turns of a thread."""

    async def run_next(self, lease: Lease) -> bool:
        """Run the thread's next turn. False when there was none. Raises LeaseLost and StoreAway."""
        ...

    async def interrupt(self, thread: ThreadKey) -> bool:
        """Stop the turn that runs here. False when none does."""
        ...


@dataclass(frozen=True, slots=True)
class InboxBounds:
    """How much a worker takes on, and how fast it notices.

    Args:
        lease_s: seconds a lease lasts without renewal; it is renewed three times as often.
        sweep_s: seconds between two looks for abandoned threads.
        turns_running: turns that run at once in this worker.
    """

    lease_s: float = 10.0
    sweep_s: float = 2.0
    turns_running: int = 8


class Inbox:
    """The worker's desk: takes messages in and sees to it that each thread's turns run, one at a time.

    Use as an async context manager: entering starts listening and sweeping, leaving drains for `drain_s` seconds and
    then hands unfinished threads over.
    """

    def __init__(
        self,
        store: InboxStore,
        signals: Signals,
        turns: TurnRunner,
        chat: Chat,
        clock: Clock,
        *,
        new_id: Callable[[], str],
        limits: Limits,
        bounds: InboxBounds,
        drain_s: float,
        readiness: Readiness | None = None,
    ) -> None:
        self._store = store
        self._signals = signals
        self._turns = turns
        self._chat = chat
        self._clock = clock
        self._new_id = new_id
        self._limits = limits
        self._bounds = bounds
        self._drain_s = drain_s
        self._readiness = readiness
        self._slots = TurnSlots(bounds.turns_running, readiness.capacity if readiness is not None else None)
        self._held: dict[ThreadKey, asyncio.Task[None]] = {}
        self._beside: set[asyncio.Task[None]] = set()
        self._watches: tuple[asyncio.Task[None], ...] = ()
        self._draining = False

    async def __aenter__(self) -> Self:
        self._watches = (
            asyncio.create_task(self._listen(), name="inbox listen"),
            asyncio.create_task(self._sweep(), name="inbox sweep"),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._draining = True
        await end(self._watches)
        if self._held:
            log.info("draining", threads=len(self._held), drain_s=self._drain_s)
            await asyncio.wait(self._held.values(), timeout=self._drain_s)
        await end((*self._held.values(), *self._beside))

    # --- what people do ------------------------------------------------------------------------------------------

    async def take(self, message: Message) -> Receipt:
        """Keep a message and see to it that it is answered.

        Returns as soon as the message is stored, so that Slack can have its ack.

        Raises:
            StoreAway: it could not be kept; Slack must not get its ack.
        """
        if message.under_bot:
            await self._await_branch(message.thread)
        receipt = await self._accept(message)
        log.info("message_taken", thread=str(message.thread), ts=message.ts, taken=receipt.taken.value)
        if receipt.taken is Taken.PROMPT:
            self._run_beside(self._see_to(message.thread, receipt.holder))
        if receipt.taken is Taken.PROMPT and receipt.behind_turn:
            self._run_beside(self._chat.mark_waiting(message))
        return receipt

    async def _await_branch(self, thread: ThreadKey) -> None:
        """Give a branch whose root was posted just now the moment it takes until it has its session."""
        deadline = self._clock.now() + BRANCH_WAIT_S
        while not await self._store.knows(thread) and self._clock.now() < deadline:
            await self._clock.sleep(EXCLUSIVE_POLL_S)

    async def _accept(self, message: Message) -> Receipt:
        if self._readiness is None:
            return await self._store.accept(message, self._new_id())
        session_id = self._readiness.offer_session_id()
        receipt = await self._store.accept(message, session_id)
        if not receipt.new_thread:  # a store that fails leaves open which it is: then nobody else gets the id
            self._readiness.decline_session_id(session_id)
        return receipt

    def expect(self) -> None:
        """Somebody seems about to begin a session: have the agent ready."""
        if self._readiness is not None:
            self._readiness.expect_session()

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for. What is left of it ends with the inbox."""
        self._run_beside(work)

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        """Take back a message that was deleted in Slack. False when it no longer waits."""
        return await self._store.withdraw(thread, ts)

    async def amend(self, thread: ThreadKey, ts: str, text: str) -> bool:
        """Change a message that was edited in Slack. False when it no longer waits."""
        return await self._store.amend(thread, ts, text)

    async def stop(self, thread: ThreadKey) -> bool:
        """Stop the thread's running turn, whichever worker runs it. False when none runs."""
        holder = await self._store.holder(thread)
        if holder == self._signals.worker:
            return await self._turns.interrupt(thread)
        if holder:
            await self._signals.send(holder, Signal(SignalKind.STOP, thread))
        return bool(holder)

    async def continue_turn(self, person: Person, thread: ThreadKey, reply_ts: str, ending: Ending) -> Receipt:
        """Go on where a limit stopped a turn, with twice that limit.

        Args:
            reply_ts: the message whose button was pressed; pressing it again changes nothing.
            ending: the limit that was hit, MAX_TURNS or MAX_BUDGET.
        """
        turns, budget = self._limits.max_turns, self._limits.max_budget_usd
        raised = Limits(
            max_turns=turns * 2 if turns and ending is Ending.MAX_TURNS else turns,
            max_budget_usd=budget * 2 if budget and ending is Ending.MAX_BUDGET else budget,
        )
        text = "Please continue where you stopped."
        return await self.take(
            Message(thread, reply_ts, person.user, text, Address.BOT, user_team=person.team, limits=raised)
        )

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
            if not await self._store.release(lease, even_with_work=self._draining):
                self._hold(lease)

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

    async def _see_to(self, thread: ThreadKey, holder: str) -> None:
        """Have a thread's work done: here if nobody holds it, else by the holder, who is told.

        Args:
            holder: who held the lease when the work was stored. If that was this worker, its task finds the work:
                a lease is not released while there is some.
        """
        if self._draining or holder == self._signals.worker:
            return
        if holder:
            await self._signals.send(holder, Signal(SignalKind.WORK, thread))
            return
        lease = await self._store.acquire(thread)
        if lease is not None:
            self._hold(lease)

    def _hold(self, lease: Lease) -> None:
        task = asyncio.create_task(self._work(lease), name=f"thread {lease.thread}")
        self._held[lease.thread] = task

        def let_go(done: asyncio.Task[None]) -> None:
            if self._held.get(lease.thread) is done:
                del self._held[lease.thread]

        task.add_done_callback(let_go)

    async def _work(self, lease: Lease) -> None:
        """Run the thread's turns until nothing waits, renewing the lease all the while."""
        bound = log.bind(thread=str(lease.thread), token=lease.token)
        renewal = asyncio.create_task(self._keep_renewed(lease, asyncio.current_task()), name="renew lease")
        ours = True
        try:
            while ours and not self._draining:
                async with self._slots.place(partial(self._tell_place, lease.thread)):
                    await self._turns.run_next(lease)
                ours = not await self._store.release(lease)
        except LeaseLost:
            ours = False
            bound.warning("lease_lost")
        except StoreAway as away:
            bound.warning("store_away", error=str(away))
        except Exception:  # noqa: BLE001 - whatever a turn dies of, the worker lives on
            # The lease runs out, the sweep finds the thread, and the number of attempts at a turn is bounded.
            bound.exception("turn_failed")
        finally:
            await end([renewal])
            if ours and self._draining:
                await self._hand_over(lease)

    def _tell_place(self, thread: ThreadKey, place: int) -> None:
        log.info("turn_waits", thread=str(thread), place=place)
        self._run_beside(self._chat.show_place(thread, place))

    async def _hand_over(self, lease: Lease) -> None:
        """Give the lease up with its work, so that another worker goes on at once."""
        try:
            await self._store.release(lease, even_with_work=True)
        except (LeaseLost, StoreAway) as error:
            log.warning("hand_over_failed", thread=str(lease.thread), error=type(error).__name__)

    async def _keep_renewed(self, lease: Lease, work: asyncio.Task[Any] | None) -> None:
        while True:
            await self._clock.sleep(self._bounds.lease_s / 3)
            with suppress(StoreAway):
                if not await self._store.renew(lease):
                    log.warning("lease_lost", thread=str(lease.thread), token=lease.token)
                    if work is not None:
                        work.cancel()
                    return

    # --- what other workers say, and leave behind ------------------------------------------------------------------

    async def _listen(self) -> None:
        async for signal in self._signals.receive():
            if signal.kind is SignalKind.STOP:
                self._run_beside(self._interrupt(signal.thread))
            else:
                self._run_beside(self._see_to(signal.thread, ""))

    async def _interrupt(self, thread: ThreadKey) -> None:
        await self._turns.interrupt(thread)

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep(self._bounds.sweep_s)
            self._slots.admit()
            room = self._bounds.turns_running - len(self._held)
            if room <= 0:
                continue
            try:
                for thread in await self._store.abandoned(room):
                    await self._see_to(thread, "")
            except StoreAway as away:
                log.warning("sweep_failed", error=str(away))

    def _run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._logged(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except BotError as error:
            # Nothing is lost: the message is stored, and the sweep finds threads with work.
            log.warning("beside_failed", error=type(error).__name__, detail=str(error))
