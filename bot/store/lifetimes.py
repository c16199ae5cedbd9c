"""How long the large keys of a thread live: at least as long as the thread, counted from its last activity."""

from __future__ import annotations

from bot.model import ThreadKey
from bot.store import codec
from bot.store.database import Database
from bot.store.keys import ThreadKeys

DAY_S = 86_400


class Lifetimes:
    """Extends what the scripts can't: transcripts and files of all of a thread's sessions.

    That is done when a thread is active, but not each time: they live a little longer than the thread instead.

    Args:
        ttl_s: how long a thread lives after its last activity, in seconds; 0 for ever.
    """

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        every_s = min(DAY_S, ttl_s // 10)
        self.every_us = every_s * 1_000_000 if ttl_s else 1 << 53
        """How long ago the last extension of an active thread may lie, in microseconds."""
        self.large_s = ttl_s + every_s
        """How long the large keys live from an extension, in seconds; 0 for ever."""

    async def extend(self, thread: ThreadKey, now_us: int) -> None:
        """Let them live from now on; `now_us` is Redis's time."""
        if not self.large_s:
            return
        keys = ThreadKeys(thread)
        session_id, archived = await self._database.call("HMGET", keys.record, "session_id", "archived")
        session_ids = [session_id or "", *(session.session_id for session in codec.archived_from(archived or "[]"))]
        subpaths = await self._database.batch([("SMEMBERS", keys.subpaths(session_id)) for session_id in session_ids])
        names: list[str] = []
        for session_id, found in zip(session_ids, subpaths, strict=True):
            names += (keys.files(session_id), keys.subpaths(session_id))
            for subpath in found:
                names += (keys.transcript(session_id, subpath), keys.uuids(session_id, subpath))
        await self._database.batch([("EXPIRE", name, self.large_s) for name in names])
        await self._database.run("label", keys.state, "extended_at_us", now_us)
