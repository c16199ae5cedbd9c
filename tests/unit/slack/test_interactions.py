"""The slash command, buttons, menus, shortcuts and modals, through a real Bolt app."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ChatRefused, LeaseLost, Reason, Refusal, StoreAway
from bot.model import Ending, Person, ThreadKey, ThreadStatus
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.interactions import SHORTCUTS
from bot.slack.views.modals import INPUT, Asked
from tests.payloads import ANN, BEN, CHANNEL, DM, TEAM, payload
from tests.unit.slack.incoming import KEY, OLD_SESSION, SESSION, THREAD, Incoming, incoming

REPLY_TS = "1760000003.001300"
BY_ANN = Person(TEAM, ANN)


@pytest.fixture
async def slack() -> AsyncIterator[Incoming]:
    async with incoming() as opened:
        yield opened


async def type_command(slack: Incoming, text: str, **changes: Any) -> list[dict[str, Any]]:
    """Send the slash command; returns what its response_url was sent."""
    body = payload("slash_command", text=text, response_url=slack.hooks.url, **changes)
    response = await slack.send(body)
    assert (response.status, response.body) == (200, "")
    return slack.hooks.sent


async def press(slack: Incoming, shape: str, action: str, value: str = str(KEY)) -> list[dict[str, Any]]:
    """Press a button; returns what its response_url was sent."""
    body = payload(shape)
    if "response_url" in body:
        body["response_url"] = slack.hooks.url
    body["actions"][0].update(action_id=action, value=value)
    assert (await slack.send(body)).status == 200
    return slack.hooks.sent


# --- the command ------------------------------------------------------------------------------------


async def test_help_is_answered_to_the_one_who_typed_it(slack: Incoming) -> None:
    [sent] = await type_command(slack, "")
    assert sent["response_type"] == "ephemeral"
    assert "/agent list" in sent["text"]
    assert "/agent list mine" not in sent["text"]


async def test_help_tells_admins_how_to_see_only_their_own(slack: Incoming) -> None:
    [sent] = await type_command(slack, "help", user_id=BEN)
    assert "/agent list mine" in sent["text"]


async def test_an_admin_sets_how_answers_appear_in_a_channel_and_help_shows_it(slack: Incoming) -> None:
    await type_command(slack, "set streaming update", user_id=BEN)
    assert list(slack.channels.modes.values()) == ["update"]
    await type_command(slack, "help", user_id=BEN)
    assert "now: `update`" in slack.hooks.sent[-1]["text"]


async def test_nobody_but_admins_sets_how_answers_appear(slack: Incoming) -> None:
    [sent] = await type_command(slack, "set streaming update")
    assert sent["text"] == words.ADMINS_SET
    assert slack.channels.modes == {}


async def test_list_shows_a_page(slack: Incoming) -> None:
    slack.admin.cursor = "next"
    [sent] = await type_command(slack, "list tag:docs")
    [(query, cursor, limit)] = slack.admin.pages
    assert (query.user, query.tag, cursor, limit) == ("", "docs", "", 10)
    assert "0a1b2c3d" in json.dumps(sent["blocks"])
    assert sent["blocks"][-1]["elements"][0]["action_id"] == "list_page"


async def test_show_takes_an_id(slack: Incoming) -> None:
    [sent] = await type_command(slack, "show 0a1b2c3d")
    assert SESSION in json.dumps(sent["blocks"])


async def test_show_leads_this_person_to_the_page_with_all_of_it(slack: Incoming) -> None:
    [sent] = await type_command(slack, "show 0a1b2c3d")
    address = f"https://bot.example.com/transcripts/open/{ANN}-{KEY.root_ts}-{SESSION[:8]}"
    assert any(block.get("accessory", {}).get("url") == address for block in sent["blocks"])


async def test_without_such_a_page_show_does_without_it() -> None:
    async with incoming(has_pages=False) as slack:
        [sent] = await type_command(slack, "show 0a1b2c3d")
        assert SESSION in json.dumps(sent["blocks"])
        assert words.READ_BUTTON not in json.dumps(sent["blocks"])


async def test_an_export_goes_into_the_direct_message_and_says_what_did_not_fit(slack: Incoming) -> None:
    slack.web.answers |= {
        "conversations.open": {"channel": {"id": "D0ANN"}},
        "files.getUploadURLExternal": {"upload_url": "https://files.example.com/up", "file_id": "F1"},
    }
    [sent] = await type_command(slack, "export")
    assert "2 conversations" in sent["text"]
    assert "1 conversation more" in sent["text"]
    assert slack.web.to("upload") == [
        {"url": "https://files.example.com/up", "name": "conversations.zip", "content": b"PK all"}
    ]
    [done] = slack.web.to("files.completeUploadExternal")
    assert (done["channel_id"], done["files"]) == ("D0ANN", [{"id": "F1", "title": "conversations.zip"}])


async def test_an_export_of_what_is_somebody_elses_is_refused(slack: Incoming) -> None:
    await type_command(slack, "export 0a1b2c3d")
    assert slack.web.to("files.completeUploadExternal") == []


async def test_reset_asks_first_and_does_nothing_yet(slack: Incoming) -> None:
    [sent] = await type_command(slack, "reset 0a1b2c3d")
    assert sent["blocks"][-1]["elements"][0]["action_id"] == "reset_confirmed"
    assert slack.admin.done == []


@pytest.mark.parametrize(("typed", "value"), [("forget", f"user {ANN}"), ("forget 0a1b2c3d", f"thread {KEY}")])
async def test_forget_asks_first_and_does_nothing_yet(slack: Incoming, typed: str, value: str) -> None:
    [sent] = await type_command(slack, typed)
    button = sent["blocks"][-1]["elements"][0]
    assert (button["action_id"], button["value"]) == ("forget_confirmed", value)
    assert "can't be undone" in sent["text"]
    assert slack.privacy.forgotten == []


async def test_what_is_confirmed_is_forgotten_and_the_question_goes(slack: Incoming) -> None:
    slack.privacy.left = 1
    sent = await press(slack, "block_actions_ephemeral", "forget_confirmed", f"user {ANN}")
    assert slack.privacy.forgotten == [(ANN, ANN)]
    assert [answer["replace_original"] for answer in sent] == [True, True]
    assert "1 conversation gone" in sent[-1]["text"]
    assert "ask me again later" in sent[-1]["text"]
    await press(slack, "block_actions_ephemeral", "forget_confirmed", f"thread {KEY}")
    assert slack.privacy.forgotten[1:] == [(ANN, str(KEY))]


async def test_somebody_elses_can_not_be_asked_for(slack: Incoming) -> None:
    slack.privacy.failure = Refusal(Reason.NOT_YOURS)
    [sent] = await type_command(slack, f"forget <@{BEN}>")
    assert "forget_confirmed" not in json.dumps(sent)


@pytest.mark.parametrize("value", ["", "thread", "thread no-thread", "other thing"])
async def test_a_forged_confirmation_forgets_nothing(slack: Incoming, value: str) -> None:
    await press(slack, "block_actions_ephemeral", "forget_confirmed", value)
    assert slack.privacy.forgotten == []


async def test_restore_of_an_archived_sessions_id_brings_back_that_one(slack: Incoming) -> None:
    await type_command(slack, f"restore {OLD_SESSION[:8]}")
    assert slack.admin.done == [("restore", ANN, KEY, OLD_SESSION)]


async def test_restore_of_the_current_sessions_id_brings_back_the_last_one(slack: Incoming) -> None:
    await type_command(slack, "restore 0a1b2c3d")
    assert slack.admin.done == [("restore", ANN, KEY, "")]


async def test_rename_and_tag_say_what_it_is_called_now(slack: Incoming) -> None:
    await type_command(slack, "rename 0a1b2c3d A &lt;better&gt; title")
    await type_command(slack, "tag 0a1b2c3d docs")
    assert slack.admin.done == [("rename", ANN, KEY, "A <better> title"), ("tag", ANN, KEY, "docs")]
    assert [sent["text"] for sent in slack.hooks.sent] == [
        wording.renamed("A &lt;better&gt; title"),
        wording.tagged("docs"),
    ]


async def test_continue_brings_a_session_to_where_it_was_typed(slack: Incoming) -> None:
    [sent] = await type_command(slack, "continue", channel_id=DM)
    assert slack.forks.asked == [("continue", BY_ANN, DM, "")]
    assert "goes on" in sent["text"]


async def test_continue_where_the_bot_is_not_says_how_to_invite_it(slack: Incoming) -> None:
    slack.forks.failure = ChatRefused("chat.postMessage", "not_in_channel")
    [sent] = await type_command(slack, "continue")
    assert sent["text"] == words.NOT_A_MEMBER


async def test_what_is_unclear_is_answered_with_the_way_out(slack: Incoming) -> None:
    [sent] = await type_command(slack, "frobnicate")
    assert "/agent help" in sent["text"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (Refusal(Reason.NOT_YOURS), wording.refusal(Reason.NOT_YOURS)),
        (Refusal(Reason.AMBIGUOUS_SESSION, "<x>"), wording.refusal(Reason.AMBIGUOUS_SESSION, "&lt;x&gt;")),
        (StoreAway("connection refused"), wording.STORE_AWAY),
        (LeaseLost(), wording.refusal(Reason.BUSY)),
        (RuntimeError("a bug"), wording.BROKEN),
    ],
)
async def test_each_failure_is_told_in_its_own_words(slack: Incoming, failure: Exception, told: str) -> None:
    slack.admin.failure = failure
    [sent] = await type_command(slack, "show 0a1b2c3d")
    assert sent["text"] == told


async def test_when_the_response_url_is_used_up_the_answer_comes_as_an_ephemeral(slack: Incoming) -> None:
    slack.hooks.status = 404
    await type_command(slack, "help")
    [told] = slack.web.to("chat.postEphemeral")
    assert (told["channel"], told["user"]) == (CHANNEL, ANN)


async def test_a_malformed_command_gets_its_ack(slack: Incoming) -> None:
    assert (await slack.send(payload("slash_command", user_id=None))).status == 200


# --- buttons ----------------------------------------------------------------------------------------


async def test_show_in_a_rows_menu_shows_that_thread(slack: Incoming) -> None:
    body = payload("block_actions_overflow", response_url=slack.hooks.url)
    assert body["actions"][0]["selected_option"]["value"] == f"show {KEY}"
    await slack.send(body)
    assert SESSION in json.dumps(slack.hooks.sent[0]["blocks"])


async def test_a_confirmed_reset_is_done_and_takes_the_place_of_the_question(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_ephemeral", "reset_confirmed")
    assert slack.admin.done == [("reset", ANN, KEY)]
    assert sent["replace_original"] is True


async def test_cancel_takes_the_question_away(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_ephemeral", "cancel", "")
    assert sent == {"delete_original": True}
    assert slack.admin.done == []


async def test_leafing_replaces_the_list(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_ephemeral", "list_page", '{"by":"U0ANNANN1","at":"c2"}')
    assert slack.admin.pages[0][1] == "c2"
    assert sent["replace_original"] is True


async def test_restore_names_the_session_to_bring_back(slack: Incoming) -> None:
    await press(slack, "block_actions_ephemeral", "restore", f"{KEY} {OLD_SESSION}")
    assert slack.admin.done == [("restore", ANN, KEY, OLD_SESSION)]


async def test_stop_stops_the_turn(slack: Incoming) -> None:
    slack.admin.thread = replace(THREAD, status=ThreadStatus.RUNNING)
    await press(slack, "block_actions_ephemeral", "stop")
    assert slack.admin.done == [("stop", ANN, KEY)]


async def test_going_on_where_messages_are_held_back_is_for_anybody_there(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_message", "go_on", str(KEY))
    assert slack.admin.done == [("go_on", ANN, KEY, True)]
    assert sent["text"] == wording.going_on(2)


async def test_going_on_from_elsewhere_is_for_the_threads_people(slack: Incoming) -> None:
    await press(slack, "block_actions_ephemeral", "go_on", "T0PARTNER:C1:1700000000.000001")
    assert [deed[-1] for deed in slack.admin.done] == [False]


async def test_what_is_held_back_can_be_withdrawn(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_message", "withdraw_held_back", str(KEY))
    assert slack.admin.done == [("withdraw_held_back", ANN, KEY)]
    assert sent["text"] == wording.withdrawn(1)


async def test_continue_here_brings_the_session_to_the_channel_of_the_list(slack: Incoming) -> None:
    await press(slack, "block_actions_ephemeral", "continue_here")
    assert slack.forks.asked == [("continue", BY_ANN, CHANNEL, KEY)]


async def test_continue_here_on_a_session_before_a_reset_continues_that_one(slack: Incoming) -> None:
    await press(slack, "block_actions_ephemeral", "continue_here", f"{KEY} {OLD_SESSION}")
    assert slack.forks.asked == [("continue", BY_ANN, CHANNEL, OLD_SESSION)]


async def test_after_a_reset_a_button_leads_back(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_ephemeral", "reset_confirmed")
    [back] = sent["blocks"][-1]["elements"]
    assert (back["action_id"], back["value"].split()[0]) == ("restore", str(KEY))


async def test_rename_opens_a_modal_with_the_title_and_remembers_where_to_answer(slack: Incoming) -> None:
    await press(slack, "block_actions_ephemeral", "rename")
    [opened] = slack.web.to("views.open")
    assert opened["trigger_id"] == "1.2.trigger"
    assert opened["view"]["blocks"][0]["element"]["initial_value"] == THREAD.title
    assert Asked.read(opened["view"]["private_metadata"]) == Asked(KEY, CHANNEL, "", slack.hooks.url)


async def test_ask_again_is_about_the_branch_whose_root_has_the_button(slack: Incoming) -> None:
    body = payload("block_actions_message", response_url=slack.hooks.url)
    body["container"].pop("thread_ts")
    body["message"].pop("thread_ts")
    body["actions"][0].update(action_id="ask_again", value="")
    await slack.send(body)
    assert slack.forks.asked == [("ask_again", BY_ANN, ThreadKey(TEAM, CHANNEL, REPLY_TS))]


async def test_an_edited_message_is_asked_again_for_whoever_presses(slack: Incoming) -> None:
    [sent] = await press(slack, "block_actions_ephemeral", "ask_edited", f"{KEY} {REPLY_TS}")
    assert slack.edits.asked == [(BY_ANN, KEY, REPLY_TS)]
    assert sent["replace_original"] is True


def limit_hit(thread: ThreadKey, ending: str) -> str:
    return json.dumps({"thread": str(thread), "ending": ending})


async def test_continue_after_a_limit_goes_on_below_that_reply(slack: Incoming) -> None:
    await press(slack, "block_actions_message", "continue_turn", limit_hit(KEY, "max_turns"))
    assert slack.inbox.continued == [(BY_ANN, KEY, REPLY_TS, Ending.MAX_TURNS)]


async def test_continue_after_the_time_of_a_turn_goes_on_too(slack: Incoming) -> None:
    await press(slack, "block_actions_message", "continue_turn", limit_hit(KEY, "max_time"))
    assert slack.inbox.continued == [(BY_ANN, KEY, REPLY_TS, Ending.MAX_TIME)]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        limit_hit(ThreadKey(TEAM, CHANNEL, "1700000000.000001"), "max_turns"),
        limit_hit(ThreadKey("T0PARTNER", CHANNEL, KEY.root_ts), "max_turns"),
        limit_hit(KEY, "done"),
        limit_hit(KEY, "nonsense"),
        json.dumps({"thread": "nonsense", "ending": "max_turns"}),
    ],
)
async def test_a_forged_or_foreign_continue_is_refused(slack: Incoming, value: str) -> None:
    [sent] = await press(slack, "block_actions_message", "continue_turn", value)
    assert slack.inbox.continued == []
    assert sent["text"] == wording.refusal(Reason.BAD_ARGUMENT)


@pytest.mark.parametrize("action", ["show", "reset", "reset_confirmed", "restore", "stop", "rename", "tag"])
@pytest.mark.parametrize("value", ["nonsense", "T0PARTNER:C1:1.000001", ":::", "x" * 2000])
async def test_a_forged_value_changes_nothing_and_is_told(slack: Incoming, action: str, value: str) -> None:
    [sent] = await press(slack, "block_actions_ephemeral", action, value)
    assert slack.admin.done == []
    assert sent["text"] in {wording.refusal(Reason.BAD_ARGUMENT), wording.refusal(Reason.NO_SESSION_HERE)}


async def test_feedback_is_thanked_for(slack: Incoming) -> None:
    await slack.send(payload("block_actions_feedback", response_url=slack.hooks.url))
    assert [sent["text"] for sent in slack.hooks.sent] == [wording.FEEDBACK_THANKS]
    assert slack.hooks.sent[0]["thread_ts"] == KEY.root_ts


async def test_a_button_nobody_knows_and_a_link_get_a_quiet_ack(slack: Incoming) -> None:
    assert await press(slack, "block_actions_ephemeral", "brand_new") == []
    assert await press(slack, "block_actions_ephemeral", "open") == []


# --- App Home ---------------------------------------------------------------------------------------


async def test_in_app_home_an_answer_is_a_modal(slack: Incoming) -> None:
    await press(slack, "block_actions_home", "show")
    [opened] = slack.web.to("views.open")
    assert SESSION in json.dumps(opened["view"])


async def test_in_a_modal_the_answer_takes_its_place(slack: Incoming) -> None:
    body = payload("block_actions_home")
    body["view"].update(type="modal", id="V0ANSWERV")
    body["actions"][0].update(action_id="reset_confirmed", value=str(KEY))
    await slack.send(body)
    [updated] = slack.web.to("views.update")
    assert updated["view_id"] == "V0ANSWERV"
    assert slack.admin.done == [("reset", ANN, KEY)]


async def test_from_app_home_a_session_continues_in_the_dm(slack: Incoming) -> None:
    slack.web.answers["conversations.open"] = {"channel": {"id": DM}}
    await press(slack, "block_actions_home", "continue_here")
    assert slack.forks.asked == [("continue", BY_ANN, DM, KEY)]


# --- shortcuts --------------------------------------------------------------------------------------


async def use_shortcut(slack: Incoming, name: str) -> list[dict[str, Any]]:
    body = payload("message_shortcut", callback_id=name, response_url=slack.hooks.url)
    assert (await slack.send(body)).status == 200
    return slack.hooks.sent


async def test_branch_from_here_branches_at_the_message(slack: Incoming) -> None:
    [sent] = await use_shortcut(slack, "branch_here")
    assert slack.forks.asked == [("branch", BY_ANN, KEY, REPLY_TS)]
    assert "your branch" in sent["text"]


async def test_branching_the_same_message_again_says_so(slack: Incoming) -> None:
    slack.forks.again = True
    [sent] = await use_shortcut(slack, "branch_here")
    assert sent["text"].startswith("You branched here before")


async def test_the_other_shortcuts_show_ask_and_stop(slack: Incoming) -> None:
    await use_shortcut(slack, "show_session")
    await use_shortcut(slack, "reset_session")
    slack.admin.thread = replace(THREAD, status=ThreadStatus.RUNNING)
    await use_shortcut(slack, "stop_turn")
    assert slack.admin.done == [("stop", ANN, KEY)]
    shown, asked, stopped = slack.hooks.sent
    assert SESSION in json.dumps(shown["blocks"])
    assert asked["blocks"][-1]["elements"][0]["action_id"] == "reset_confirmed"
    assert stopped["text"] == wording.STOPPING


async def test_a_shortcut_nobody_knows_gets_a_quiet_ack(slack: Incoming) -> None:
    assert await use_shortcut(slack, "brand_new") == []


def test_names_of_shortcuts_keep_to_slacks_lengths() -> None:
    assert all(len(row.name) <= 24 and len(row.description) <= 150 for row in SHORTCUTS)


# --- modals -----------------------------------------------------------------------------------------


def submission(slack: Incoming, view: str, typed: str | None, asked: Asked) -> dict[str, Any]:
    body = payload("view_submission")
    body["view"].update(callback_id=view, private_metadata=asked.metadata())
    body["view"]["state"]["values"] = {INPUT: {INPUT: {"type": "plain_text_input", "value": typed}}}
    return body


async def test_a_submitted_title_is_kept_and_told_where_the_modal_was_opened(slack: Incoming) -> None:
    asked = Asked(KEY, CHANNEL, "", slack.hooks.url)
    response = await slack.send(submission(slack, "rename", " Release notes ", asked))
    assert (response.status, response.body) == (200, "")
    assert slack.admin.done == [("rename", ANN, KEY, "Release notes")]
    assert slack.whispers() == [wording.renamed("Release notes")]


async def test_an_empty_title_is_refused_beside_its_input(slack: Incoming) -> None:
    response = await slack.send(submission(slack, "rename", "  ", Asked(KEY, CHANNEL)))
    assert json.loads(response.body) == {"response_action": "errors", "errors": {INPUT: words.TITLE_MISSING}}
    assert slack.admin.done == []


async def test_an_empty_tag_takes_the_tag_away(slack: Incoming) -> None:
    await slack.send(submission(slack, "tag", None, Asked(KEY, CHANNEL)))
    assert slack.admin.done == [("tag", ANN, KEY, "")]


async def test_a_modal_opened_from_app_home_refreshes_it(slack: Incoming) -> None:
    await slack.send(submission(slack, "rename", "Release notes", Asked(KEY)))
    assert slack.web.to("views.publish")[0]["user_id"] == ANN


async def test_a_forged_modal_and_a_closed_one_get_a_quiet_ack(slack: Incoming) -> None:
    body = submission(slack, "rename", "x", Asked(KEY))
    body["view"]["private_metadata"] = "nonsense"
    assert (await slack.send(body)).status == 200
    assert (await slack.send(payload("view_closed"))).status == 200
    assert slack.admin.done == []
