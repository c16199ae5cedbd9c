"""What the processes weigh, as measured last, against what they may weigh."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from bot.agent.memory import CLIENT_MB, MB, MemoryUse

TYPICAL_BYTES = CLIENT_MB * MB
"""What a process weighs that has not been measured yet."""


class Scales:
    """Weighs processes, which it knows by their marks.

    Args:
        measure: what the processes weigh, by mark, and what the machine has left.
        all_bytes: what all of them may weigh together, in PSS.
        one_bytes: what one of them may weigh, with all it started.
    """

    def __init__(self, measure: Callable[[], Awaitable[MemoryUse]], *, all_bytes: int, one_bytes: int) -> None:
        self._measure = measure
        self._all_bytes = all_bytes
        self._one_bytes = one_bytes
        self._weights: dict[str, int] = {}
        self._shortage_bytes = MemoryUse({}).shortage_bytes

    @property
    def total_bytes(self) -> int:
        """What was measured last, together."""
        return sum(self._weights.values())

    async def weigh(self) -> None:
        """Measure anew."""
        use = await self._measure()
        self._weights = dict(use.by_mark)
        self._shortage_bytes = use.shortage_bytes

    def over_bytes(self, marks: Iterable[str]) -> int:
        """By how much these processes exceed their bound, or what the machine has; below zero, what is left."""
        together = sum(self._weight_of(mark) for mark in marks)
        return max(together - self._all_bytes, self._shortage_bytes)

    def too_heavy(self, mark: str) -> bool:
        return self._weights.get(mark, 0) > self._one_bytes

    def take_off(self, mark: str) -> None:
        """This one is being closed for room: the machine will have so much more."""
        self._shortage_bytes -= self._weight_of(mark)

    def _weight_of(self, mark: str) -> int:
        return self._weights.get(mark, TYPICAL_BYTES)
