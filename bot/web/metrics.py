"""`/metrics`, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web


def metrics_route(read: Callable[[], bytes], content_type: str) -> web.RouteDef:
    """Where a worker's numbers are read.

    Args:
        read: all of them, as `content_type` says.
    """

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=read(), headers={"Content-Type": content_type})

    return web.get("/metrics", metrics)
