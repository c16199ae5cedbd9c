"""Transcripts and files, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.model import Lease, ThreadKey, TranscriptEntry
from tests.memory.state import Memory, Transcript


class MemoryTranscripts:
    """Transcripts of one worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def append(self, lease: Lease, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        state = self._memory.fenced(lease)
        if not entries:
            return
        transcript = state.transcripts.setdefault((session_id, subpath), Transcript())
        for entry in entries:
            if not entry.uuid or entry.uuid not in transcript.uuids:
                transcript.uuids.add(entry.uuid)
                transcript.entries.append(entry)

    async def load(self, thread: ThreadKey, session_id: str, subpath: str) -> Sequence[str] | None:
        transcript = self._memory.state(thread).transcripts.get((session_id, subpath))
        return None if transcript is None else [entry.body for entry in transcript.entries]

    async def subpaths(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        known = self._memory.state(thread).transcripts
        return sorted(subpath for session, subpath in known if session == session_id and subpath)

    async def rewrite(self, lease: Lease, session_id: str, subpath: str, bodies: Mapping[int, str]) -> None:
        entries = self._memory.fenced(lease).transcripts[session_id, subpath].entries
        for index, body in bodies.items():
            entries[index] = replace(entries[index], body=body)

    async def delete(self, lease: Lease, session_id: str) -> None:
        state = self._memory.fenced(lease)
        for place in [place for place in state.transcripts if place[0] == session_id]:
            del state.transcripts[place]


class MemoryFiles:
    """FileStore of one worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def put(self, lease: Lease, session_id: str, digest: str, archive: bytes) -> None:
        self._memory.fenced(lease).files[session_id] = (digest, archive)

    async def digest(self, thread: ThreadKey, session_id: str) -> str:
        return self._memory.state(thread).files.get(session_id, ("", b""))[0]

    async def get(self, thread: ThreadKey, session_id: str) -> bytes | None:
        kept = self._memory.state(thread).files.get(session_id)
        return None if kept is None else kept[1]
