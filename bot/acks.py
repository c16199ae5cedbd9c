"""In a burst of messages all are stored, and so acknowledged, before the turns that they bring begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

LONGEST_S = 0.5
"""For how long turns are put off at most: messages may never stop to come."""

Work = Coroutine[Any, Any, None]


class AcksFirst:
    """Puts off what follows a message while others are being taken.

    Args:
        start: lets work run that nobody waits for.
        longest_s: for how long it is put off at most.
    """

    def __init__(self, start: Callable[[Work], None], longest_s: float = LONGEST_S) -> None:
        self._start = start
        self._longest_s = longest_s
        self._taking = 0
        self._put_off: list[Work] = []
        self._bound: asyncio.TimerHandle | None = None

    @contextmanager
    def taking(self) -> Iterator[None]:
        """While a message is not acknowledged."""
        self._taking += 1
        try:
            yield
        finally:
            self._taking -= 1
            if not self._taking:
                self.go_on()

    def then(self, work: Work) -> None:
        """Do this soon."""
        self._put_off.append(work)
        if not self._taking:
            self.go_on()
        elif self._bound is None:
            self._bound = asyncio.get_running_loop().call_later(self._longest_s, self.go_on)

    def go_on(self) -> None:
        """Put nothing off any longer."""
        if self._bound is not None:
            self._bound.cancel()
            self._bound = None
        work, self._put_off = self._put_off, []
        for one in work:
            self._start(one)
