"""The events the app hears."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import APP_ID, BOT_ID, C_GENERAL, C_LAUNCH, D_ANA, TEAM, U_ANA, U_BOT
from bot.playground.slack.people import Upload
from bot.playground.slack.values import ChannelKind, Json, User


def heard(slack: EmulatedSlack) -> list[Json]:
    return [payload["event"] for payload in slack.events]


async def test_every_event_comes_in_the_documented_envelope(slack: EmulatedSlack) -> None:
    slack.people.say(U_ANA, C_GENERAL, "hi")
    (payload,) = slack.events
    assert (payload["type"], payload["team_id"], payload["api_app_id"]) == ("event_callback", TEAM, APP_ID)
    assert payload["event_id"].startswith("Ev")
    assert payload["authorizations"][0] == {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": U_BOT,
        "is_bot": True,
        "is_enterprise_install": False,
    }


async def test_a_mention_comes_twice_with_different_event_ids(slack: EmulatedSlack) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hi")
    assert [event["type"] for event in heard(slack)] == ["app_mention", "message"]
    assert {event["ts"] for event in heard(slack)} == {ts}
    assert len({payload["event_id"] for payload in slack.events}) == 2


async def test_of_people_of_another_workspace_each_event_tells_it_in_its_own_place(slack: EmulatedSlack) -> None:
    cat = User("U0CAT3PARTN", "cat", "Cat", "ffffff", team="T0PARTNERCO")
    slack.workspace.add_user(cat)
    slack.workspace.join(slack.workspace.channel(C_GENERAL), cat)
    ts = slack.people.say(cat.id, C_GENERAL, f"{slack.mention} hi")
    slack.people.react(cat.id, C_GENERAL, ts, "eyes")
    mention, message, reaction = list(slack.events)[-3:]

    assert [body["team_id"] for body in (mention, message, reaction)] == [TEAM, "T0PARTNERCO", TEAM]
    assert {(body["context_team_id"], body["authorizations"][0]["team_id"]) for body in slack.events} == {(TEAM, TEAM)}
    assert (mention["event"]["team"], mention["event"]["user_team"]) == (TEAM, "T0PARTNERCO")
    assert (message["event"]["team"], message["event"].get("user_team")) == ("T0PARTNERCO", None)
    assert {body["is_ext_shared_channel"] for body in (mention, message, reaction)} == {True}


async def test_in_a_dm_a_mention_comes_once(slack: EmulatedSlack) -> None:
    slack.people.say(U_ANA, D_ANA, f"{slack.mention} hi")
    (event,) = heard(slack)
    assert (event["type"], event["channel_type"]) == ("message", "im")


@pytest.mark.parametrize(("channel", "kind"), [(C_GENERAL, "channel"), (C_LAUNCH, "group"), (D_ANA, "im")])
async def test_a_message_says_what_kind_of_channel_it_is_in(slack: EmulatedSlack, channel: str, kind: str) -> None:
    slack.people.say(U_ANA, channel, "hi")
    assert heard(slack)[0]["channel_type"] == kind


async def test_a_reply_names_its_thread_and_a_root_does_not(slack: EmulatedSlack) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    slack.people.say(U_ANA, C_GENERAL, "reply", root)
    first, second = heard(slack)
    assert "thread_ts" not in first
    assert (second["thread_ts"], second["parent_user_id"]) == (root, U_ANA)


async def test_a_file_share_names_the_file_with_its_url(slack: EmulatedSlack) -> None:
    slack.people.say(U_ANA, D_ANA, "", files=[Upload("a.png", b"x")])
    (event,) = heard(slack)
    assert event["subtype"] == "file_share"
    assert event["files"][0]["mimetype"] == "image/png"
    assert event["files"][0]["url_private_download"].startswith(slack.workspace.site)


async def test_the_bots_own_messages_come_with_its_bot_id(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=C_GENERAL, text=f"I am {slack.mention}")
    (event,) = heard(slack)
    assert (event["type"], event["bot_id"], event["user"]) == ("message", BOT_ID, U_BOT)


async def test_an_edit_brings_both_versions(slack: EmulatedSlack) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "old")
    slack.people.edit(U_ANA, C_GENERAL, ts, "new")
    event = heard(slack)[-1]
    assert (event["subtype"], event["hidden"]) == ("message_changed", True)
    assert (event["previous_message"]["text"], event["message"]["text"]) == ("old", "new")
    assert event["message"]["edited"]["user"] == U_ANA
    assert event["ts"] != event["message"]["ts"] == ts


async def test_an_unfurl_changes_a_message_without_editing_it(slack: EmulatedSlack) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "https://x.example")
    slack.people.unfurl(C_GENERAL, ts, [{"from_url": "https://x.example", "title": "X"}])
    event = heard(slack)[-1]
    assert event["subtype"] == "message_changed"
    assert "edited" not in event["message"]
    assert event["message"]["text"] == event["previous_message"]["text"]


async def test_a_deletion_brings_what_was_deleted(slack: EmulatedSlack) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "oops")
    slack.people.delete(U_ANA, C_GENERAL, ts)
    event = heard(slack)[-1]
    assert (event["subtype"], event["deleted_ts"]) == ("message_deleted", ts)
    assert event["previous_message"]["text"] == "oops"


async def test_a_deleted_root_with_replies_comes_as_a_tombstone(slack: EmulatedSlack) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "root")
    slack.people.say(U_ANA, C_GENERAL, "reply", ts)
    slack.people.delete(U_ANA, C_GENERAL, ts)
    event = heard(slack)[-1]
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")


async def test_a_reply_changes_nothing_that_the_app_hears_of_its_root(slack: EmulatedSlack) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    slack.people.say(U_ANA, C_GENERAL, "reply", root)
    assert [event.get("subtype") for event in heard(slack)] == [None, None]


@pytest.mark.parametrize(("every_append", "changes"), [(False, 1), (True, 3)])
async def test_a_stream_is_a_message_and_then_message_changed(every_append: bool, changes: int) -> None:
    async with EmulatedSlack.start(Setup(every_append=every_append)) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        root = slack.people.say(U_ANA, D_ANA, "hi")
        ts = str((await client.chat_startStream(channel=D_ANA, thread_ts=root, markdown_text="a"))["ts"])
        await client.chat_appendStream(channel=D_ANA, ts=ts, markdown_text="b")
        await client.chat_appendStream(channel=D_ANA, ts=ts, markdown_text="c")
        await client.chat_stopStream(channel=D_ANA, ts=ts)
        changed = [event for event in heard(slack) if event.get("subtype") == "message_changed"]
    assert len(changed) == changes
    assert changed[-1]["message"]["text"] == "abc"


async def test_a_reaction_names_the_message_but_no_thread(slack: EmulatedSlack) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "root")
    reply = slack.people.say(U_ANA, C_GENERAL, "reply", root)
    slack.people.react(U_ANA, C_GENERAL, reply, "eyes")
    event = heard(slack)[-1]
    assert (event["type"], event["reaction"], event["item_user"]) == ("reaction_added", "eyes", U_ANA)
    assert event["item"] == {"type": "message", "channel": C_GENERAL, "ts": reply}


async def test_what_the_app_did_not_subscribe_to_does_not_come(slack: EmulatedSlack) -> None:
    ts = slack.people.say(U_ANA, C_GENERAL, "hi")
    slack.people.react(U_ANA, C_GENERAL, ts, "eyes")
    slack.people.unreact(U_ANA, C_GENERAL, ts, "eyes")
    assert [event["type"] for event in heard(slack)] == ["message", "reaction_added"]


async def test_from_where_the_bot_is_not_nothing_comes(slack: EmulatedSlack) -> None:
    elsewhere = slack.workspace.add_channel(ChannelKind.PUBLIC, "others", [U_ANA]).id
    slack.people.say(U_ANA, elsewhere, f"{slack.mention} hi")
    assert heard(slack) == []


async def test_any_other_event_can_be_sent(slack: EmulatedSlack) -> None:
    payload = slack.send_event({"type": "tokens_revoked", "tokens": {"bot": [U_BOT]}})
    assert slack.events[-1] is payload
    assert payload["event"]["type"] == "tokens_revoked"
