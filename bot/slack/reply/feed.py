"""What a turn has fed to its reply and its sending task has not taken in yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.model import AgentEvent, Closing, TextDelta


@dataclass(slots=True)
class Feed:
    """Events in their order, and at last the closing.

    Args:
        chars: how much text is among the events.
        news: set with what is worth a call.
        plenty: set with more text than should wait, and at the end.
        over: set at the end.
    """

    chars: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    plenty: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    closing: Closing | None = None
    _events: deque[AgentEvent] = field(default_factory=deque)

    def add(self, event: AgentEvent) -> None:
        self._events.append(event)
        if isinstance(event, TextDelta):
            self.chars += len(event.text)

    def end(self, closing: Closing) -> None:
        """Nothing more comes."""
        self.closing = closing
        for event in (self.news, self.plenty, self.over):
            event.set()

    def take(self) -> Iterator[AgentEvent]:
        """All of it, which is gone then."""
        self.chars = 0
        while self._events:
            yield self._events.popleft()

    @property
    def text(self) -> str:
        """The text among the events."""
        return "".join(event.text for event in self._events if isinstance(event, TextDelta))
