"""How long the large keys of a thread live: as long as the thread, counted from its last activity."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import ThreadKey
from bot.store.database import Database
from bot.store.keys import ThreadKeys


class Lifetimes:
    """Extends what the scripts can't: transcripts and files of all of a thread's sessions.

    Args:
        ttl_s: how long they live from now, in seconds; 0 for ever.
    """

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s

    async def extend(self, thread: ThreadKey, session_ids: Sequence[str]) -> None:
        if not self._ttl_s:
            return
        keys = ThreadKeys(thread)
        subpaths = await self._database.batch([("SMEMBERS", keys.subpaths(session_id)) for session_id in session_ids])
        names: list[str] = []
        for session_id, found in zip(session_ids, subpaths, strict=True):
            names += (keys.files(session_id), keys.subpaths(session_id))
            for subpath in found:
                names += (keys.transcript(session_id, subpath), keys.uuids(session_id, subpath))
        await self._database.batch([("EXPIRE", name, self._ttl_s) for name in names])
