"""A session that waits with a call: how its transcript says so, and how the call is turned down without a process.

A deferred call leaves an attachment `hook_deferred_tool` behind and no result. A process that resumes such a session
asks about the call again, before it takes any prompt. An entry with a result of our own ends that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from claude_agent_sdk.types import SessionStoreEntry

from bot.agent.entries import is_anchor
from bot.agent.tools import PATH_ARGUMENT

NOT_APPROVED = "This was not done: nobody approved it. Don't do it in another way; the person's next message follows."

_COPIED = ("isSidechain", "sessionId", "cwd", "version", "userType", "entrypoint", "gitBranch", "timestamp")
"""What an entry of the CLI's says about where it was written; ours says the same as the one before it."""


def waiting_call(entries: Sequence[SessionStoreEntry]) -> str:
    """The id of the call that the session waits with; empty when it waits with none."""
    call = ""
    for entry in entries:
        if _deferred(entry):
            call = _deferred(entry)
        elif call and (_is_prompt(entry) or call in _results(entry)):
            call = ""
    return call


def put_last(entries: Sequence[SessionStoreEntry]) -> SessionStoreEntry | None:
    """What makes the waiting call the transcript's end, to be appended; None when it is that, or none waits.

    When other calls of the same message ended after it, the CLI would carry it out and tell the model that its result
    is missing.
    """
    call = waiting_call(entries)
    last = next((entry for entry in reversed(entries) if is_anchor(entry)), None)
    if not call or last is None or _deferred(last):
        return None
    waits = next(entry for entry in reversed(entries) if _deferred(entry) == call)
    return cast("SessionStoreEntry", {**waits, "uuid": str(uuid4()), "parentUuid": last.get("uuid")})


def moved_to(workdir: Path, entries: Sequence[SessionStoreEntry]) -> list[SessionStoreEntry]:
    """The entries as if the waiting call had been made in this directory: another worker has another, and so has a
    branch. The path that the call is about is written out in it."""
    call = waiting_call(entries)
    return [_moved(entry, call, workdir) for entry in entries] if call else list(entries)


def _moved(entry: SessionStoreEntry, call: str, workdir: Path) -> SessionStoreEntry:
    changed = cast("dict[str, Any]", entry)
    before = str(changed.get("cwd"))
    if _deferred(entry) == call:
        attachment = changed["attachment"]
        moved = _input_in(workdir, before, attachment.get("toolName"), attachment.get("toolInput"))
        changed = {**changed, "attachment": {**attachment, "toolInput": moved}}
    elif call in _calls(entry):
        message = changed["message"]
        content = [
            {**block, "input": _input_in(workdir, before, block.get("name"), block.get("input"))}
            if block.get("id") == call
            else block
            for block in message["content"]
        ]
        changed = {**changed, "message": {**message, "content": content}}
    return cast("SessionStoreEntry", changed)


def _input_in(workdir: Path, before: str, tool: object, tool_input: object) -> object:
    """A tool's input with the path that it is about in another directory."""
    name = PATH_ARGUMENT.get(str(tool), "")
    path = tool_input.get(name) if isinstance(tool_input, dict) else None
    if not isinstance(tool_input, dict) or not isinstance(path, str) or not path.startswith(f"{before}/"):
        return tool_input
    return {**tool_input, name: str(workdir / path.removeprefix(f"{before}/"))}


def turned_down(entries: Sequence[SessionStoreEntry], why: str = NOT_APPROVED) -> SessionStoreEntry | None:
    """The entry that turns the waiting call down, to be appended; None when the session waits with none.

    Args:
        why: what the model is told.
    """
    call = waiting_call(entries)
    if not call:
        return None
    last = next(entry for entry in reversed(entries) if is_anchor(entry))
    asking = next((entry for entry in reversed(entries) if call in _calls(entry)), last)
    content = [{"type": "tool_result", "tool_use_id": call, "content": why, "is_error": True}]
    entry: dict[str, Any] = {
        **{name: value for name, value in last.items() if name in _COPIED},
        "type": "user",
        "uuid": str(uuid4()),
        "parentUuid": last.get("uuid"),
        "message": {"role": "user", "content": content},
        "toolUseResult": f"Error: {why}",
        "sourceToolAssistantUUID": asking.get("uuid"),
    }
    return cast("SessionStoreEntry", entry)


def _deferred(entry: SessionStoreEntry) -> str:
    match entry:
        case {"type": "attachment", "attachment": {"type": "hook_deferred_tool", "toolUseID": str(call)}}:
            return call
    return ""


def _is_prompt(entry: SessionStoreEntry) -> bool:
    """Whether somebody said something."""
    if entry["type"] != "user" or entry.get("isMeta"):
        return False
    return any(block.get("type") != "tool_result" for block in _blocks(entry))


def _results(entry: SessionStoreEntry) -> set[str]:
    return {str(block.get("tool_use_id")) for block in _blocks(entry) if block.get("type") == "tool_result"}


def _calls(entry: SessionStoreEntry) -> set[str]:
    return {str(block.get("id")) for block in _blocks(entry) if block.get("type") == "tool_use"}


def _blocks(entry: SessionStoreEntry) -> Sequence[Mapping[str, Any]]:
    message = entry.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
