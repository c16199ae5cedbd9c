"""The threads whose lease this worker holds: one task each, which renews it and runs turns until nothing waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import Protocol

import structlog

from bot.errors import LeaseLost, StoreAway
from bot.model import Counted, Lease, Message, ThreadKey
from bot.patience import Patience
from bot.ports import Clock, InboxStore, Telemetry
from bot.slots import TurnSlots
from bot.tasks import end

log = structlog.get_logger(__name__)


class TurnRunner(Protocol):
    """What runs the turns of a thread."""

    async def run_next(self, lease: Lease) -> bool:
        """Run the thread's next turn. False when there was none. Raises LeaseLost and StoreAway."""
        ...

    def never_marked(self, message: Message) -> None:
        """This message does not wait visibly."""
        ...

    async def interrupt(self, thread: ThreadKey) -> bool:
        """Stop the turn that runs here. False when none does."""
        ...


class HeldThreads:
    """Runs the turns of the threads that this worker holds.

    Args:
        slots: places for running turns; a thread that finds none waits, holding its lease.
        lease_s: seconds a lease lasts without renewal; it is renewed three times as often.
        tell_place: told where in the queue a thread stands that waits for a place.
        pass_on: finds a worker for a thread that was given back with work.
    """

    def __init__(
        self,
        store: InboxStore,
        turns: TurnRunner,
        clock: Clock,
        slots: TurnSlots,
        *,
        lease_s: float,
        tell_place: Callable[[ThreadKey, int], None],
        pass_on: Callable[[ThreadKey], Awaitable[None]],
        telemetry: Telemetry,
    ) -> None:
        self._store = store
        self._turns = turns
        self._clock = clock
        self._slots = slots
        self._lease_s = lease_s
        self._tell_place = tell_place
        self._pass_on = pass_on
        self._telemetry = telemetry
        self._patience = Patience(store, clock)
        self._tasks: dict[ThreadKey, asyncio.Task[None]] = {}
        self._queued: dict[ThreadKey, asyncio.Task[None]] = {}
        self._given_up: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def queued(self) -> int:
        """How many threads wait for a place."""
        return len(self._queued)

    def hold(self, lease: Lease) -> None:
        """Run the thread's turns from now on."""
        thread = lease.thread
        # Under an earlier lease it may still be ending here; two runs in one directory would disturb each other.
        # It outlives the event that it began with, so it takes over nothing of that one's context.
        work = self._hold(lease, self._tasks.get(thread))
        task = asyncio.create_task(work, name=f"thread {thread}", context=Context())
        self._tasks[thread] = task

        def let_go(done: asyncio.Task[None]) -> None:
            self._given_up.discard(done)
            if self._tasks.get(thread) is done:
                del self._tasks[thread]

        task.add_done_callback(let_go)

    def give_up_queued(self, count: int) -> None:
        """Hand threads over that wait for a place, those that wait longest first."""
        for task in list(self._queued.values())[:count]:
            self._give_up(task)

    async def drain(self, drain_s: float) -> None:
        """Begin no turn any more, let those that run end within `drain_s` seconds, and hand over what is left."""
        self._draining.set()
        self.give_up_queued(len(self._queued))
        if self._tasks:
            log.info("draining", threads=len(self._tasks), drain_s=drain_s)
            await asyncio.wait(self._tasks.values(), timeout=drain_s)
        tasks = list(self._tasks.values())
        self._given_up.update(tasks)
        await end(tasks)

    def _give_up(self, task: asyncio.Task[None]) -> None:
        self._given_up.add(task)
        task.cancel()

    async def _hold(self, lease: Lease, before: asyncio.Task[None] | None) -> None:
        structlog.contextvars.bind_contextvars(thread=str(lease.thread))
        bound = log.bind(thread=str(lease.thread), token=lease.token)
        work = asyncio.current_task()
        assert work is not None
        renewal = asyncio.create_task(self._keep_renewed(lease, work), name="renew lease")
        ours = True
        try:
            if before is not None:
                await end([before])
            ours = await self._work(lease, work)
        except LeaseLost:
            ours = False
            self._telemetry.count(Counted.LEASE_LOST)
            bound.warning("lease_lost")
        except StoreAway as away:
            bound.warning("store_away", error=str(away))
        except Exception:  # noqa: BLE001 - whatever a turn dies of, the worker lives on
            # The lease runs out, the sweep finds the thread, and the number of attempts at a turn is bounded.
            bound.exception("turn_failed")
        finally:
            self._queued.pop(lease.thread, None)
            await end([renewal])
            if ours and (self._draining.is_set() or work in self._given_up):
                await self._hand_over(lease)

    async def _work(self, lease: Lease, work: asyncio.Task[None]) -> bool:
        """Run turns until nothing waits, or the worker drains. Returns whether the lease is still held."""
        while not self._draining.is_set():
            self._queued[lease.thread] = work
            async with self._slots.place(partial(self._tell_place, lease.thread)):
                self._queued.pop(lease.thread, None)
                if self._draining.is_set():
                    return True
                await self._turns.run_next(lease)
            if await self._patience.read(partial(self._store.release, lease)):
                return False
        return True

    async def _hand_over(self, lease: Lease) -> None:
        """Give the lease up with its work, so that another worker goes on at once."""
        try:
            await self._store.release(lease, even_with_work=True)
            log.info("handed_over", thread=str(lease.thread))
            await self._pass_on(lease.thread)
        except (LeaseLost, StoreAway) as error:
            log.warning("hand_over_failed", thread=str(lease.thread), error=type(error).__name__)

    async def _keep_renewed(self, lease: Lease, work: asyncio.Task[None]) -> None:
        """Renew the lease for as long as it is ours; then end the work, with its processes and its reply."""
        while True:
            await self._clock.sleep(self._lease_s / 3)
            try:
                if await self._store.renew(lease):
                    continue
            except StoreAway as away:
                log.info("lease_not_renewed", thread=str(lease.thread), error=str(away))
                continue
            self._telemetry.count(Counted.LEASE_LOST)
            log.warning("lease_lost", thread=str(lease.thread), token=lease.token)
            await end([work])
