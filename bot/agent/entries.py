"""The lines of a transcript, as the CLI writes them."""

from __future__ import annotations

import json

from claude_agent_sdk.types import SessionStoreEntry

from bot.model import TranscriptEntry

ANCHOR_TYPES = frozenset({"user", "assistant", "attachment", "system", "progress"})
"""Entry types after which a transcript can be cut: those that the SDK copies in a fork (its `_TRANSCRIPT_TYPES`)."""


def kept_entry(entry: SessionStoreEntry) -> TranscriptEntry:
    """One line of a transcript as the port takes it."""
    return TranscriptEntry(
        uuid=entry.get("uuid", ""),
        anchor=is_anchor(entry),
        body=json.dumps(entry, ensure_ascii=False, separators=(",", ":")),
    )


def is_anchor(entry: SessionStoreEntry) -> bool:
    """Whether the transcript can be cut after it."""
    side = bool(entry.get("isSidechain", False))
    return bool(entry.get("uuid")) and not side and entry["type"] in ANCHOR_TYPES
