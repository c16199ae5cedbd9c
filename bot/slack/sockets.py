"""Events over Socket Mode."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StartError
from bot.model import Stage
from bot.ports import Telemetry, Untold

log = structlog.get_logger(__name__)

PING_S = 5.0
"""How often the connection is tried. Also how long the SDK waits before it connects again after a failure."""

CROWDED_S = 60.0
"""How long a worker waits that Slack has no connection for: so often `apps.connections.open` may be called (tier 1)."""

CONNECT_TIMEOUT_S = 30.0
"""For the first connection; later ones are tried for ever."""


class Envelopes:
    """Hands each envelope to the Bolt app, and acknowledges it when its listener is through."""

    def __init__(self, app: AsyncApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry
        self._in_hand: set[asyncio.Task[object]] = set()
        self._taking = True

    async def take(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """A listener of the SDK's, which runs each envelope in a task of its own."""
        task = asyncio.current_task()
        if not self._taking or task is None:
            # The connection is closed: Slack gives it to another, after a while.
            return
        self._in_hand.add(task)
        try:
            with self._telemetry.span("slack event", transport="socket"):
                await self._answer(client, request)
        except (aiohttp.ClientError, ConnectionError) as error:
            log.warning("ack_not_sent", error=type(error).__name__)
        finally:
            self._in_hand.discard(task)

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        started_at = time.time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, response, started_at)
        self._telemetry.took(Stage.EVENT_TO_ACK, time.time() - started_at)

    async def settle(self, timeout_s: float) -> None:
        """See what is in hand now through to its ack. What comes meanwhile is taken: Slack doesn't know of the end."""
        if self._in_hand:
            await asyncio.wait(set(self._in_hand), timeout=timeout_s)

    async def finish(self, timeout_s: float) -> None:
        """Take nothing new, and keep what came last, though too late for its ack: Slack may be slow to repeat it."""
        self._taking = False
        await self.settle(timeout_s)
        for task in self._in_hand:
            task.cancel()


class PatientClient(SocketModeClient):
    """Slack's own client, but for an app that has all its connections: it would ask for one at once, for ever."""

    _again_at = 0.0

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        if (message.get("type"), message.get("reason")) != ("disconnect", "too_many_websockets"):
            await super().run_message_listeners(message, raw_message)
            return
        log.error("socket_refused", reason="too_many_websockets", again_in_s=CROWDED_S)
        self._again_at = time.monotonic() + CROWDED_S
        if self.current_session is not None:
            await self.current_session.close()

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """The client calls this every PING_S while it has no connection."""
        if time.monotonic() >= self._again_at:
            await super().connect_to_new_endpoint(force)


@asynccontextmanager
async def listen_over_socket(
    app: AsyncApp, *, app_token: str, web: AsyncWebClient, drain_s: float = 5.0, telemetry: Telemetry | None = None
) -> AsyncIterator[Callable[[], bool]]:
    """Connect, and listen for as long as the context is open. Lost connections are replaced by themselves.

    An app has ten connections. A worker that gets none is not connected, and asks again every minute.

    Yields what tells whether it is connected now.

    Args:
        app_token: starts with `xapp-`.
        web: leads to Slack's Web API; its own token is not used.
        drain_s: seconds given, at the end, to the events in hand.

    Raises:
        StartError: Slack doesn't take the token, or can't be reached.
    """
    first_url = await _first_url(web, app_token)
    # On DEBUG the SDK logs whole payloads, and what people write doesn't belong in the log.
    logger = logging.getLogger("bot.slack.socket_mode")
    logger.setLevel(logging.INFO)
    client = PatientClient(app_token=app_token, web_client=web, logger=logger, ping_interval=PING_S)
    envelopes = Envelopes(app, telemetry or Untold())
    client.socket_mode_request_listeners.append(envelopes.take)
    client.wss_uri = first_url
    try:
        await _connect(client)
        log.info("socket_open")
        yield lambda: _is_connected(client)
    finally:
        await envelopes.settle(drain_s)
        await _close(client)
        await envelopes.finish(drain_s)
        log.info("socket_closed")


async def _first_url(web: AsyncWebClient, app_token: str) -> str:
    """Ask for a connection once by hand: the SDK would go on asking for ever with a wrong token."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            answer = await web.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        code = error.response.get("error", "") if error.response is not None else ""
        raise StartError(f"Slack doesn't accept SLACK_APP_TOKEN ({code or 'no reason given'}).") from error
    except (aiohttp.ClientError, SlackClientError, OSError, TimeoutError) as error:
        raise StartError(f"Slack can't be reached at {web.base_url} ({type(error).__name__}).") from error
    return str(answer["url"])


async def _connect(client: SocketModeClient) -> None:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await client.connect()  # type: ignore[no-untyped-call]
    except TimeoutError as error:
        raise StartError(f"Slack's Socket Mode can't be reached within {CONNECT_TIMEOUT_S:.0f} s.") from error


def _is_connected(client: SocketModeClient) -> bool:
    session = client.current_session
    return not (client.closed or client.stale or session is None or session.closed)


async def _close(client: SocketModeClient) -> None:
    """Close the connection, and wait for the SDK's own tasks, which it only cancels."""
    await client.close()  # type: ignore[no-untyped-call]
    tasks = (client.message_processor, client.message_receiver, client.current_session_monitor)
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
