"""Transcripts of sessions, kept as the agent wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.model import Lease, ThreadKey, TranscriptEntry
from bot.store.database import Argument, Database, encoded
from bot.store.keys import ThreadKeys
from bot.store.leases import owner_of

CHUNK_BYTES = 8_000_000
"""How much one append writes at most, so that no script holds Redis up for long."""
CHUNK_ENTRIES = 100
"""How many entries one script rewrites at most."""
PAGE_ENTRIES = 200
"""How many entries are read at once."""


class TranscriptStore:
    """Transcripts over Redis."""

    def __init__(self, database: Database, ttl_s: int) -> None:
        self._database = database
        self._ttl_s = ttl_s

    async def append(self, lease: Lease, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        """Raises LeaseLost; what was appended before it, in order, stays."""
        keys = ThreadKeys(lease.thread)
        own = (keys.transcript(session_id, subpath), keys.uuids(session_id, subpath), keys.subpaths(session_id))
        for chunk in _chunks(entries):
            args: list[Argument] = []
            for entry in chunk:
                args += (entry.uuid, int(entry.anchor), entry.body)
            await self._database.run(
                "append", (*keys.state, *own), owner_of(lease), self._ttl_s, session_id, subpath, *args
            )

    async def load(self, thread: ThreadKey, session_id: str, subpath: str) -> Sequence[str] | None:
        key = ThreadKeys(thread).transcript(session_id, subpath)
        bodies: list[str] = []
        while page := await self._database.call("LRANGE", key, len(bodies), len(bodies) + PAGE_ENTRIES - 1):
            bodies += page
            if len(page) < PAGE_ENTRIES:
                break
        return bodies or None

    async def subpaths(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        found: Sequence[str] = await self._database.call("SMEMBERS", ThreadKeys(thread).subpaths(session_id))
        return sorted(subpath for subpath in found if subpath)

    async def rewrite(self, lease: Lease, session_id: str, subpath: str, bodies: Mapping[int, str]) -> None:
        keys = ThreadKeys(lease.thread)
        own = (*keys.state, keys.transcript(session_id, subpath))
        changes = sorted(bodies.items())
        for start in range(0, len(changes), CHUNK_ENTRIES):
            args: list[Argument] = [part for change in changes[start : start + CHUNK_ENTRIES] for part in change]
            await self._database.run("rewrite", own, owner_of(lease), *args)

    async def delete(self, lease: Lease, session_id: str) -> None:
        keys = ThreadKeys(lease.thread)
        own = [keys.subpaths(session_id)]
        for subpath in await self._database.call("SMEMBERS", keys.subpaths(session_id)):
            own += (keys.transcript(session_id, subpath), keys.uuids(session_id, subpath))
        await self._database.run("delete_transcripts", (*keys.state, *own), owner_of(lease), session_id)


def _chunks(entries: Sequence[TranscriptEntry]) -> Iterator[Sequence[TranscriptEntry]]:
    """Runs of entries below CHUNK_BYTES together; a single larger one goes alone."""
    chunk: list[TranscriptEntry] = []
    size = 0
    for entry in entries:
        entry_size = len(encoded(entry.body))
        if chunk and size + entry_size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += entry_size
    if chunk:
        yield chunk
