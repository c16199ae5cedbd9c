"""Events of the Events API, through a real Bolt app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ChatRefused, Reason, Refusal, StoreAway
from bot.model import Address, Person, ThreadKey, ThreadStatus
from bot.slack import wording
from bot.slack import wording_commands as words
from tests.payloads import ANN, BEN, BOT_USER, CHANNEL, DM, TEAM, names, payload
from tests.unit.slack.incoming import KEY, THREAD, Incoming, incoming


@pytest.fixture
async def slack() -> AsyncIterator[Incoming]:
    async with incoming() as opened:
        yield opened


# --- messages ---------------------------------------------------------------------------------------


async def test_a_message_is_stored_before_it_is_acknowledged(slack: Incoming) -> None:
    response = await slack.send(payload("message_channel_mention"))
    assert response.status == 200
    [message] = slack.inbox.taken
    assert (message.thread, message.text, message.address) == (KEY, "what changed in 2.0?", Address.BOT)


async def test_a_message_that_cannot_be_stored_is_not_acknowledged_and_its_author_is_told(slack: Incoming) -> None:
    slack.inbox.failure = StoreAway("connection refused")
    response = await slack.send(payload("message_channel_mention"))
    assert response.status == 503
    assert slack.whispers() == [words.MESSAGE_DELAYED]


async def test_when_it_comes_again_and_still_cannot_be_stored_nobody_is_told_twice(slack: Incoming) -> None:
    slack.inbox.failure = StoreAway("connection refused")
    assert (await slack.send(payload("message_channel_mention"), retry=1)).status == 503
    assert (await slack.send(payload("app_mention"))).status == 503
    assert (await slack.send(payload("message_channel"))).status == 503
    assert slack.whispers() == []


async def test_a_full_thread_says_so_to_the_one_who_wrote(slack: Incoming) -> None:
    slack.inbox.failure = Refusal(Reason.THREAD_FULL, "50")
    assert (await slack.send(payload("message_thread_reply"))).status == 200
    [told] = slack.web.to("chat.postEphemeral")
    assert (told["user"], told["thread_ts"]) == (BEN, KEY.root_ts)
    assert told["text"].startswith("As many messages wait here as I take (50)")


async def test_a_mention_that_is_refused_is_told_once_though_it_comes_as_two_events(slack: Incoming) -> None:
    slack.inbox.failure = Refusal(Reason.TOO_MANY_PROMPTS, "37")
    for name in ("app_mention", "message_channel_mention"):
        assert (await slack.send(payload(name))).status == 200
    [told] = slack.whispers()
    assert "Please try again in 37 s." in told


async def test_an_edit_that_is_too_long_is_refused_to_its_author(slack: Incoming) -> None:
    slack.inbox.failure = Refusal(Reason.PROMPT_TOO_LONG, "40,000")
    assert (await slack.send(payload("message_changed"))).status == 200
    [told] = slack.whispers()
    assert "I take at most 40,000 characters at a time" in told


@pytest.mark.parametrize("name", ["message_own", "message_bot", "message_channel_join", "message_changed_unfurl"])
async def test_what_is_not_for_the_bot_is_acknowledged_and_left_alone(slack: Incoming, name: str) -> None:
    assert (await slack.send(payload(name))).status == 200
    assert slack.inbox.taken == []


async def test_an_edit_amends_and_a_deletion_withdraws(slack: Incoming) -> None:
    await slack.send(payload("message_changed"))
    await slack.send(payload("message_deleted"))
    assert slack.inbox.amended == [(KEY, "1760000060.000300", "And what about 2.2?")]
    assert slack.inbox.withdrawn == [(KEY, "1760000060.000300")]


async def test_a_deletion_of_what_was_answered_takes_its_words_out(slack: Incoming) -> None:
    slack.inbox.waits = False
    assert (await slack.send(payload("message_deleted"))).status == 200
    assert slack.privacy.deleted == [(KEY, "1760000060.000300")]


async def test_a_deletion_that_can_not_be_followed_yet_is_told_again(slack: Incoming) -> None:
    slack.inbox.waits, slack.privacy.failure = False, Refusal(Reason.BUSY)
    assert (await slack.send(payload("message_deleted"))).status == 503


async def test_a_deletion_changes_no_session_where_that_is_not_set() -> None:
    async with incoming(follow_deletes=False) as slack:
        slack.inbox.waits = False
        assert (await slack.send(payload("message_deleted"))).status == 200
        assert slack.privacy.deleted == []


# --- words ------------------------------------------------------------------------------------------


async def test_help_is_told_where_it_was_asked(slack: Incoming) -> None:
    await slack.send(payload("message_dm", text="help"))
    [told] = slack.web.to("chat.postEphemeral")
    assert (told["channel"], told["user"]) == (DM, ANN)
    assert "/agent list" in told["text"]
    assert slack.inbox.taken == []


@pytest.mark.parametrize("shape", ["message_channel_mention", "message_thread_reply", "message_dm"])
async def test_the_bots_name_alone_gets_a_friendly_answer_and_starts_nothing(slack: Incoming, shape: str) -> None:
    await slack.send(payload(shape, text=f"<@{BOT_USER}>"))
    assert slack.whispers() == [words.GREETING]
    assert slack.inbox.taken == []


async def test_reset_in_a_thread_asks_first(slack: Incoming) -> None:
    await slack.send(payload("message_thread_reply", text=f"<@{BOT_USER}> reset"))
    [told] = slack.web.to("chat.postEphemeral")
    buttons = told["blocks"][-1]["elements"]
    assert [(button["action_id"], button.get("value")) for button in buttons] == [
        ("reset_confirmed", str(KEY)),
        ("cancel", None),
    ]
    assert slack.admin.done == []


async def test_reset_outside_of_a_thread_says_where_to_write_it(slack: Incoming) -> None:
    await slack.send(payload("message_dm", text="reset"))
    assert slack.whispers() == [words.NOT_IN_A_THREAD]


async def test_restore_in_a_thread_brings_back_what_was_reset_last(slack: Incoming) -> None:
    await slack.send(payload("message_thread_reply", text=f"<@{BOT_USER}> restore"))
    assert slack.admin.done == [("restore", BEN, KEY, "")]


async def test_stop_in_a_thread_stops_its_turn(slack: Incoming) -> None:
    slack.admin.thread = replace(THREAD, status=ThreadStatus.RUNNING)
    await slack.send(payload("message_thread_reply", text="Stop"))
    assert slack.admin.done == [("stop", BEN, KEY)]
    assert slack.whispers() == [wording.STOPPING]


async def test_the_stop_emoji_on_a_message_of_the_thread_stops_its_turn(slack: Incoming) -> None:
    slack.admin.thread = replace(THREAD, status=ThreadStatus.RUNNING)
    slack.web.answers.update(replies_with(ts=REPLY_TS, thread_ts=KEY.root_ts))
    await slack.send(payload("reaction_added", reaction="octagonal_sign"))
    assert [deed[0] for deed in slack.admin.done] == ["stop"]


async def test_the_stop_emoji_where_nothing_runs_means_something_else(slack: Incoming) -> None:
    slack.web.answers.update(replies_with(ts=REPLY_TS, thread_ts=KEY.root_ts))
    await slack.send(payload("reaction_added", reaction="octagonal_sign"))
    assert slack.admin.done == []
    assert slack.whispers() == []


async def test_stop_to_somebody_else_is_none_of_the_bots_business(slack: Incoming) -> None:
    await slack.send(payload("message_thread_reply", text="stop", thread_ts="1750000000.000001"))
    assert slack.whispers() == []


async def test_stop_to_the_bot_where_nothing_runs_says_so(slack: Incoming) -> None:
    await slack.send(payload("message_thread_reply", text=f"<@{BOT_USER}> stop"))
    assert slack.whispers() == [wording.refusal(Reason.NOTHING_RUNNING)]


async def test_stop_outside_of_a_thread_stops_what_runs_for_that_person_there(slack: Incoming) -> None:
    slack.admin.thread = replace(THREAD, status=ThreadStatus.RUNNING)
    await slack.send(payload("message_dm", text="stop"))
    [(query, _, _)] = slack.admin.pages
    assert (query.channel, query.user) == (DM, ANN)
    assert slack.admin.done == [("stop", ANN, KEY)]


async def test_whoever_changes_a_message_that_was_answered_is_offered_to_ask_it_again(slack: Incoming) -> None:
    slack.inbox.waiting = False
    await slack.send(payload("message_changed"))
    [offered] = slack.web.to("chat.postEphemeral")
    assert (offered["user"], offered["text"]) == (BEN, wording.EDITED_TOO_LATE)
    assert [button["action_id"] for button in offered["blocks"][-1]["elements"]] == ["ask_edited", "cancel"]


@pytest.mark.parametrize(("waiting", "answered"), [(True, True), (False, False)])
async def test_a_change_of_what_waits_or_was_never_answered_offers_nothing(
    slack: Incoming, waiting: bool, answered: bool
) -> None:
    slack.inbox.waiting, slack.edits.answered = waiting, answered
    await slack.send(payload("message_changed"))
    assert slack.whispers() == []


# --- reactions --------------------------------------------------------------------------------------


def replies_with(**message: Any) -> dict[str, Any]:
    return {"conversations.replies": {"messages": [{"type": "message", **message}]}}


REPLY_TS = "1760000003.001300"


async def test_the_branch_emoji_branches_the_thread_of_the_message(slack: Incoming) -> None:
    slack.web.answers.update(replies_with(ts=REPLY_TS, thread_ts=KEY.root_ts))
    await slack.send(payload("reaction_added"))
    assert slack.forks.asked == [("branch", Person(TEAM, ANN), KEY, REPLY_TS)]
    [told] = slack.web.to("chat.postEphemeral")
    assert (told["user"], told["thread_ts"]) == (ANN, KEY.root_ts)


async def test_a_reaction_on_a_root_branches_its_own_thread(slack: Incoming) -> None:
    slack.web.answers.update(replies_with(ts=REPLY_TS))
    await slack.send(payload("reaction_added", reaction="seedling::skin-tone-3"))
    assert slack.forks.asked == [("branch", Person(TEAM, ANN), ThreadKey(TEAM, CHANNEL, REPLY_TS), REPLY_TS)]


@pytest.mark.parametrize(
    "changes",
    [{"reaction": "thumbsup"}, {"user": BOT_USER}, {"item": {"type": "file", "file": "F1"}}, {"item": None}],
)
async def test_other_reactions_start_nothing(slack: Incoming, changes: dict[str, Any]) -> None:
    assert (await slack.send(payload("reaction_added", **changes))).status == 200
    assert slack.forks.asked == []
    assert slack.web.to("conversations.replies") == []


async def test_a_branch_that_is_refused_says_why_in_the_thread(slack: Incoming) -> None:
    slack.web.answers.update(replies_with(ts=REPLY_TS, thread_ts=KEY.root_ts))
    slack.forks.failure = Refusal(Reason.TURN_RUNNING)
    await slack.send(payload("reaction_added"))
    [told] = slack.web.to("chat.postEphemeral")
    assert (told["text"], told["thread_ts"]) == (wording.refusal(Reason.TURN_RUNNING), KEY.root_ts)


async def test_a_reaction_on_a_message_that_is_gone_says_so(slack: Incoming) -> None:
    slack.web.answers["conversations.replies"] = ChatRefused("conversations.replies", "thread_not_found")
    await slack.send(payload("reaction_added"))
    assert slack.whispers() == [wording.refusal(Reason.NO_SESSION_HERE)]


async def test_what_breaks_is_told_in_plain_words(slack: Incoming) -> None:
    slack.web.answers.update(replies_with(ts=REPLY_TS))
    slack.forks.failure = RuntimeError("a bug")
    await slack.send(payload("reaction_added"))
    assert slack.whispers() == [wording.BROKEN]


# --- answers and their ways -------------------------------------------------------------------------


async def test_where_no_ephemeral_can_be_shown_in_a_dm_the_answer_is_posted(slack: Incoming) -> None:
    slack.web.answers["chat.postEphemeral"] = ChatRefused("chat.postEphemeral", "user_not_in_channel")
    await slack.send(payload("message_dm", text="help"))
    [posted] = slack.web.to("chat.postMessage")
    assert posted["channel"] == DM


async def test_where_no_ephemeral_can_be_shown_in_a_channel_the_answer_goes_to_the_persons_dm(slack: Incoming) -> None:
    slack.web.answers["chat.postEphemeral"] = ChatRefused("chat.postEphemeral", "user_not_in_channel")
    await slack.send(payload("message_thread_reply", text=f"<@{BOT_USER}> help"))
    [posted] = slack.web.to("chat.postMessage")
    assert posted["channel"] == BEN
    assert "thread_ts" not in posted


# --- other events -----------------------------------------------------------------------------------


async def test_the_stop_button_of_slack_stops_the_turn(slack: Incoming) -> None:
    await slack.send(payload("agent_session_stopped"))
    assert slack.inbox.stopped == [KEY]


async def test_a_stop_that_could_not_be_passed_on_comes_again(slack: Incoming) -> None:
    slack.inbox.failure = StoreAway("connection refused")
    assert (await slack.send(payload("agent_session_stopped"))).status == 503


async def test_opening_the_home_tab_shows_ones_own_threads(slack: Incoming) -> None:
    await slack.send(payload("app_home_opened"))
    [published] = slack.web.to("views.publish")
    assert published["user_id"] == ANN
    assert published["view"]["type"] == "home"
    assert slack.admin.pages[0][0].user == ANN


async def test_opening_the_messages_tab_suggests_prompts_and_a_refusal_does_no_harm(slack: Incoming) -> None:
    slack.web.answers["assistant.threads.setSuggestedPrompts"] = ChatRefused("x", "not_allowed")
    assert (await slack.send(payload("app_home_opened_messages"))).status == 200
    [suggested] = slack.web.to("assistant.threads.setSuggestedPrompts")
    assert suggested["channel_id"] == DM
    assert 0 < len(suggested["prompts"]) <= 4


@pytest.mark.parametrize("name", [name for name in names() if "event" in payload(name)])
async def test_every_event_gets_its_ack(slack: Incoming, name: str) -> None:
    assert (await slack.send(payload(name))).status == 200


async def test_an_event_nobody_knows_gets_a_quiet_ack(slack: Incoming) -> None:
    assert (await slack.send(payload("reaction_added", type="brand_new"))).status == 200


@pytest.mark.parametrize("event", [None, 17, "text", [], {}, {"type": 3}])
async def test_a_malformed_event_gets_its_ack_since_it_would_not_get_better(slack: Incoming, event: object) -> None:
    body = payload("message_channel")
    body["event"] = event
    assert (await slack.send(body)).status == 200
    assert slack.inbox.taken == []
