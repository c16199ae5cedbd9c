"""The other workers that live, as this one heard last."""

from __future__ import annotations

from bot.ports import Workers


class Neighbours:
    """Knows who would take a thread on. What it knows may be a second old: nothing but speed depends on it."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._rooms: dict[str, int] = {}

    @property
    def room(self) -> int:
        """How many threads more the others would take on together."""
        return sum(self._rooms.values())

    async def beat(self, room: int) -> None:
        """Tell the others of this worker's room (below 0: that it leaves), and hear of theirs.

        Raises:
            StoreAway: nothing is known of them until the next beat.
        """
        self._rooms = {}
        self._rooms = dict(await self._workers.beat(room))

    def take_room_of(self, worker: str) -> bool:
        """Count on this worker for one thread. False when it has no room, or does not live."""
        if self._rooms.get(worker, 0) < 1:
            return False
        self._rooms[worker] -= 1
        return True

    def take_room(self) -> str:
        """Count on the worker with the most room for one thread; empty when nobody has any."""
        roomiest = max(self._rooms, key=self._rooms.__getitem__, default="")
        return roomiest if self.take_room_of(roomiest) else ""

    def anyone(self) -> str:
        """A worker that lives, with room or without; empty when there is none."""
        return self.take_room() or next(iter(self._rooms), "")
