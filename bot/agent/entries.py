"""The lines of a transcript, as the CLI writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence

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


def current(entries: Sequence[SessionStoreEntry]) -> list[SessionStoreEntry]:
    """A transcript without the CLI's own notes of where it was.

    It would go on from the last of them, even where that is a turn that was given up and asked again since. Without
    them it goes on from the last entry, or from where it is told.
    """
    return [entry for entry in entries if entry.get("type") != "last-prompt"]


def is_anchor(entry: SessionStoreEntry) -> bool:
    """Whether the transcript can be cut after it."""
    side = bool(entry.get("isSidechain", False))
    return bool(entry.get("uuid")) and not side and entry["type"] in ANCHOR_TYPES
