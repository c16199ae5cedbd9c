"""The whole of it: a real Bolt app on the emulated Slack, steered as tests do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, D_ANA, TEAM, U_ANA, U_BEN

Ack = Callable[..., Awaitable[None]]
MODAL = {
    "type": "modal",
    "callback_id": "rename",
    "title": {"type": "plain_text", "text": "Rename"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "b",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "title"},
        }
    ],
}


@pytest.fixture
async def app(slack: EmulatedSlack) -> AsyncIterator[AsyncApp]:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, process_before_response=True)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.connected()
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


async def test_a_bolt_app_streams_an_answer_to_a_mention(slack: EmulatedSlack, app: AsyncApp) -> None:
    @app.event("app_mention")
    async def answer(event: dict[str, Any], client: AsyncWebClient) -> None:
        stream = await client.chat_stream(
            channel=event["channel"], thread_ts=event["ts"], recipient_user_id=event["user"], recipient_team_id=TEAM
        )
        await stream.append(markdown_text="Hello")
        await stream.stop(markdown_text=" you.")

    root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hi")
    await slack.wait_until(lambda: len(slack.calls("chat.stopStream")) == 1)
    assert [reply.text for reply in slack.replies_of_bot(C_GENERAL, root)] == ["Hello you."]
    assert not slack.is_streaming(slack.thread(C_GENERAL, root)[-1])


async def test_a_bolt_app_opens_a_modal_and_refuses_what_was_typed(slack: EmulatedSlack, app: AsyncApp) -> None:
    @app.command("/agent")
    async def rename(ack: Ack, command: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=MODAL)

    @app.view("rename")
    async def save(ack: Ack, view: dict[str, Any]) -> None:
        typed = view["state"]["values"]["b"]["title"]["value"]
        if typed == "dull":
            await ack(response_action="errors", errors={"b": "Too dull."})
        else:
            await ack()

    await slack.people.command(U_BEN, C_GENERAL, "/agent rename")
    (view,) = await slack.wait_until(lambda: slack.workspace.modals.get(U_BEN, []))
    assert (await slack.people.submit(U_BEN, view.id, {"title": "dull"})).errors == {"b": "Too dull."}
    assert (await slack.people.submit(U_BEN, view.id, {"title": "bright"})).errors == {}
    assert slack.workspace.modals[U_BEN] == []


async def test_a_listener_that_fails_before_the_ack_gets_the_event_again(
    slack: EmulatedSlack, app: AsyncApp, clock: ManualClock
) -> None:
    tries: list[str] = []

    @app.event("message")
    async def stumble(event: dict[str, Any]) -> None:
        tries.append(event["text"])
        if len(tries) == 1:
            raise RuntimeError("the store is away")

    slack.people.say(U_ANA, D_ANA, "hi")
    await slack.wait_until(lambda: slack.sockets.connections[0].received == 1)
    clock.advance(3)
    await slack.wait_until(lambda: slack.undelivered == 0)
    assert tries == ["hi", "hi"]


async def test_a_condition_that_does_not_come_true_says_what_the_app_did(slack: EmulatedSlack) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    await client.auth_test()
    with pytest.raises(TimeoutError, match=r"auth\.test: ok"):
        await slack.wait_until(lambda: False, timeout_s=0.01)


async def test_the_port_can_be_chosen(slack: EmulatedSlack, unused_tcp_port: int) -> None:
    async with EmulatedSlack.start(port=unused_tcp_port) as other:
        assert other.api_url == f"http://127.0.0.1:{unused_tcp_port}/api/"
        assert other.api_url != slack.api_url
