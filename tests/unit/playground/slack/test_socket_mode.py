"""Socket Mode, with slack_sdk's real client on the other end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA


class App:
    """An app with one socket; it acknowledges unless told not to."""

    def __init__(self, slack: EmulatedSlack, name: str) -> None:
        web = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        self.name = name
        self.client = SocketModeClient(slack.app_token, web_client=web, ping_interval=0.2)
        self.client.socket_mode_request_listeners.append(self._take)  # type: ignore[arg-type]
        self.requests: list[SocketModeRequest] = []
        self.hellos: list[dict[str, Any]] = []
        self.client.message_listeners.append(self._hear)
        self.acknowledges = True
        self.answer: dict[str, Any] | None = None

    async def _take(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.requests.append(request)
        if self.acknowledges:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, self.answer))

    async def _hear(self, client: object, message: dict[str, Any], raw: str | None) -> None:
        if message.get("type") == "hello":
            self.hellos.append(message)

    def has_requests(self, count: int) -> Callable[[], bool]:
        return lambda: len(self.requests) == count

    @property
    def texts(self) -> list[str]:
        return [request.payload["event"]["text"] for request in self.requests]


Connect = Callable[[], Awaitable[App]]


@pytest.fixture
async def connect(slack: EmulatedSlack) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def connected() -> App:
            app = App(slack, f"app{slack.open_sockets}")
            stack.push_async_callback(app.client.close)
            before = slack.open_sockets
            await app.client.connect()  # type: ignore[no-untyped-call]
            await slack.connected(before + 1)
            return app

        yield connected


async def settled(slack: EmulatedSlack) -> None:
    await slack.wait_until(lambda: slack.undelivered == 0)


async def test_a_socket_is_greeted_and_given_events(slack: EmulatedSlack, connect: Connect) -> None:
    app = await connect()
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await settled(slack)
    (request,) = app.requests
    assert (request.type, request.retry_attempt, request.accepts_response_payload) == ("events_api", 0, False)
    assert request.payload["event"]["text"] == "hi"
    assert app.hellos[0]["num_connections"] == 1


async def test_a_url_opens_one_socket(slack: EmulatedSlack, connect: Connect) -> None:
    app = await connect()
    assert app.client.wss_uri is not None
    response = await app.client.aiohttp_client_session.get(app.client.wss_uri.replace("ws:", "http:", 1))
    assert response.status == 408


async def test_each_event_goes_to_one_of_the_sockets_at_random(slack: EmulatedSlack, connect: Connect) -> None:
    apps = [await connect() for _ in range(3)]
    for number in range(60):
        slack.people.say(U_ANA, C_GENERAL, str(number))
    await settled(slack)
    received = Counter({app.name: len(app.requests) for app in apps})
    assert received.total() == 60
    assert min(received.values()) >= 8


async def test_ten_sockets_and_no_more(slack: EmulatedSlack, connect: Connect) -> None:
    for _ in range(10):
        await connect()
    answer = await AsyncWebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)
    async with (
        App(slack, "eleventh").client.aiohttp_client_session as session,
        session.ws_connect(answer["url"]) as one,
    ):
        farewell = await one.receive_json()
    assert (farewell["type"], farewell["reason"]) == ("disconnect", "too_many_websockets")
    assert slack.open_sockets == 10


async def test_what_is_not_acknowledged_comes_again_at_once_after_one_and_after_five_minutes(
    slack: EmulatedSlack, connect: Connect, clock: ManualClock
) -> None:
    app = await connect()
    app.acknowledges = False
    slack.people.say(U_ANA, C_GENERAL, "hi")
    for attempt, pause_s in enumerate((0, 60, 300)):
        await until(app.has_requests(attempt + 1))
        clock.advance(3)
        if pause_s:
            await until_sleeping(clock)
            assert len(app.requests) == attempt + 1
            clock.advance(pause_s)
    await until(app.has_requests(4))
    assert [request.retry_attempt for request in app.requests] == [0, 1, 2, 3]
    assert app.requests[1].retry_reason == "timeout"
    assert len({request.payload["event_id"] for request in app.requests}) == 1
    assert len({request.envelope_id for request in app.requests}) == 4
    clock.advance(3)
    await settled(slack)
    assert [payload["event"]["text"] for payload in slack.given_up] == ["hi"]


async def test_a_lost_acknowledgement_brings_the_event_again(
    slack: EmulatedSlack, connect: Connect, clock: ManualClock
) -> None:
    app = await connect()
    slack.lose_acks(1)
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await until(lambda: slack.sockets.acks_to_lose == 0)
    clock.advance(3)
    await settled(slack)
    assert app.texts == ["hi", "hi"]


async def test_without_a_socket_an_event_waits_for_the_next_try(
    slack: EmulatedSlack, connect: Connect, clock: ManualClock
) -> None:
    slack.people.say(U_ANA, C_GENERAL, "hi")
    await until_sleeping(clock)
    app = await connect()
    clock.advance(60)
    await settled(slack)
    assert app.texts == ["hi"]
    assert app.requests[0].retry_reason == "no_connection"


async def test_a_disconnect_brings_the_client_back_on_a_new_socket(slack: EmulatedSlack, connect: Connect) -> None:
    app = await connect()
    old = slack.sockets.connections[0]
    await slack.disconnect_sockets()
    await slack.wait_until(lambda: slack.sockets.connections and slack.sockets.connections[0] is not old)
    slack.people.say(U_ANA, C_GENERAL, "still there?")
    await settled(slack)
    assert app.texts == ["still there?"]


async def test_a_client_whose_socket_was_lost_comes_back_by_itself(slack: EmulatedSlack, connect: Connect) -> None:
    app = await connect()
    slack.drop_sockets()
    await slack.wait_until(lambda: slack.open_sockets == 0)
    await slack.connected()
    slack.people.say(U_ANA, C_GENERAL, "still there?")
    await settled(slack)
    assert app.texts == ["still there?"]


async def test_an_interactions_acknowledgement_carries_the_apps_answer(slack: EmulatedSlack, connect: Connect) -> None:
    app = await connect()
    app.answer = {"text": "at your service"}
    answer = await slack.people.command(U_ANA, C_GENERAL, "/agent help")
    assert (answer.acknowledged, answer.payload) == (True, {"text": "at your service"})
    assert app.requests[0].accepts_response_payload is True


async def test_an_interaction_that_is_not_acknowledged_fails_after_three_seconds_and_is_not_repeated(
    slack: EmulatedSlack, connect: Connect, clock: ManualClock
) -> None:
    app = await connect()
    app.acknowledges = False
    asking = asyncio.create_task(slack.people.command(U_ANA, C_GENERAL, "/agent help"))
    await until(app.has_requests(1))
    clock.advance(3)
    assert (await asking).acknowledged is False
    assert len(app.requests) == 1


async def until(condition: Callable[[], bool]) -> None:
    """Wait, within bounds, for what happens on the app's side, where nothing wakes us."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def until_sleeping(clock: ManualClock) -> None:
    """Wait until someone waits for the clock."""
    await until(lambda: clock.sleepers > 0)
