"""Places for running turns. Who finds none waits in order, and is told where it stands."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice

TOLD_PLACES = 3
"""Who waits is told its place at first, and then when it comes this near to the front."""


@dataclass(eq=False, slots=True)
class _Ticket:
    tell: Callable[[int], None]
    called: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    told: int = 0

    def tell_place(self, place: int) -> None:
        self.told = place
        self.tell(place)


class TurnSlots:
    """Lets so many turns run at once, first come first served.

    Args:
        most: places there are at most.
        capacity: how many there are right now; None when `most` is the only bound.
    """

    def __init__(self, most: int, capacity: Callable[[], int | None] | None = None) -> None:
        self._most = most
        self._capacity = capacity
        self._taken = 0
        self._queue: deque[_Ticket] = deque()

    @asynccontextmanager
    async def place(self, tell: Callable[[int], None]) -> AsyncIterator[None]:
        """A place, for as long as the context lasts.

        Args:
            tell: called with the place in the queue, 1 for the next, where it has to wait.
        """
        if self._queue or self._taken >= self.bound:
            await self._wait(_Ticket(tell))
        else:
            self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            self.admit()

    def admit(self) -> None:
        """Call up who waits, as far as there are places."""
        moved = False
        while self._queue and self._taken < self.bound:
            ticket = self._queue.popleft()
            if ticket.called.cancelled():  # it gave up in this very moment, and does not know yet
                continue
            self._taken += 1
            ticket.called.set_result(None)
            moved = True
        if moved:
            self._tell()

    def tell_again(self) -> None:
        """Tell everybody who waits where it stands now."""
        for place, ticket in enumerate(self._queue, start=1):
            ticket.tell_place(place)

    async def _wait(self, ticket: _Ticket) -> None:
        self._queue.append(ticket)
        ticket.tell_place(len(self._queue))
        try:
            await ticket.called
        except asyncio.CancelledError:
            if ticket.called.done() and not ticket.called.cancelled():
                self._taken -= 1
            elif ticket in self._queue:
                self._queue.remove(ticket)
            self.admit()
            raise

    def _tell(self) -> None:
        for place, ticket in enumerate(islice(self._queue, TOLD_PLACES), start=1):
            if place != ticket.told:
                ticket.tell_place(place)

    @property
    def bound(self) -> int:
        """How many places there are now."""
        now = self._capacity() if self._capacity is not None else None
        return self._most if now is None else min(self._most, now)
