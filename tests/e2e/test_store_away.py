"""Redis is away while people write, and comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import running
from bot.config import Settings
from bot.playground.model import ScriptedModel
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.slack.http import PATH
from tests.chaos.machines import RedisProcess
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA
from tests.requirements_of_machine import needs
from tests.waiting import until

RETRIES = Setup(retry_delays_s=(0.0, 1.0, 2.0, 3.0, 5.0, 10.0))
"""Sooner than Slack's."""


@pytest.fixture
async def redis(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[RedisProcess]:
    needs("redis-server")
    redis = RedisProcess(unused_tcp_port_factory(), tmp_path / "redis")
    await redis.start()
    yield redis
    redis.kill()


@asynccontextmanager
async def balanced(port: int, statuses: Counter[tuple[str, int]]) -> AsyncIterator[str]:
    """A load balancer in front of a port, which counts the bot's answers by Slack's X-Slack-Retry-Num."""
    async with aiohttp.ClientSession() as session:

        async def hand_on(request: web.Request) -> web.Response:
            url = f"http://127.0.0.1:{port}{PATH}"
            async with session.post(url, data=await request.read(), headers=request.headers) as answer:
                statuses[request.headers.get("X-Slack-Retry-Num", ""), answer.status] += 1
                return web.Response(status=answer.status, body=await answer.read())

        app = web.Application()
        app.router.add_post(PATH, hand_on)
        async with TestServer(app) as server:
            yield str(server.make_url(PATH))


@pytest.mark.redis
async def test_over_http_slack_is_told_503_and_its_retry_is_answered(
    redis: RedisProcess, model: ScriptedModel, tmp_path: Path, unused_tcp_port: int
) -> None:
    statuses: Counter[tuple[str, int]] = Counter()
    async with EmulatedSlack.start(RETRIES) as slack, balanced(unused_tcp_port, statuses) as url:
        environ = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "BOT_HTTP_HOST": "127.0.0.1",
            "BOT_HTTP_PORT": str(unused_tcp_port),
            "REDIS_URL": redis.url,
            "BOT_DATA_DIR": str(tmp_path / "data"),
            **model.env,
        }
        slack.deliver_to(url)
        async with running(Settings.parse(environ), environ):
            redis.kill()
            root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hello")
            await until(lambda: bool(statuses["1", 503]), ANSWER_S)
            assert {status for _, status in statuses} == {503}, "nothing was acknowledged"
            await redis.start()
            await slack.wait_until(lambda: bool(slack.replies_of_bot(C_GENERAL, root)), ANSWER_S)
            await slack.wait_until(lambda: not slack.undelivered, ANSWER_S)
        assert 200 in {status for _, status in statuses}
        assert [reply.text.strip() for reply in slack.replies_of_bot(C_GENERAL, root)] == ["ok"]
        assert len(model.requests) == 1
