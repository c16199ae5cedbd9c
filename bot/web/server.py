"""A web server, made of routes, for as long as a context is open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bot.errors import StartError

log = structlog.get_logger(__name__)


@asynccontextmanager
async def serving(routes: Iterable[web.RouteDef], *, host: str, port: int, drain_s: float = 5.0) -> AsyncIterator[int]:
    """Serve the routes for as long as the context is open. Yields the port.

    Args:
        port: 0 for any free one.
        drain_s: seconds given, at the end, to the requests in hand.

    Raises:
        StartError: the address can't be had.
    """
    site = web.Application()
    site.router.add_routes(routes)
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=drain_s)
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
        log.info("http_closed", port=port)
