"""Events over HTTP, to a real Bolt app behind a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA

RETRY_DELAYS_S = (0.0, 0.0, 0.0)


@dataclass
class Received:
    """What came in, and what the next answers are to be (200 by Bolt when there is none left)."""

    requests: list[web.Request] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    no_retry: bool = False


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[EmulatedSlack]:
    async with EmulatedSlack.start(Setup(retry_delays_s=RETRY_DELAYS_S), clock=clock) as slack:
        yield slack


@pytest.fixture
async def received(slack: EmulatedSlack) -> AsyncIterator[Received]:
    """A Bolt app that the emulated Slack delivers to."""
    received = Received()
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)

    @app.event("message")
    async def on_message(event: dict[str, Any]) -> None:
        received.events.append(event)

    @app.command("/agent")
    async def on_command(ack: Callable[..., Awaitable[None]], command: dict[str, Any]) -> None:
        await ack(text=f"you said {command['text']}")

    @app.shortcut("branch")
    async def on_shortcut(ack: Callable[..., Awaitable[None]], shortcut: dict[str, Any]) -> None:
        received.events.append(shortcut)
        await ack()

    async def receive(request: web.Request) -> web.Response:
        received.requests.append(request)
        if received.statuses:
            headers = {"X-Slack-No-Retry": "1"} if received.no_retry else {}
            return web.Response(status=received.statuses.pop(0), headers=headers)
        bolt_request = await to_bolt_request(request)
        response: web.Response = await to_aiohttp_response(await app.async_dispatch(bolt_request))
        return response

    site = web.Application()
    site.router.add_post("/slack/events", receive)
    async with TestServer(site) as server:
        slack.deliver_to(str(server.make_url("/slack/events")))
        yield received


async def settled(slack: EmulatedSlack) -> None:
    await slack.wait_until(lambda: slack.undelivered == 0)


async def test_bolt_accepts_the_signature(slack: EmulatedSlack, received: Received) -> None:
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    assert [event["text"] for event in received.events] == ["hi"]
    assert "X-Slack-Retry-Num" not in received.requests[0].headers


async def test_bolt_rejects_another_secrets_signature(slack: EmulatedSlack, received: Received) -> None:
    slack.deliver_to(str(slack.delivery_url), "another-secret")
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    assert received.events == []
    assert len(slack.given_up) == 1


async def test_bolt_shakes_hands_with_the_request_url(slack: EmulatedSlack, received: Received) -> None:
    assert await slack.verify_url()
    received.statuses = [500]
    assert not await slack.verify_url()


async def test_a_refused_event_is_posted_again_with_number_and_reason(slack: EmulatedSlack, received: Received) -> None:
    received.statuses = [503, 500]
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    assert len(received.requests) == 3
    last = received.requests[-1].headers
    assert (last["X-Slack-Retry-Num"], last["X-Slack-Retry-Reason"]) == ("2", "http_error")
    assert [event["text"] for event in received.events] == ["hi"]


async def test_after_four_tries_slack_gives_up(slack: EmulatedSlack, received: Received) -> None:
    received.statuses = [503] * 9
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    assert len(received.requests) == 4
    assert len(slack.given_up) == 1


async def test_an_app_may_forbid_further_tries(slack: EmulatedSlack, received: Received) -> None:
    received.statuses, received.no_retry = [500], True
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    assert len(received.requests) == 1


async def test_an_app_that_is_away_is_tried_again(slack: EmulatedSlack) -> None:
    slack.deliver_to("http://127.0.0.1:9/slack/events")
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    assert len(slack.given_up) == 1


async def test_commands_and_shortcuts_come_as_forms_and_bring_the_answer_back(
    slack: EmulatedSlack, received: Received
) -> None:
    answer = await slack.people.command(U_ANA, C_GENERAL, "/agent list")
    assert (answer.acknowledged, answer.payload["text"]) == (True, "you said list")
    assert received.requests[0].content_type == "application/x-www-form-urlencoded"
    ts = slack.people.say(U_ANA, C_GENERAL, "hi")
    assert (await slack.people.shortcut(U_ANA, "branch", C_GENERAL, ts)).acknowledged
    await settled(slack)
    assert "message_action" in {event["type"] for event in received.events}
