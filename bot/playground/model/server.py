"""A Messages API on the loopback that answers from a script, so that the real SDK and CLI run without an account."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web

from bot.playground.model.replies import Answer, Failure, Reply, say
from bot.playground.model.requests import Request, parse_request
from bot.playground.model.stream import encode, error_body, new_id, stream_events, whole_message

log = structlog.get_logger(__name__)

Script = Callable[[Request], Answer]

_MAX_REQUEST_BYTES = 64 * 1024 * 1024


class ScriptedModel:
    """Serves the Messages API. Open it as an async context; `env` then points the SDK at it.

    Answers come from the queue (`script`), then from `fallback`. What the CLI asks on its own behalf (titles, quota)
    never takes from the queue: it is answered with a word and kept in `side_requests`.

    Args:
        fallback: answers a request when the queue is empty.
        chunk_chars: how many characters one delta carries.
        pace_s: pause before each delta, in seconds.
        port: 0 takes a free one.
    """

    def __init__(
        self, fallback: Script | None = None, *, chunk_chars: int = 24, pace_s: float = 0.0, port: int = 0
    ) -> None:
        self.requests: list[Request] = []
        """What the agent asked, oldest first."""
        self.side_requests: list[Request] = []
        self._fallback = fallback or (lambda _: say("ok"))
        self._queue: deque[Answer | Script] = deque()
        self._chunk_chars = chunk_chars
        self._pace_s = pace_s
        self._port = port
        self._arrived = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment that makes the CLI ask this model."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": "scripted"}

    def script(self, *answers: Answer | Script) -> None:
        """Queue answers; each serves one request of the agent. A function is called with the request."""
        self._queue.extend(answers)

    def fall_back_to(self, fallback: Script) -> None:
        """Answer with this from now on, when the queue is empty."""
        self._fallback = fallback

    async def wait_for_request(self, number: int, timeout_s: float = 15.0) -> Request:
        """The agent's request with this number, counted from 1. Raises TimeoutError when it doesn't come in time."""
        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= number)
            return self.requests[number - 1]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", _count_tokens)
        app.router.add_route("*", "/{rest:.*}", _anything_else)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _messages(self, http: web.Request) -> web.StreamResponse:
        try:
            request = parse_request(await http.json())
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            log.warning("scripted_model_refused", error=type(error).__name__)
            return _error_response(Failure(400, "invalid_request_error", "not a Messages request"))
        answer = await self._answer(request)
        if isinstance(answer, Failure):
            return _error_response(answer)
        if request.stream:
            return await self._stream(http, request, answer)
        return web.json_response(await whole_message(request, answer), headers={"request-id": new_id("req")})

    async def _answer(self, request: Request) -> Answer:
        if not request.from_agent:
            self.side_requests.append(request)
            return say("scripted")
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        answer = self._queue.popleft() if self._queue else self._fallback
        return answer(request) if callable(answer) else answer

    async def _stream(self, http: web.Request, request: Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream", "request-id": new_id("req")})
        await response.prepare(http)
        events = stream_events(request, reply, self._chunk_chars, self._pacing(reply))
        async for event in events:
            await response.write(encode(event))
        if reply.cut and http.transport is not None:
            http.transport.close()  # what was written still arrives; the end of the body does not
        return response

    def _pacing(self, reply: Reply) -> Callable[[], Awaitable[None]]:
        pause_s = self._pace_s * reply.slowness

        async def wait() -> None:
            await asyncio.sleep(pause_s)

        return wait


def _error_response(failure: Failure) -> web.Response:
    headers = {"request-id": new_id("req")}
    if failure.retry_after_s is not None:
        headers["retry-after"] = str(failure.retry_after_s)
    return web.json_response(error_body(failure), status=failure.status, headers=headers)


async def _count_tokens(http: web.Request) -> web.Response:
    return web.json_response({"input_tokens": max(1, len(await http.text()) // 4)})


async def _anything_else(http: web.Request) -> web.Response:
    if http.method == "HEAD" or http.path == "/":
        return web.Response()
    return _error_response(Failure(404, "not_found_error", f"scripted model: no {http.path}"))
