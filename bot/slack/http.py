"""Events over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.errors import StartError

log = structlog.get_logger(__name__)

PATH = "/slack/events"
"""Where Slack sends events, commands and interactions."""


@asynccontextmanager
async def listen_over_http(app: AsyncApp, *, host: str, port: int, drain_s: float = 5.0) -> AsyncIterator[int]:
    """Serve Slack's requests for as long as the context is open. Yields the port.

    A request whose listener failed is answered with 503, so that Slack sends it again. `/healthz` says that the process
    is alive.

    Args:
        port: 0 for any free one.
        drain_s: seconds given, at the end, to the requests in hand.

    Raises:
        StartError: the address can't be had.
    """
    runner = web.AppRunner(_server(app), access_log=None, shutdown_timeout=drain_s)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartError(f"Can't listen on {host}:{port}: {error.strerror or error}.") from error
        bound = int(runner.addresses[0][1])
        log.info("http_open", host=host, port=bound)
        yield bound
    finally:
        await runner.cleanup()
        log.info("http_closed")


def _server(app: AsyncApp) -> web.Application:
    async def from_slack(request: web.Request) -> web.StreamResponse:
        try:
            bolt_request = await to_bolt_request(request)
        except ValueError:
            # No JSON, or not UTF-8: certainly not Slack.
            return web.Response(status=400)
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    async def healthz(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok")

    server = web.Application()
    server.router.add_post(PATH, from_slack)
    server.router.add_get("/healthz", healthz)
    return server
