"""Posting, changing and deleting messages."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import BOT_ID, C_GENERAL, C_LAUNCH, D_BEN, U_ANA, U_BEN, U_BOT
from bot.playground.slack.values import ChannelKind
from tests.unit.playground.slack.conftest import Refusal

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}


async def test_a_post_shows_in_the_channel_as_the_bots(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel=C_GENERAL, text="hello")
    (message,) = slack.posts_of_bot(C_GENERAL)
    assert (message.ts, message.text, message.bot_id) == (answer["ts"], "hello", BOT_ID)
    assert answer["message"]["bot_profile"]["name"] == "Claude"


async def test_a_post_to_a_person_goes_into_their_dm(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    assert (await client.chat_postMessage(channel=U_BEN, text="hello"))["channel"] == D_BEN


async def test_markdown_text_becomes_a_markdown_block(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    answer = await client.chat_postMessage(channel=C_GENERAL, markdown_text="**bold**")
    (block,) = answer["message"]["blocks"]
    assert (block["type"], block["text"]) == ("markdown", "**bold**")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "   "}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "channel": "C0NOWHERE00"}, "channel_not_found"),
        ({"text": "x", "thread_ts": "1700000000.000001"}, "thread_not_found"),
        ({"text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"text": "x", "metadata": {"event_type": "only"}}, "invalid_metadata_schema"),
    ],
)
async def test_a_post_that_slack_would_not_take_is_refused(
    client: AsyncWebClient, refusal: Refusal, arguments: dict[str, object], code: str
) -> None:
    assert await refusal(client.api_call("chat.postMessage", json={"channel": C_GENERAL, **arguments})) == code


async def test_the_longest_texts_are_taken(client: AsyncWebClient) -> None:
    assert (await client.chat_postMessage(channel=C_GENERAL, text="x" * 40_000))["ok"]
    assert (await client.chat_postMessage(channel=C_GENERAL, markdown_text="x" * 12_000))["ok"]


async def test_where_the_bot_is_not_it_can_not_post(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    public = slack.workspace.add_channel(ChannelKind.PUBLIC, "others", [U_ANA]).id
    private = slack.workspace.add_channel(ChannelKind.PRIVATE, "hidden", [U_ANA]).id
    assert await refusal(client.chat_postMessage(channel=public, text="x")) == "not_in_channel"
    assert await refusal(client.chat_postMessage(channel=private, text="x")) == "channel_not_found"


async def test_an_update_changes_the_text_and_marks_the_message_edited(
    slack: EmulatedSlack, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=C_GENERAL, text="old"))["ts"]
    await client.chat_update(channel=C_GENERAL, ts=ts, text="new")
    message = slack.workspace.message(C_GENERAL, ts)
    assert (message.text, message.edited_by) == ("new", U_BOT)


async def test_an_update_keeps_blocks_that_it_does_not_name_and_an_empty_list_removes_them(
    slack: EmulatedSlack, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=C_GENERAL, text="old", blocks=[SECTION]))["ts"]
    message = slack.workspace.message(C_GENERAL, ts)
    await client.chat_update(channel=C_GENERAL, ts=ts, text="new")
    assert [block["type"] for block in message.blocks] == ["section"]
    await client.chat_update(channel=C_GENERAL, ts=ts, text="new", blocks=[])
    assert message.blocks == []


async def test_an_update_keeps_metadata_that_it_does_not_name(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    metadata = {"event_type": "reply", "event_payload": {"turn": "1"}}
    ts = (await client.chat_postMessage(channel=C_GENERAL, text="old", metadata=metadata))["ts"]
    await client.chat_update(channel=C_GENERAL, ts=ts, text="new")
    assert slack.workspace.message(C_GENERAL, ts).metadata == metadata


async def test_an_update_takes_4000_characters_of_text_and_12000_of_markdown(
    client: AsyncWebClient, refusal: Refusal
) -> None:
    ts = (await client.chat_postMessage(channel=C_GENERAL, text="x"))["ts"]
    assert (await client.chat_update(channel=C_GENERAL, ts=ts, text="x" * 4000))["ok"]
    assert (await client.chat_update(channel=C_GENERAL, ts=ts, markdown_text="x" * 12_000))["ok"]
    assert await refusal(client.chat_update(channel=C_GENERAL, ts=ts, text="x" * 4001)) == "msg_too_long"
    assert await refusal(client.chat_update(channel=C_GENERAL, ts=ts, markdown_text="x" * 12_001)) == "msg_too_long"


async def test_only_its_own_messages_can_the_bot_update_and_delete(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    theirs = slack.people.say(U_ANA, C_GENERAL, "mine")
    assert await refusal(client.chat_update(channel=C_GENERAL, ts=theirs, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel=C_GENERAL, ts=theirs)) == "cant_delete_message"
    own = (await client.chat_postMessage(channel=C_GENERAL, text="x"))["ts"]
    await client.chat_delete(channel=C_GENERAL, ts=own)
    assert await refusal(client.chat_update(channel=C_GENERAL, ts=own, text="x")) == "message_not_found"
    assert await refusal(client.chat_delete(channel=C_GENERAL, ts=own)) == "message_not_found"


async def test_an_ephemeral_is_for_one_member_and_not_in_the_history(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    await client.chat_postEphemeral(channel=C_GENERAL, user=U_BEN, text="psst")
    assert [message.text for message in slack.ephemerals(U_BEN)] == ["psst"]
    assert slack.ephemerals(U_ANA) == []
    assert (await client.conversations_history(channel=C_GENERAL))["messages"] == []
    refused = client.chat_postEphemeral(channel=C_LAUNCH, user=U_BEN, text="psst")
    assert await refusal(refused) == "user_not_in_channel"


async def test_a_permalink_is_given_for_a_message_that_exists(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "hi")
    link = (await client.chat_getPermalink(channel=C_GENERAL, message_ts=ts))["permalink"]
    assert link == f"https://playground.slack.com/archives/{C_GENERAL}/p{ts.replace('.', '')}"
    missing = client.chat_getPermalink(channel=C_GENERAL, message_ts="1700000000.000001")
    assert await refusal(missing) == "message_not_found"
