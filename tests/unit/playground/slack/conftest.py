"""An emulated Slack per test, on a clock that stands still, and the real slack_sdk client to call it with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack

Refusal = Callable[[Awaitable[Any]], Awaitable[str]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[EmulatedSlack]:
    async with EmulatedSlack.start(clock=clock) as slack:
        yield slack


@pytest.fixture
def client(slack: EmulatedSlack) -> AsyncWebClient:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    client.retry_handlers.clear()
    return client


@pytest.fixture
def refusal() -> Refusal:
    """Awaits a call that Slack refuses; gives the error's code."""

    async def code_of(call: Awaitable[Any]) -> str:
        with pytest.raises(SlackApiError) as caught:
            await call
        return str(caught.value.response["error"])

    return code_of
