"""Telling that a thread has changed, to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Listener = Callable[[str, Iterable[str]], None]
"""Called with the workspace and the people whom the thread concerns. Returns at once."""


class Changes:
    """What changes threads tells it here; who shows them listens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def tell(self, team: str, people: Iterable[str]) -> None:
        concerned = frozenset(people)
        for listener in self._listeners:
            listener(team, concerned)
