"""A transcript's entries as passages that people read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from claude_agent_sdk import SessionMessage, get_session_messages_from_store

from bot.agent.paper import OnPaper
from bot.agent.session_store import as_session_store
from bot.agent.tools import tool_title
from bot.model import Passage, PassageKind, ToolUse

BY_THE_CLI = ("<command-name>", "<local-command-", "Caveat: The messages below", "This session is being continued")
"""How entries begin that nobody said: the CLI writes them when it is told to change the model."""

_ROLES = {"user": PassageKind.PROMPT, "assistant": PassageKind.ANSWER}


def messages_of(bodies: Sequence[str], session_id: str) -> list[SessionMessage]:
    """A session's messages in the order in which they follow from one another. Takes a while for a long one."""
    return asyncio.run(get_session_messages_from_store(as_session_store(OnPaper(bodies)), session_id))


def passages(bodies: Sequence[str], session_id: str) -> list[Passage]:
    """What was said, thought and done in a session, in order, each call of a tool with what it gave."""
    written = {entry.get("uuid", ""): entry for entry in map(json.loads, bodies)}
    found: list[Passage] = []
    calls: dict[str, int] = {}
    for message in messages_of(bodies, session_id):
        entry = written.get(message.uuid, {})
        workdir = Path(str(entry.get("cwd") or "/"))
        for block in _blocks(message):
            if block.get("type") == "tool_result":
                _settle(found, calls, block)
                continue
            passage = _passage(message, block, workdir)
            if passage is None:
                continue
            if block.get("type") == "tool_use":
                calls[str(block.get("id"))] = len(found)
            found.append(replace(passage, at=str(entry.get("timestamp") or "")))
    return found


def _blocks(message: SessionMessage) -> Iterator[Mapping[str, Any]]:
    content: Any = message.message.get("content") if isinstance(message.message, dict) else None
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield block


def _passage(message: SessionMessage, block: Mapping[str, Any], workdir: Path) -> Passage | None:
    match block:
        case {"type": "text", "text": str(text)} if text.strip() and not text.startswith(BY_THE_CLI):
            return Passage(_ROLES[message.type], text)
        case {"type": "thinking", "thinking": str(text)} if text.strip():
            return Passage(PassageKind.THOUGHT, text)
        case {"type": "tool_use", "name": str(name), "input": dict(given)}:
            shown = json.dumps(given, ensure_ascii=False, indent=2)
            return Passage(PassageKind.TOOL, tool=ToolUse(name, tool_title(name, given, workdir), shown))
        case {"type": "image" | "document" as kind}:
            return Passage(_ROLES[message.type], f"*({'a picture' if kind == 'image' else 'a document'})*")
        case _:
            return None


def _settle(found: list[Passage], calls: Mapping[str, int], result: Mapping[str, Any]) -> None:
    """Put what a tool gave beside what it was given. A result whose call is not there is left out."""
    index = calls.get(str(result.get("tool_use_id")))
    if index is None:
        return
    call = found[index].tool
    if call is not None:
        settled = replace(call, gave=_result_text(result.get("content")), failed=bool(result.get("is_error")))
        found[index] = replace(found[index], tool=settled)


def _result_text(content: object) -> str:
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    texts = [block["text"] for block in blocks if isinstance(block, dict) and isinstance(block.get("text"), str)]
    others = sum(1 for block in blocks if isinstance(block, dict) and "text" not in block)
    return "\n\n".join([*texts, *(["(a picture)"] * others)])
