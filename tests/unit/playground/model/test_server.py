"""The scripted Messages API on the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground.model import ScriptedModel, say, think, use_tool
from bot.playground.model.replies import cut, overloaded, rate_limited


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel(chunk_chars=4) as scripted:
        yield scripted


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def body(text: str = "hello", *, stream: bool = False, tools: bool = True) -> dict[str, Any]:
    return {
        "model": "claude-x",
        "max_tokens": 100,
        "stream": stream,
        "system": [{"type": "text", "text": "Be good."}],
        "tools": [{"name": "Read"}] if tools else [],
        "messages": [{"role": "user", "content": text}],
    }


async def events_of(response: aiohttp.ClientResponse) -> list[dict[str, Any]]:
    assert response.content_type == "text/event-stream"
    events = []
    for frame in (await response.text()).strip().split("\n\n"):
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


async def test_a_stream_has_the_events_of_the_api_in_their_order(
    model: ScriptedModel, http: aiohttp.ClientSession
) -> None:
    model.script(think("hm") + say("Hello world") + use_tool("Read", {"file_path": "a.md"}))
    async with http.post(f"{model.url}/v1/messages", json=body(stream=True)) as response:
        events = await events_of(response)
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 3
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert "".join(delta.get("text", "") for delta in deltas) == "Hello world"
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas)) == {"file_path": "a.md"}
    assert any(delta["type"] == "signature_delta" for delta in deltas)
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] > 0


async def test_a_request_without_streaming_gets_one_message(model: ScriptedModel, http: aiohttp.ClientSession) -> None:
    model.script(say("Hello"))
    async with http.post(f"{model.url}/v1/messages", json=body()) as response:
        message = await response.json()
    assert message["content"] == [{"type": "text", "text": "Hello"}]
    assert (message["type"], message["role"], message["stop_reason"]) == ("message", "assistant", "end_turn")


async def test_errors_have_the_apis_shape(model: ScriptedModel, http: aiohttp.ClientSession) -> None:
    model.script(overloaded(), rate_limited(retry_after_s=7))
    async with http.post(f"{model.url}/v1/messages", json=body()) as response:
        assert response.status == 529
        assert (await response.json())["error"]["type"] == "overloaded_error"
    async with http.post(f"{model.url}/v1/messages", json=body()) as response:
        assert (response.status, response.headers["retry-after"]) == (429, "7")


async def test_a_connection_can_break_in_the_middle(model: ScriptedModel, http: aiohttp.ClientSession) -> None:
    model.script(cut("Half a sentence"))
    async with http.post(f"{model.url}/v1/messages", json=body(stream=True)) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_a_text_waits_for_its_event(model: ScriptedModel, http: aiohttp.ClientSession) -> None:
    hold = asyncio.Event()
    model.script(say("before", hold, "after"))
    async with http.post(f"{model.url}/v1/messages", json=body(stream=True)) as response:
        start = b""
        while b'"re"' not in start:
            start += await response.content.readany()
        assert b"afte" not in start
        hold.set()
        assert b"afte" in await response.read()


async def test_requests_are_kept_as_a_test_reads_them(model: ScriptedModel, http: aiohttp.ClientSession) -> None:
    waiting = asyncio.create_task(model.wait_for_request(1))
    async with http.post(f"{model.url}/v1/messages", json=body("What now?")) as response:
        assert (await response.json())["content"][0]["text"] == "ok"
    request = await waiting
    assert (request.prompt, request.system, request.model, request.tools) == (
        "What now?",
        "Be good.",
        "claude-x",
        ("Read",),
    )
    with pytest.raises(TimeoutError):
        await model.wait_for_request(2, timeout_s=0.01)


async def test_what_the_cli_asks_for_itself_takes_nothing_from_the_script(
    model: ScriptedModel, http: aiohttp.ClientSession
) -> None:
    model.script(say("for the agent"))
    async with http.post(f"{model.url}/v1/messages", json=body(tools=False)) as response:
        assert (await response.json())["content"][0]["text"] == "scripted"
    assert (len(model.requests), len(model.side_requests)) == (0, 1)


async def test_other_paths_answer_as_the_api_would(model: ScriptedModel, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{model.url}/v1/messages/count_tokens", json=body()) as response:
        assert (await response.json())["input_tokens"] > 0
    async with http.get(f"{model.url}/v1/nonesuch") as response:
        assert response.status == 404
    async with http.post(f"{model.url}/v1/messages", json={"no": "request"}) as response:
        assert response.status == 400
