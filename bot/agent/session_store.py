"""The SDK's session store, kept in the port `Transcripts`: one thread's, written under its lease."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import structlog
from claude_agent_sdk import SessionKey, SessionStore
from claude_agent_sdk.types import SessionListSubkeysKey, SessionStoreEntry

from bot.agent.entries import current, is_anchor, kept_entry
from bot.agent.waiting import moved_to, put_last, turned_down, waiting_call
from bot.errors import BotError, LeaseLost, StoreAway
from bot.model import Lease, ThreadKey, TranscriptEntry
from bot.ports import Transcripts

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_MAX_HELD = 1000
"""Entries that may wait for a lease. A process that writes more between two turns is not worth keeping."""


class ThreadTranscripts:
    """What the SDK reads and writes of one thread's sessions.

    The SDK scopes sessions by project, which it takes from the working directory; here a thread is the scope, so that
    a session resumes in whatever directory it lands: `project_key` is ignored.

    A process outlives the lease of a turn. Between two turns, and in one that was started before it had a thread,
    entries are held back: they are written first of all under the next lease, or never, when the process ends before.
    Either way what is in the store is the beginning of what the process knows, without a hole.

    Args:
        source: the thread to read from; None when that comes with the lease.
        lease: the right to write; entries go to the lease's thread. None: they are held back until `bind`.
        patience_s: for how many seconds a write is tried again while the store is away.
    """

    def __init__(
        self,
        transcripts: Transcripts,
        source: ThreadKey | None,
        lease: Lease | None = None,
        patience_s: float = 30.0,
    ) -> None:
        self._transcripts = transcripts
        self._source = source
        self._lease = lease
        self._patience_s = patience_s
        self._patient_s = patience_s
        self._failed: BotError | None = None
        self._held: list[tuple[str, str, list[TranscriptEntry]]] = []
        self._writing = asyncio.Lock()
        self.on_failed: Callable[[BotError], None] | None = None
        """Called once, with LeaseLost or StoreAway, when entries could not be kept for good."""
        self.tail = ""
        """Uuid of the last entry of a main transcript, read or written, that it can be cut after."""
        self.nothing_loaded = False
        """Whether the SDK asked for a main transcript that is not there."""
        self.away: StoreAway | None = None
        """What kept a transcript from being loaded."""
        self.goes_on_in: Path | None = None
        """The directory in which the run goes on with the call that the session may wait with. Without one that is
        turned down."""
        self.waits_with = ""
        """The call that the session waits with, as it was loaded; empty when it waits with none."""

    @property
    def thread(self) -> ThreadKey | None:
        """Whose sessions these are; None for a spare's, before it has a thread."""
        return self._source

    @property
    def sound(self) -> bool:
        """Whether everything that was written is kept, or held back."""
        return self._failed is None and self.away is None

    async def bind(self, lease: Lease) -> None:
        """Write under this lease from now on, first what was held back.

        Raises:
            LeaseLost, StoreAway: that could not be kept.
        """
        async with self._writing:
            self._lease, self._source, self._patience_s = lease, lease.thread, self._patient_s
            held, self._held = self._held, []
            for session_id, subpath, entries in held:
                await self._keep(session_id, subpath, entries)

    async def rest(self) -> None:
        """The turn is over: let what is being written be written, and hold back whatever comes from now on."""
        async with self._writing:
            self._lease = None

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Raises LeaseLost or StoreAway, and from then on always: a transcript with a hole in it can't be resumed."""
        if not entries:
            return
        kept = [kept_entry(entry) for entry in entries]
        async with self._writing:
            if self._failed is not None:
                raise self._failed
            if self._lease is None:
                self._hold(key["session_id"], key.get("subpath", ""), kept)
            else:
                await self._keep(key["session_id"], key.get("subpath", ""), kept)

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """Raises StoreAway."""
        if self._source is None:
            return None
        subpath = key.get("subpath", "")
        try:
            bodies = await self._transcripts.load(self._source, key["session_id"], subpath)
        except StoreAway as away:
            self.away = away  # the SDK makes a RuntimeError of it
            raise
        if not bodies:
            self.nothing_loaded = self.nothing_loaded or not subpath
            return None
        entries = current([json.loads(body) for body in bodies])
        if not subpath:
            entries = await self._with_waiting_call(key, entries)
            self.tail = next((entry["uuid"] for entry in reversed(entries) if is_anchor(entry)), "")
        return entries

    async def _with_waiting_call(self, key: SessionKey, entries: list[SessionStoreEntry]) -> list[SessionStoreEntry]:
        """The main transcript as the run is to find it, with regard to the call that the session may wait with."""
        where = self.goes_on_in
        self.waits_with = waiting_call(entries) if where is not None else ""
        # A call that nobody goes on with was asked of nobody: its worker died first.
        more = put_last(entries) if where is not None else turned_down(entries)
        if more is not None:
            await self.append(key, [more])
            entries.append(more)
        return moved_to(where, entries) if where is not None else entries

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        if self._source is None:
            return []
        return list(await self._transcripts.subpaths(self._source, key["session_id"]))

    def lose_patience(self) -> None:
        """Don't wait any longer for a store that is away: the run is over."""
        self._patience_s = 0.0

    def _hold(self, session_id: str, subpath: str, entries: list[TranscriptEntry]) -> None:
        self._held.append((session_id, subpath, entries))
        if sum(len(held) for _, _, held in self._held) > _MAX_HELD:
            self._failed = LeaseLost()
            self._held = []
            log.warning("too_many_entries_held", session_id=session_id)
            raise self._failed

    async def _keep(self, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        try:
            await self._append(session_id, subpath, entries)
        except (LeaseLost, StoreAway) as error:
            self._failed = error
            log.warning("transcript_not_kept", session_id=session_id, error=type(error).__name__)
            if self.on_failed is not None:
                self.on_failed(error)
            raise
        if not subpath:
            self.tail = next((entry.uuid for entry in reversed(entries) if entry.anchor), self.tail)

    async def _append(self, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        """Write, and try again while the store is away: appending is idempotent."""
        if self._lease is None:
            raise LeaseLost
        began = time.monotonic()
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self._transcripts.append(self._lease, session_id, subpath, entries)
            except StoreAway:
                if time.monotonic() + pause_s > began + self._patience_s:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def as_session_store(store: object) -> SessionStore:
    """The store as the SDK's type, which declares its optional methods too: it looks at run time for what is there."""
    return cast("SessionStore", store)
