"""Answers of Slack that stay true for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.ports import Clock

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Asks once and remembers the answer for a while. A question that fails is not remembered.

    Args:
        ask: gets the answer for a key.
        life_s: seconds an answer counts.
        bound: answers kept; those not asked for the longest go first.
    """

    def __init__(self, ask: Callable[[K], Awaitable[V]], clock: Clock, *, life_s: float, bound: int = 2000) -> None:
        self._ask = ask
        self._clock = clock
        self._life_s = life_s
        self._bound = bound
        self._answers: OrderedDict[K, tuple[float, V]] = OrderedDict()

    async def get(self, key: K) -> V:
        """The answer for a key; raises what asking raises."""
        known = self._answers.get(key)
        if known is not None and self._clock.now() - known[0] < self._life_s:
            self._answers.move_to_end(key)
            return known[1]
        answer = await self._ask(key)
        self._answers[key] = (self._clock.now(), answer)
        self._answers.move_to_end(key)
        if len(self._answers) > self._bound:
            self._answers.popitem(last=False)
        return answer

    def forget(self, key: K) -> None:
        """The answer for a key has changed."""
        self._answers.pop(key, None)
