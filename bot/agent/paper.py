"""A transcript on paper: for the SDK's own work on one, away from the store."""

from __future__ import annotations

import json
from collections.abc import Sequence

from claude_agent_sdk import SessionKey
from claude_agent_sdk.types import SessionStoreEntry


class OnPaper:
    """A session store in memory: one transcript to read, and what is written beside it.

    The SDK's own work on a transcript takes up to a second for a long one, so it is done in a thread, away from the
    store that belongs to the event loop.
    """

    def __init__(self, bodies: Sequence[str]) -> None:
        self._bodies = bodies
        self.written: list[SessionStoreEntry] = []

    async def load(self, _key: SessionKey) -> list[SessionStoreEntry] | None:
        return [json.loads(body) for body in self._bodies]

    async def append(self, _key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        self.written.extend(entries)
