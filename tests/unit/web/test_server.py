from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from bot.errors import StartError
from bot.telemetry.metrics import CONTENT_TYPE
from bot.web.health import Health, health_routes
from bot.web.metrics import metrics_route
from bot.web.server import serving


async def asked(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_routes_are_served_for_as_long_as_the_context_is_open() -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serving([web.get("/hello", hello)], host="127.0.0.1", port=0) as port:
        assert await asked(port, "/hello") == (200, "hello")
        assert (await asked(port, "/elsewhere"))[0] == 404
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(port, "/hello")


async def test_an_address_that_is_taken_is_one_clear_line() -> None:
    async with serving([], host="127.0.0.1", port=0) as port:
        with pytest.raises(StartError, match=f"127.0.0.1:{port}"):
            async with serving([], host="127.0.0.1", port=port):
                pass


async def test_a_worker_that_starts_or_drains_lives_but_is_not_ready() -> None:
    health = Health()
    async with serving(health_routes(health), host="127.0.0.1", port=0) as port:
        assert await asked(port, "/healthz") == (200, "ok\n")
        assert await asked(port, "/readyz") == (503, "failing: open\n")
        health.open = True
        assert await asked(port, "/readyz") == (200, "ok\n")


async def test_what_fails_is_named() -> None:
    health = Health(alive={"inbox": lambda: False}, ready={"redis": lambda: False, "slack": lambda: True}, open=True)
    async with serving(health_routes(health), host="127.0.0.1", port=0) as port:
        assert await asked(port, "/healthz") == (503, "failing: inbox\n")
        assert await asked(port, "/readyz") == (503, "failing: inbox, redis\n")


async def test_metrics_are_read_anew_each_time() -> None:
    numbers = iter([b"one 1\n", b"one 2\n"])
    route = metrics_route(lambda: next(numbers), CONTENT_TYPE)
    async with serving([route], host="127.0.0.1", port=0) as port:
        assert [await asked(port, "/metrics") for _ in range(2)] == [(200, "one 1\n"), (200, "one 2\n")]
