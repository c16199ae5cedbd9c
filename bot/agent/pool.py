"""Which processes stay alive between turns: warm ones of active threads, and spares for new ones.

Policy only: what a member is, and how it is started, is the caller's. Whatever is closed is closed in the background,
so that nobody who wants a process waits for another's end.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import structlog

from bot.agent.memory import MemoryUse
from bot.agent.scales import TYPICAL_BYTES, Scales
from bot.agent.settings import PoolBounds
from bot.ports import Clock
from bot.tasks import end

log = structlog.get_logger(__name__)

TICK_S = 1.0
"""Seconds between two looks at who is idle, dead or missing. A spare is replaced at the next one: its start, which
costs a third of a second of a core, then is not in the way of the turn that took it."""
MEASURE_S = 10.0
"""Seconds between two measurements of memory; one costs about a millisecond of a core for each process."""
PULSE_S = 60.0
"""Seconds between two pings of the processes that wait."""


class Member(Protocol):
    """A session's process."""

    @property
    def session_id(self) -> str: ...

    @property
    def mark(self) -> str: ...

    @property
    def turns(self) -> int:
        """How many turns it has begun."""
        ...

    @property
    def sound(self) -> bool:
        """Whether it can answer another prompt."""
        ...

    async def answers(self) -> bool:
        """Whether it answers a ping."""
        ...

    async def close(self, *, at_once: bool) -> None: ...


M = TypeVar("M", bound=Member)


@dataclass(frozen=True, slots=True)
class Census:
    """How many processes there are, by what they do."""

    running: int
    idle: int
    spares: int


class Pool(Generic[M]):
    """The processes of a worker. Use as an async context: leaving it closes them all.

    Args:
        make_spare: starts a process whose session has no thread yet.
        measure: what the processes weigh, by mark, and what the machine has left.
    """

    def __init__(
        self,
        bounds: PoolBounds,
        clock: Clock,
        make_spare: Callable[[], M],
        measure: Callable[[], Awaitable[MemoryUse]],
    ) -> None:
        self._bounds = bounds
        self._clock = clock
        self._make_spare = make_spare
        self._scales = Scales(measure, all_bytes=bounds.memory_bytes, one_bytes=bounds.client_bytes)
        self._running: set[M] = set()
        self._idle: OrderedDict[str, tuple[M, float]] = OrderedDict()
        self._spares: OrderedDict[str, M] = OrderedDict()
        self._closing: dict[asyncio.Task[None], str] = {}
        self._measured_at = self._pulse_at = float("-inf")
        self._pulse: asyncio.Task[None] | None = None
        self._expected_until = float("-inf")
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._bounds.clients:
            self._keeper = asyncio.create_task(self._keep(), name="warm pool")
        return self

    async def __aexit__(self, *exc: object) -> None:
        await end(task for task in (self._keeper, self._pulse) if task is not None)
        for member in self._members():
            self._forget(member)
            self._close(member, "stopping")
        while self._closing:
            await asyncio.wait(self._closing)

    @property
    def census(self) -> Census:
        return Census(len(self._running), len(self._idle), len(self._spares))

    @property
    def memory_bytes(self) -> int:
        """What the processes weighed together when they were measured last."""
        return self._scales.total_bytes

    @property
    def capacity(self) -> int | None:
        """How many turns may run at once; None for no bound."""
        if not self._bounds.clients:
            return None
        return max(1, len(self._running)) if self._crowded() else self._bounds.clients

    @property
    def has_room(self) -> bool:
        """Whether a process more can run; what is idle makes room."""
        return self.capacity is None or len(self._running) < self.capacity

    # --- turns -----------------------------------------------------------------------------------------------------

    def lend(self, session_id: str) -> M | None:
        """The session's process, if one waits: it is the caller's until `give_back` or `retire`."""
        entry = self._idle.pop(session_id, None)
        member = entry[0] if entry is not None else self._spares.pop(session_id, None)
        if member is not None:
            self._running.add(member)
        return member

    def admit(self, member: M) -> None:
        """A process that was started for a turn. Others are closed where it takes their place."""
        self._running.add(member)
        self._make_room()

    async def give_back(self, member: M, *, worn: bool = False) -> bool:
        """A turn is over. Its process is kept when it is worth it; one that can't answer again has ended on return.

        Args:
            worn: it can answer, but not the way that its session's next turn will be asked.

        Returns whether it was closed for that, its age or its weight: then its session may want another.
        """
        if not self._bounds.clients or not member.sound:
            await self.retire(member)
            return False
        self._running.discard(member)
        if worn:
            self._close(member, "worn")
        elif member.turns >= self._bounds.client_turns:
            self._close(member, "turns")
        elif self._scales.too_heavy(member.mark):
            self._close(member, "memory")
        else:
            self.keep(member)
            return False
        return True

    def keep(self, member: M) -> None:
        """Let a process wait for its session's next turn."""
        self._running.discard(member)
        before = self._idle.get(member.session_id)
        if before is not None and before[0] is not member:
            self._drop(before[0], "replaced")
        self._idle[member.session_id] = (member, self._clock.now())
        self._make_room()

    async def retire(self, member: M) -> None:
        """End a process, and wait until it is gone."""
        self._forget(member)
        await asyncio.shield(self._close(member, "retired"))

    async def gone(self, session_id: str) -> None:
        """Wait until no process of this session is being closed: it would take the files of the next one away."""
        while closing := [task for task, session in self._closing.items() if session == session_id]:
            await asyncio.wait(closing)

    async def let_go(self, belongs: Callable[[M], bool]) -> None:
        """End the processes that wait and belong, and return when they are gone. What runs is left alone."""
        members = [member for member, _ in self._idle.values() if belongs(member)]
        await asyncio.gather(*(self.retire(member) for member in members))

    # --- spares ----------------------------------------------------------------------------------------------------

    def offer(self) -> str:
        """The session of a spare, for a thread that may be new; empty when there is none."""
        while self._spares:
            session_id, member = self._spares.popitem(last=False)
            if member.sound:
                self._idle[session_id] = (member, self._clock.now())
                return session_id
            self._close(member, "ended")
        return ""

    def decline(self, session_id: str) -> None:
        """What was offered was not taken."""
        entry = self._idle.get(session_id)
        if entry is not None and entry[0].turns == 0 and len(self._spares) < self._wanted():
            del self._idle[session_id]
            self._spares[session_id] = entry[0]
            self._spares.move_to_end(session_id, last=False)

    def expect(self, for_s: float = 120.0) -> None:
        """Somebody is about to begin something: have a spare, even where none are kept."""
        self._expected_until = self._clock.now() + for_s

    # --- keeping house -----------------------------------------------------------------------------------------------

    async def tidy(self) -> None:
        """Close what need not or must not wait any longer, and start what is missing."""
        now = self._clock.now()
        for member, since in list(self._idle.values()):
            if not member.sound:
                self._drop(member, "ended")
            elif now - since >= self._bounds.idle_s:
                self._drop(member, "idle")
        for number, member in enumerate(list(self._spares.values())):
            if not member.sound:
                self._drop(member, "ended")
            elif number >= self._wanted():
                self._drop(member, "surplus")
        if now - self._measured_at >= MEASURE_S:
            self._measured_at = now
            await self._weigh()
        self._make_room()
        self._refill()
        if now - self._pulse_at >= PULSE_S and (self._pulse is None or self._pulse.done()):
            self._pulse_at = now
            self._pulse = asyncio.create_task(self._feel_pulses(), name="warm pulses")

    async def _keep(self) -> None:
        while True:
            try:
                await self.tidy()
            except Exception:
                log.exception("pool_not_tidied")
            await self._clock.sleep(TICK_S)

    async def _weigh(self) -> None:
        await self._scales.weigh()
        for member, _ in list(self._idle.values()):
            if self._scales.too_heavy(member.mark):
                self._drop(member, "memory")

    async def _feel_pulses(self) -> None:
        members = [*(member for member, _ in self._idle.values()), *self._spares.values()]
        for member in members:
            if not await member.answers() and self._waits(member):
                self._drop(member, "hung")

    def _refill(self) -> None:
        """Start one spare, if one is missing and there is room."""
        wanted, census = self._wanted(), self.census
        full = census.running + census.idle + census.spares >= self._bounds.clients and not census.idle
        if census.spares >= wanted or full or self._over_bytes() > -TYPICAL_BYTES:
            return
        spare = self._make_spare()
        self._spares[spare.session_id] = spare
        self._make_room()

    def _wanted(self) -> int:
        """How many spares there should be."""
        wanted = min(self._bounds.spares, self._bounds.clients // 2)
        expected = self._clock.now() < self._expected_until
        return max(wanted, 1) if expected else wanted

    def _make_room(self) -> None:
        """Close who was used longest ago until the bounds hold. What runs is never closed for it."""
        while self._over_clients() > 0 or self._over_bytes() > 0:
            if self._idle:
                self._drop(next(iter(self._idle.values()))[0], "room")
            elif self._spares:
                self._drop(next(iter(self._spares.values())), "room")
            else:
                return

    def _over_clients(self) -> int:
        census = self.census
        return census.running + census.idle + census.spares - self._bounds.clients

    def _over_bytes(self) -> int:
        return self._scales.over_bytes(member.mark for member in self._members())

    def _members(self) -> list[M]:
        return [*self._running, *(member for member, _ in self._idle.values()), *self._spares.values()]

    def _crowded(self) -> bool:
        """Whether there is no memory for one more turn, and nothing that could be closed for it."""
        waiting = self._idle or self._spares
        return bool(self._running) and not waiting and self._over_bytes() > -TYPICAL_BYTES

    def _waits(self, member: M) -> bool:
        """Whether it is still here, and runs no turn."""
        entry = self._idle.get(member.session_id)
        return (entry is not None and entry[0] is member) or self._spares.get(member.session_id) is member

    def _drop(self, member: M, why: str) -> None:
        self._forget(member)
        self._scales.take_off(member.mark)
        self._close(member, why)

    def _forget(self, member: M) -> None:
        self._running.discard(member)
        entry = self._idle.get(member.session_id)
        if entry is not None and entry[0] is member:
            del self._idle[member.session_id]
        if self._spares.get(member.session_id) is member:
            del self._spares[member.session_id]

    def _close(self, member: M, why: str) -> asyncio.Task[None]:
        log.info("process_closed", why=why, session_id=member.session_id, turns=member.turns)
        task = asyncio.create_task(member.close(at_once=not member.sound), name=f"close {member.mark}")
        self._closing[task] = member.session_id
        task.add_done_callback(self._closed)
        return task

    def _closed(self, task: asyncio.Task[None]) -> None:
        del self._closing[task]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("process_not_closed", error=type(error).__name__, exc_info=error)
