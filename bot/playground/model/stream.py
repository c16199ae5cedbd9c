"""A reply as the Messages API sends it: one JSON message, or the events of a stream."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from bot.playground.model.replies import Block, Failure, Reply, Text, Thought, ToolUse
from bot.playground.model.requests import Request

_CHARACTERS_A_TOKEN = 4
Event = Mapping[str, Any]
Wait = Callable[[], Awaitable[None]]


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:24]}"


def error_body(failure: Failure) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": failure.kind, "message": failure.message},
        "request_id": new_id("req"),
    }


def encode(event: Event) -> bytes:
    """One server-sent event; its name is the event's type, as in Anthropic's streams."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


async def whole_message(request: Request, reply: Reply) -> dict[str, Any]:
    """The answer to a request that does not stream; waits for the events in its text."""
    content: list[dict[str, Any]] = []
    for block in reply.blocks:
        match block:
            case Text():
                content.append({"type": "text", "text": "".join([part async for part in _said(block)])})
            case Thought():
                content.append({"type": "thinking", "thinking": block.text, "signature": "scripted"})
            case ToolUse():
                content.append(_tool_use(block, dict(block.input)))
    usage = {**_usage(request, reply), "output_tokens": _output_tokens(reply)}
    return {**_message(request, usage), "content": content, "stop_reason": _stop_reason(reply)}


async def stream_events(request: Request, reply: Reply, chunk_chars: int, wait: Wait) -> AsyncIterator[Event]:
    """The events of a stream. Stops after the last block when the reply is to be cut.

    Args:
        chunk_chars: how many characters one delta carries.
        wait: awaited before each delta: the pace.
    """
    usage = {**_usage(request, reply), "output_tokens": 0 if reply.free else 1}
    yield {"type": "message_start", "message": {**_message(request, usage), "content": [], "stop_reason": None}}
    yield {"type": "ping"}
    last = len(reply.blocks) - 1
    for index, block in enumerate(reply.blocks):
        async for event in _block_events(index, block, chunk_chars, wait):
            yield event
        if index < last or not (reply.cut or reply.error):
            yield {"type": "content_block_stop", "index": index}
    if reply.error:
        yield error_body(reply.error)
    if reply.cut or reply.error:
        return
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": _stop_reason(reply), "stop_sequence": None},
        "usage": {"output_tokens": _output_tokens(reply)},
    }
    yield {"type": "message_stop"}


async def _block_events(index: int, block: Block, chunk_chars: int, wait: Wait) -> AsyncIterator[Event]:
    match block:
        case Text():
            yield _start(index, {"type": "text", "text": ""})
            async for part in _said(block):
                for piece in _pieces(part, chunk_chars):
                    await wait()
                    yield _delta(index, {"type": "text_delta", "text": piece})
        case Thought():
            yield _start(index, {"type": "thinking", "thinking": "", "signature": ""})
            for piece in _pieces(block.text, chunk_chars):
                await wait()
                yield _delta(index, {"type": "thinking_delta", "thinking": piece})
            yield _delta(index, {"type": "signature_delta", "signature": "scripted"})
        case ToolUse():
            yield _start(index, _tool_use(block, {}))
            for piece in _pieces(json.dumps(dict(block.input)), chunk_chars):
                await wait()
                yield _delta(index, {"type": "input_json_delta", "partial_json": piece})


async def _said(block: Text) -> AsyncIterator[str]:
    for part in block.parts:
        if isinstance(part, asyncio.Event):
            await part.wait()
        else:
            yield part


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _start(index: int, block: Mapping[str, Any]) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: Mapping[str, Any]) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _tool_use(block: ToolUse, tool_input: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": new_id("toolu"), "name": block.name, "input": tool_input}


def _message(request: Request, usage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id("msg"),
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "stop_sequence": None,
        "usage": usage,
    }


def _usage(request: Request, reply: Reply) -> dict[str, Any]:
    counted = 0 if reply.free else request.characters // _CHARACTERS_A_TOKEN
    return {
        "input_tokens": counted if reply.input_tokens is None else reply.input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "service_tier": "standard",
    }


def _output_tokens(reply: Reply) -> int:
    if reply.free:
        return 0
    characters = sum(len(block.text) if isinstance(block, Text | Thought) else 80 for block in reply.blocks)
    return max(1, characters // _CHARACTERS_A_TOKEN)


def _stop_reason(reply: Reply) -> str:
    return "tool_use" if any(isinstance(block, ToolUse) for block in reply.blocks) else "end_turn"
