"""Takes the words out of turns of a transcript, and leaves its chain as it is.

Entries are rewritten where they stand: uuids, parents and order stay, so that points, branches and resuming still find
their places. What the model gets to see of such a turn is a placeholder for each side.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from claude_agent_sdk.types import SessionStoreEntry

from bot.model import TranscriptEntry

REMOVED = "(removed)"

_KEPT = frozenset(
    {
        "type",
        "uuid",
        "parentUuid",
        "logicalParentUuid",
        "sessionId",
        "timestamp",
        "isSidechain",
        "agentId",
        "userType",
        "cwd",
        "version",
        "gitBranch",
        "requestId",
        "isMeta",
        "entrypoint",
        "permissionMode",
    }
)
"""What says where an entry stands, and nothing of what was said."""

_KEPT_OF_MESSAGE = frozenset({"id", "type", "role", "model", "stop_reason", "stop_sequence", "usage"})


def without_words(
    bodies: Sequence[str], starts: Collection[str], cuts: Collection[str]
) -> tuple[Mapping[int, str], int]:
    """Other bodies for the entries of some turns, by index, and how many turns those are.

    Entries without a uuid are emptied wherever they stand: the CLI notes the last prompt in them, and titles.

    Args:
        starts: the entries after which the turns begin; empty for the transcript's beginning.
        cuts: entries at which a turn may end.
    """
    changed: dict[int, str] = {}
    turns, inside = 0, "" in starts
    turns += inside
    for index, body in enumerate(bodies):
        entry = json.loads(body)
        uuid = entry.get("uuid", "")
        if not uuid or inside:
            changed[index] = _compact(_emptied(entry))
        if uuid and uuid in cuts:
            inside = uuid in starts
            turns += inside
    return (changed, turns) if turns else ({}, 0)


def all_without_words(bodies: Sequence[str]) -> Mapping[int, str]:
    """The same for a whole transcript."""
    return without_words(bodies, {""}, ())[0]


def mark_of_removal(uuid: str, session_id: str, parent: str, timestamp: str) -> TranscriptEntry:
    """An entry that follows the transcript's last one, so that a process which still knows the words is behind."""
    entry = {
        "type": "system",
        "subtype": "informational",
        "content": REMOVED,
        "uuid": uuid,
        "parentUuid": parent or None,
        "sessionId": session_id,
        "timestamp": timestamp,
        "isSidechain": False,
        "isMeta": True,
    }
    return TranscriptEntry(uuid, anchor=True, body=_compact(entry))


def _emptied(entry: SessionStoreEntry) -> dict[str, Any]:
    kept = {name: value for name, value in entry.items() if name in _KEPT}
    if not entry.get("uuid"):
        kept["type"] = "queue-operation"
        return kept | {"operation": "dequeue"}
    message = entry.get("message")
    if entry["type"] not in ("user", "assistant") or not isinstance(message, dict):
        return kept | {"type": "system", "subtype": "informational", "content": REMOVED}
    emptied = {name: value for name, value in message.items() if name in _KEPT_OF_MESSAGE}
    return kept | {"message": emptied | {"content": _content(message.get("content"))}}


def _content(content: object) -> list[dict[str, Any]]:
    """The blocks that keep calls and results in pairs; in the place of all others one that says they are gone."""
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    paired = [paired for block in blocks if (paired := _paired(block)) is not None]
    return paired or [{"type": "text", "text": REMOVED}]


def _paired(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """A thought goes with its signature: a changed one would be refused."""
    match block.get("type"):
        case "tool_use":
            return {"type": "tool_use", "id": block.get("id"), "name": block.get("name"), "input": {}}
        case "tool_result":
            return {"type": "tool_result", "tool_use_id": block.get("tool_use_id"), "content": REMOVED}
        case _:
            return None


def _compact(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
