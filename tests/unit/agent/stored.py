"""A store of transcripts that a test can take the lease of, or send away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import LeaseLost, StoreAway
from bot.model import Lease, ThreadKey, TranscriptEntry


@dataclass
class StoredTranscripts:
    """`bot.ports.Transcripts` in memory; can be told to lose the lease, or to be away."""

    entries: dict[tuple[ThreadKey, str, str], list[TranscriptEntry]] = field(default_factory=dict)
    lost: bool = False
    away: bool = False
    leases: list[Lease] = field(default_factory=list)
    """Under which each write was made."""
    when_away: Callable[[], None] = lambda: None

    async def append(self, lease: Lease, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        if self.away:
            self.when_away()
            raise StoreAway
        if self.lost:
            raise LeaseLost
        self.leases.append(lease)
        kept = self.entries.setdefault((lease.thread, session_id, subpath), [])
        there = {entry.uuid for entry in kept if entry.uuid}
        kept.extend(entry for entry in entries if entry.uuid not in there)

    async def load(self, thread: ThreadKey, session_id: str, subpath: str) -> Sequence[str] | None:
        if self.away:
            raise StoreAway
        kept = self.entries.get((thread, session_id, subpath))
        return [entry.body for entry in kept] if kept else None

    async def subpaths(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        return [path for key, session, path in self.entries if (key, session) == (thread, session_id) and path]

    async def rewrite(self, lease: Lease, session_id: str, subpath: str, bodies: Mapping[int, str]) -> None:
        kept = self.entries[lease.thread, session_id, subpath]
        for index, body in bodies.items():
            kept[index] = replace(kept[index], body=body)

    async def delete(self, lease: Lease, session_id: str) -> None:
        for key in [key for key in self.entries if key[:2] == (lease.thread, session_id)]:
            del self.entries[key]

    def tail(self, thread: ThreadKey, session_id: str) -> str:
        """The last entry that the transcript can be cut after; empty when there is none."""
        return next((e.uuid for e in reversed(self.entries.get((thread, session_id, ""), ())) if e.anchor), "")
