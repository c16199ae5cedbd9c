"""Reading conversations, and reacting in them."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import (
    C_GENERAL,
    C_LAUNCH,
    C_RANDOM,
    D_ANA,
    D_BEN,
    U_ANA,
    U_BEN,
    U_BOT,
)
from bot.playground.slack.values import ChannelKind
from tests.unit.playground.slack.conftest import Refusal

EVERY_TYPE = "public_channel,private_channel,im,mpim"


async def test_a_thread_is_read_by_its_root(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    replies = [slack.people.say(U_BEN, C_GENERAL, f"reply {number}", root) for number in range(3)]
    messages = (await client.conversations_replies(channel=C_GENERAL, ts=root))["messages"]
    assert [message["ts"] for message in messages] == [root, *replies]
    assert (messages[0]["thread_ts"], messages[0]["reply_count"]) == (root, 3)
    assert messages[1]["parent_user_id"] == U_ANA


async def test_a_replys_ts_gives_that_reply_alone_with_its_thread(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    reply = slack.people.say(U_BEN, C_GENERAL, "reply", root)
    (message,) = (await client.conversations_replies(channel=C_GENERAL, ts=reply))["messages"]
    assert (message["ts"], message["thread_ts"]) == (reply, root)


async def test_a_message_without_replies_is_a_thread_of_one(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "alone")
    (message,) = (await client.conversations_replies(channel=C_GENERAL, ts=ts))["messages"]
    assert "thread_ts" not in message


async def test_a_thread_that_is_not_there_is_not_found(client: AsyncWebClient, refusal: Refusal) -> None:
    missing = client.conversations_replies(channel=C_GENERAL, ts="1700000000.000001")
    assert await refusal(missing) == "thread_not_found"


async def test_a_long_thread_comes_in_pages_each_led_by_the_root(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    replies = [slack.people.say(U_BEN, C_GENERAL, f"reply {number}", root) for number in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = await client.conversations_replies(channel=C_GENERAL, ts=root, limit=2, cursor=cursor)
        assert page["messages"][0]["ts"] == root
        seen += [message["ts"] for message in page["messages"][1:]]
        cursor = page["response_metadata"]["next_cursor"] if "response_metadata" in page else ""
        assert page["has_more"] == bool(cursor)
    assert (seen, cursor) == (replies, "")
    wrong = client.conversations_replies(channel=C_GENERAL, ts=root, cursor="nonsense!")
    assert await refusal(wrong) == "invalid_cursor"


async def test_oldest_and_latest_bound_a_thread_themselves_left_out(
    slack: EmulatedSlack, client: AsyncWebClient
) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    first, second, third = (slack.people.say(U_BEN, C_GENERAL, "reply", root) for _ in range(3))
    bounds = {"channel": C_GENERAL, "ts": root, "oldest": first, "latest": third}
    outside = await client.conversations_replies(**bounds)  # type: ignore[arg-type]
    assert [message["ts"] for message in outside["messages"]] == [root, second]
    inside = await client.conversations_replies(**bounds, inclusive=True)  # type: ignore[arg-type]
    assert [message["ts"] for message in inside["messages"]] == [root, first, second, third]


async def test_the_history_is_newest_first_and_without_replies(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    first = slack.people.say(U_ANA, C_GENERAL, "first")
    slack.people.say(U_BEN, C_GENERAL, "reply", first)
    broadcast = slack.people.say(U_BEN, C_GENERAL, "to all", first, broadcast=True)
    second = slack.people.say(U_ANA, C_GENERAL, "second")
    messages = (await client.conversations_history(channel=C_GENERAL))["messages"]
    assert [message["ts"] for message in messages] == [second, broadcast, first]


async def test_metadata_shows_whole_only_when_asked_for(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    metadata = {"event_type": "reply", "event_payload": {"turn": "1"}}
    await client.chat_postMessage(channel=C_GENERAL, text="x", metadata=metadata)
    (brief,) = (await client.conversations_history(channel=C_GENERAL))["messages"]
    (whole,) = (await client.conversations_history(channel=C_GENERAL, include_all_metadata=True))["messages"]
    assert brief["metadata"] == {"event_type": "reply"}
    assert whole["metadata"] == metadata


async def test_where_the_bot_is_not_it_can_not_read(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    public = slack.workspace.add_channel(ChannelKind.PUBLIC, "others", [U_ANA]).id
    private = slack.workspace.add_channel(ChannelKind.PRIVATE, "hidden", [U_ANA]).id
    assert await refusal(client.conversations_history(channel=public)) == "not_in_channel"
    assert await refusal(client.conversations_replies(channel=private, ts="1.1")) == "channel_not_found"
    assert (await client.conversations_info(channel=public))["channel"]["is_member"] is False
    assert await refusal(client.conversations_info(channel=private)) == "channel_not_found"


async def test_each_kind_of_conversation_says_what_it_is(client: AsyncWebClient) -> None:
    general = (await client.conversations_info(channel=C_GENERAL))["channel"]
    assert (general["name"], general["is_private"], general["is_im"]) == ("general", False, False)
    launch = (await client.conversations_info(channel=C_LAUNCH))["channel"]
    assert (launch["is_private"], launch["is_group"]) == (True, True)
    dm = (await client.conversations_info(channel=D_ANA))["channel"]
    assert (dm["is_im"], dm["user"]) == (True, U_ANA)
    assert "name" not in dm


async def test_conversations_are_listed_by_type_and_by_member(client: AsyncWebClient, refusal: Refusal) -> None:
    public = (await client.conversations_list())["channels"]
    assert {channel["id"] for channel in public} == {C_GENERAL, C_RANDOM}
    bens = (await client.users_conversations(user=U_BEN, types=EVERY_TYPE))["channels"]
    assert {channel["id"] for channel in bens} == {C_GENERAL, C_RANDOM, D_BEN}
    first = await client.users_conversations(user=U_ANA, types=EVERY_TYPE, limit=2)
    assert len(first["channels"]) == 2
    assert first["response_metadata"]["next_cursor"]
    assert await refusal(client.conversations_list(types="secret_channel")) == "invalid_types"


async def test_members_are_listed_and_dms_opened(client: AsyncWebClient, refusal: Refusal) -> None:
    assert set((await client.conversations_members(channel=C_LAUNCH))["members"]) == {U_ANA, U_BOT}
    assert (await client.conversations_open(users=U_BEN))["channel"]["id"] == D_BEN
    assert await refusal(client.conversations_open(users="U0NOBODY")) == "user_not_found"
    group = (await client.conversations_open(users=[U_ANA, U_BEN], return_im=True))["channel"]
    assert group["is_mpim"] is True


async def test_the_bot_reacts_once_and_takes_it_back_once(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "hi")
    eyes = {"channel": C_GENERAL, "timestamp": ts, "name": "eyes"}
    await client.reactions_add(**eyes)
    assert await refusal(client.reactions_add(**eyes)) == "already_reacted"
    reactions = (await client.reactions_get(channel=C_GENERAL, timestamp=ts))["message"]["reactions"]
    assert reactions == [{"name": "eyes", "users": [U_BOT], "count": 1}]
    await client.reactions_remove(**eyes)
    assert await refusal(client.reactions_remove(**eyes)) == "no_reaction"
    assert await refusal(client.reactions_add(**{**eyes, "name": "no such!"})) == "invalid_name"
    assert await refusal(client.reactions_add(**{**eyes, "timestamp": "1700000000.000001"})) == "message_not_found"
    assert await refusal(client.reactions_add(**{**eyes, "timestamp": "yesterday"})) == "bad_timestamp"


async def test_each_kind_of_conversation_asks_for_its_own_scope() -> None:
    async with EmulatedSlack.start(Setup(scopes=("channels:read", "channels:history"))) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        await client.conversations_info(channel=C_GENERAL)
        await client.conversations_history(channel=C_GENERAL)
        for call, needed in (
            (client.conversations_info(channel=D_ANA), "im:read"),
            (client.conversations_members(channel=C_LAUNCH), "groups:read"),
            (client.conversations_history(channel=C_LAUNCH), "groups:history"),
            (client.conversations_replies(channel=D_ANA, ts="1.000100"), "im:history"),
        ):
            with pytest.raises(SlackApiError) as caught:
                await call
            assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", needed)
