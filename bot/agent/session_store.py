"""The SDK's session store, kept in the port `Transcripts`: one thread's, written under its lease."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import cast

import structlog
from claude_agent_sdk import SessionKey, SessionStore
from claude_agent_sdk.types import SessionListSubkeysKey, SessionStoreEntry

from bot.errors import BotError, LeaseLost, StoreAway
from bot.model import Lease, ThreadKey, TranscriptEntry
from bot.ports import Transcripts

log = structlog.get_logger(__name__)

ANCHOR_TYPES = frozenset({"user", "assistant", "attachment", "system", "progress"})
"""Entry types after which a transcript can be cut: those that the SDK copies in a fork (its `_TRANSCRIPT_TYPES`)."""

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class ThreadTranscripts:
    """What the SDK reads and writes of one thread's sessions.

    The SDK scopes sessions by project, which it takes from the working directory; here a thread is the scope, so that
    a session resumes in whatever directory it lands: `project_key` is ignored.

    Args:
        source: the thread to read from.
        lease: the right to write; entries go to the lease's thread. None: nothing may be written.
        patience_s: for how many seconds a write is tried again while the store is away.
    """

    def __init__(
        self,
        transcripts: Transcripts,
        source: ThreadKey,
        lease: Lease | None = None,
        patience_s: float = 30.0,
    ) -> None:
        self._transcripts = transcripts
        self._source = source
        self._lease = lease
        self.on_failed: Callable[[BotError], None] | None = None
        """Called once, with LeaseLost or StoreAway, when entries could not be kept for good."""
        self._patience_s = patience_s
        self._failed: BotError | None = None
        self.nothing_loaded = False
        """Whether the SDK asked for a main transcript that is not there."""
        self.away: StoreAway | None = None
        """What kept a transcript from being loaded."""

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Raises LeaseLost or StoreAway, and from then on always: a transcript with a hole in it can't be resumed."""
        if not entries:
            return
        if self._failed is not None:
            raise self._failed
        try:
            await self._append(key["session_id"], key.get("subpath", ""), [kept_entry(entry) for entry in entries])
        except (LeaseLost, StoreAway) as error:
            self._failed = error
            log.warning("transcript_not_kept", session_id=key["session_id"], error=type(error).__name__)
            if self.on_failed is not None:
                self.on_failed(error)
            raise

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """Raises StoreAway."""
        subpath = key.get("subpath", "")
        try:
            bodies = await self._transcripts.load(self._source, key["session_id"], subpath)
        except StoreAway as away:
            self.away = away  # the SDK makes a RuntimeError of it
            raise
        if not bodies:
            self.nothing_loaded = self.nothing_loaded or not subpath
            return None
        return [json.loads(body) for body in bodies]

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        return list(await self._transcripts.subpaths(self._source, key["session_id"]))

    def lose_patience(self) -> None:
        """Don't wait any longer for a store that is away: the run is over."""
        self._patience_s = 0.0

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


def kept_entry(entry: SessionStoreEntry) -> TranscriptEntry:
    """One line of a transcript as the port takes it."""
    uuid = entry.get("uuid", "")
    side = bool(entry.get("isSidechain", False))
    return TranscriptEntry(
        uuid=uuid,
        anchor=bool(uuid) and not side and entry["type"] in ANCHOR_TYPES,
        body=json.dumps(entry, ensure_ascii=False, separators=(",", ":")),
    )
