"""The compressed working directory of each session."""

from __future__ import annotations

from typing import cast

from bot.model import Lease, ThreadKey
from bot.store.database import Database
from bot.store.keys import ThreadKeys
from bot.store.leases import owner_of


class Files:
    """FileStore over Redis."""

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s

    async def put(self, lease: Lease, session_id: str, digest: str, archive: bytes) -> None:
        keys = ThreadKeys(lease.thread)
        await self._database.run(
            "put_files", (*keys.state, keys.files(session_id)), owner_of(lease), self._ttl_s, digest, archive
        )

    async def digest(self, thread: ThreadKey, session_id: str) -> str:
        return await self._database.call("HGET", ThreadKeys(thread).files(session_id), "digest") or ""

    async def get(self, thread: ThreadKey, session_id: str) -> bytes | None:
        return cast(
            "bytes | None", await self._database.call_raw("HGET", ThreadKeys(thread).files(session_id), "archive")
        )
