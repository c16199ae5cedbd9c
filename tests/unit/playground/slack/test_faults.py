"""Making the emulated Slack fail, and its rate limits."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, C_RANDOM, D_ANA, U_ANA
from bot.playground.slack.people import Upload
from tests.unit.playground.slack.conftest import Refusal


async def test_a_call_can_be_refused_with_any_code_so_many_times(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    slack.fail("chat.postMessage", error="fatal_error", times=2)
    for _ in range(2):
        assert await refusal(client.chat_postMessage(channel=C_GENERAL, text="x")) == "fatal_error"
    await client.chat_postMessage(channel=C_GENERAL, text="x")
    assert [call.outcome for call in slack.calls("chat.postMessage")] == ["fatal_error", "fatal_error", "ok"]
    assert len(slack.posts_of_bot(C_GENERAL)) == 1


async def test_a_429_says_how_long_to_wait(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=C_GENERAL, text="x")
    response = caught.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "7")


async def test_an_answer_can_be_late_to_a_call_that_took_effect(clock: ManualClock, slack: EmulatedSlack) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    slack.fail("chat.postMessage", late_s=5.0)
    posting = asyncio.ensure_future(client.chat_postMessage(channel=C_GENERAL, text="x"))
    await slack.wait_until(lambda: slack.posts_of_bot(C_GENERAL))
    await slack.wait_until(lambda: clock.sleepers)
    assert not posting.done()
    clock.advance(5.0)
    assert (await posting)["ok"]


async def test_a_500_has_no_json(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", status=500)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=C_GENERAL, text="x")
    assert caught.value.response.status_code == 500
    assert slack.posts_of_bot(C_GENERAL) == []


async def test_a_connection_can_be_lost_before_the_call_takes_effect(
    slack: EmulatedSlack, client: AsyncWebClient
) -> None:
    slack.fail("chat.postMessage", cut="before")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=C_GENERAL, text="x")
    assert slack.posts_of_bot(C_GENERAL) == []


async def test_a_connection_can_be_lost_after_the_call_took_effect(
    slack: EmulatedSlack, client: AsyncWebClient
) -> None:
    slack.fail("chat.postMessage", cut="after")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=C_GENERAL, text="x")
    assert len(slack.posts_of_bot(C_GENERAL)) == 1


async def test_a_fault_may_be_for_some_calls_only(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    slack.fail("*", error="fatal_error", when=lambda arguments: arguments.get("channel") == C_RANDOM)
    await client.chat_postMessage(channel=C_GENERAL, text="x")
    assert await refusal(client.chat_postMessage(channel=C_RANDOM, text="x")) == "fatal_error"


async def test_a_call_can_be_slow(slack: EmulatedSlack, client: AsyncWebClient, clock: ManualClock) -> None:
    slack.fail("chat.postMessage", delay_s=30)
    posting = asyncio.create_task(client.chat_postMessage(channel=C_GENERAL, text="x"))
    async with asyncio.timeout(10):
        while not clock.sleepers:
            await asyncio.sleep(0.005)
    assert not posting.done()
    clock.advance(30)
    assert (await posting)["ok"]


async def test_cleared_faults_do_nothing(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    slack.fail("*", error="fatal_error", times=100)
    slack.faults.clear()
    assert (await client.auth_test())["ok"]


async def test_limits_are_kept_when_asked_for(clock: ManualClock) -> None:
    async with EmulatedSlack.start(Setup(enforce_tiers=True), clock=clock) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        root = slack.people.say(U_ANA, D_ANA, "hi")
        for _ in range(20):
            await client.chat_startStream(channel=D_ANA, thread_ts=root)
        clock.advance(20)
        with pytest.raises(SlackApiError) as caught:
            await client.chat_startStream(channel=D_ANA, thread_ts=root)
        assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "40")
        assert (await client.chat_update(channel=D_ANA, ts=await post(client), text="other methods go on"))["ok"]
        clock.advance(40)
        assert (await client.chat_startStream(channel=D_ANA, thread_ts=root))["ok"]


async def post(client: AsyncWebClient, channel: str = D_ANA) -> str:
    return str((await client.chat_postMessage(channel=channel, text="x"))["ts"])


async def test_posts_are_limited_per_channel(clock: ManualClock) -> None:
    async with EmulatedSlack.start(Setup(enforce_tiers=True), clock=clock) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        for _ in range(10):
            await post(client, C_GENERAL)
        with pytest.raises(SlackApiError):
            await post(client, C_GENERAL)
        assert await post(client, C_RANDOM)
        clock.advance(10)
        assert await post(client, C_GENERAL)


async def test_downloads_uploads_and_response_urls_can_fail_too(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "", files=[Upload("a.txt", b"hello")])
    (message,) = (await client.conversations_replies(channel=C_GENERAL, ts=ts))["messages"]
    url = message["files"][0]["url_private_download"]
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    slack.fail("files.download", status=503)
    slack.fail("files.download", cut="before", times=2)  # aiohttp itself tries a GET twice
    async with aiohttp.ClientSession(headers=headers) as http:
        assert (await http.get(url)).status == 503
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.get(url)
        assert await (await http.get(url)).read() == b"hello"
