"""What operators ask of a running worker, over its own port."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.e2e.conftest import ANSWER_S, Launcher


async def asked(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def until_asked(port: int, path: str, expected: tuple[int, str]) -> None:
    async with asyncio.timeout(ANSWER_S):
        while await asked(port, path) != expected:
            await asyncio.sleep(0.05)


async def test_a_worker_is_ready_while_it_has_redis_and_slack(launcher: Launcher, unused_tcp_port: int) -> None:
    async with launcher.up(BOT_METRICS_PORT=str(unused_tcp_port)) as bot:
        await until_asked(unused_tcp_port, "/readyz", (200, "ok\n"))
        assert await asked(unused_tcp_port, "/healthz") == (200, "ok\n")
        bot.slack.fail("apps.connections.open", status=500, times=1000)
        bot.slack.drop_sockets()
        await until_asked(unused_tcp_port, "/readyz", (503, "failing: slack\n"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(unused_tcp_port, "/healthz")


async def test_no_port_is_opened_unless_it_is_set(launcher: Launcher, unused_tcp_port: int) -> None:
    async with launcher.up(BOT_HTTP_PORT=str(unused_tcp_port)):
        with pytest.raises(aiohttp.ClientConnectionError):
            await asked(unused_tcp_port, "/healthz")
