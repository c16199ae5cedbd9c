"""Messages as Redis keeps them while they wait: JSON, in order of ts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.model import Address, Attachment, Limits, Message, ThreadKey, ts_order

VERSION = 1
"""Of everything the store keeps; see `bot.store.codec`."""
TITLE_CHARS = 80
"""How long a title made from a prompt gets: one line of a list."""


def title_of(text: str) -> str:
    """The title that a thread gets from its first prompt: the first line that says something, at most 80 characters."""
    line = next((stripped for raw in text.splitlines() if (stripped := raw.strip())), "")
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def order_of(ts: str) -> str:
    """A ts padded so that sorting as text is sorting by time, exactly."""
    seconds, micros = ts_order(ts)
    return f"{seconds:012d}.{micros:06d}"


def message_text(message: Message) -> str:
    """Half a surrogate pair is replaced: Lua's JSON can't read one."""
    limits = message.limits
    kept = compact(
        {
            "v": VERSION,
            "ts": message.ts,
            "user": message.user,
            "text": message.text,
            "address": message.address.value,
            "user_team": message.user_team,
            "is_dm": message.is_dm,
            "files": [
                {
                    "id": file.id,
                    "name": file.name,
                    "mimetype": file.mimetype,
                    "size_bytes": file.size_bytes,
                    "url": file.url,
                }
                for file in message.files
            ],
            "trace": message.trace,
            "limits": limits and _limits_kept(limits),
            **({"compact": True} if message.compact else {}),
        }
    )
    return kept.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _limits_kept(limits: Limits) -> Mapping[str, object]:
    kept: dict[str, object] = {"max_turns": limits.max_turns, "max_budget_usd": limits.max_budget_usd}
    return kept if limits.max_turn_s is None else {**kept, "max_turn_s": limits.max_turn_s}


def message_from(thread: ThreadKey, text: str) -> Message:
    return message_of(thread, json.loads(text))


def message_of(thread: ThreadKey, kept: Mapping[str, Any]) -> Message:
    limits = kept.get("limits")
    return Message(
        thread=thread,
        ts=kept["ts"],
        user=kept["user"],
        text=kept["text"],
        address=Address(kept["address"]),
        user_team=kept.get("user_team", ""),
        is_dm=kept.get("is_dm", False),
        files=tuple(
            Attachment(file["id"], file["name"], file["mimetype"], file["size_bytes"], file["url"])
            for file in kept.get("files", ())
        ),
        trace=kept.get("trace", ""),
        limits=Limits(limits.get("max_turns"), limits.get("max_budget_usd"), limits.get("max_turn_s"))
        if limits
        else None,
        compact=kept.get("compact", False),
    )


def compact(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
