"""Message events, from the wire to values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Address, Attachment, Message, Person, ThreadKey
from bot.slack.normalise import Arrival, Deleted, Edited, Ignored, Own, ReplyDeleted, Word, WordKind, arrival
from tests.payloads import ANN, BEN, BOT_ID, BOT_USER, CHANNEL, DM, TEAM, names, payload

OWN = Own(BOT_USER, BOT_ID)
THREAD = ThreadKey(TEAM, CHANNEL, "1760000002.000200")


def read(name: str, **changes: Any) -> Arrival:
    return arrival(payload(name, **changes), OWN)


def message(name: str, **changes: Any) -> Message:
    found = read(name, **changes)
    assert isinstance(found, Message)
    return found


# --- where it belongs, and to whom it speaks --------------------------------------------------------


def test_a_message_at_the_root_of_a_channel_starts_its_own_thread_and_names_nobody() -> None:
    found = message("message_channel")
    assert found.thread == ThreadKey(TEAM, CHANNEL, "1760000001.000100")
    assert (found.ts, found.user, found.address) == ("1760000001.000100", ANN, Address.OPEN)
    assert found.user_team == TEAM
    assert not found.is_dm


def test_a_mention_speaks_to_the_bot_and_its_mention_is_taken_off() -> None:
    found = message("message_channel_mention")
    assert (found.text, found.address) == ("what changed in 2.0?", Address.BOT)


def test_the_same_mention_as_app_mention_and_as_message_is_the_same_message() -> None:
    assert message("app_mention") == message("message_channel_mention")


def test_a_reply_belongs_to_the_thread_it_is_in() -> None:
    found = message("message_thread_reply")
    assert (found.thread, found.ts, found.user) == (THREAD, "1760000060.000300", BEN)
    assert found.address is Address.OPEN


def test_a_message_that_names_somebody_else_is_for_them() -> None:
    found = message("message_other_mention")
    assert (found.address, found.text) == (Address.OTHER, f"@{BEN} could you look at this?")


def test_a_message_that_names_the_bot_and_somebody_else_is_for_the_bot() -> None:
    assert message("message_other_mention", text=f"<@{BEN}> see what <@{BOT_USER}> says").address is Address.BOT


def test_every_direct_message_is_for_the_bot_and_reads_as_it_was_typed() -> None:
    found = message("message_dm")
    assert found.is_dm
    assert found.address is Address.BOT
    assert found.text == "Summarise <b> & the page (https://example.com/a?b=1&c=2) for #general"


def test_a_group_dm_is_treated_like_a_channel() -> None:
    found = message("message_mpim")
    assert (found.is_dm, found.address) == (False, Address.BOT)
    assert message("message_mpim", text="and you?").address is Address.OPEN


def test_a_private_channel_is_treated_like_a_channel() -> None:
    assert message("message_group").address is Address.OPEN


@pytest.mark.parametrize("name", ["message_thread_broadcast", "message_me"])
def test_other_ways_of_writing_a_message_are_messages_too(name: str) -> None:
    assert message(name).text


def test_a_forwarded_message_is_quoted() -> None:
    assert message("message_forwarded").text == "> Ann wrote:\n> Has anybody seen the release notes?"


def test_the_workspace_is_the_one_that_the_event_was_authorised_for() -> None:
    body = payload("message_channel")
    body["team_id"] = "T0PARTNER"
    found = arrival(body, OWN)
    assert isinstance(found, Message)
    assert found.thread.team == TEAM


@pytest.mark.parametrize("through", [TEAM, None, "E0ACME"])
def test_with_an_organisation_wide_installation_the_workspace_is_the_one_slack_came_through(
    through: str | None,
) -> None:
    body = payload("message_channel")
    body["authorizations"][0].update(team_id=None, is_enterprise_install=True)
    body["context_team_id"] = through
    body["team_id"] = "T0PARTNER" if through == TEAM else TEAM
    found = arrival(body, OWN)
    assert isinstance(found, Message)
    assert found.thread.team == TEAM


def test_an_author_from_another_workspace_keeps_their_own() -> None:
    assert message("message_file_check_info").user_team == "T0PARTNER"


def test_an_organisations_id_is_not_taken_for_a_workspace() -> None:
    assert message("message_channel", user_team="E0COMPANY", team="T0PARTNER").user_team == "T0PARTNER"


@pytest.mark.parametrize(
    ("fields", "home"),
    [
        ({"team": TEAM}, ""),
        ({"team": TEAM, "user_team": "E0COMPANY"}, ""),
        ({"team": "T0PARTNER"}, "T0PARTNER"),
        ({"team": TEAM, "source_team": "T0PARTNER"}, "T0PARTNER"),
        ({"team": TEAM, "user_team": TEAM}, TEAM),
    ],
)
def test_in_a_shared_channel_nobody_counts_as_a_colleague_before_slack_says_so(
    fields: dict[str, str], home: str
) -> None:
    body = payload("app_mention", **fields)
    body["is_ext_shared_channel"] = True
    found = arrival(body, OWN)
    assert isinstance(found, Message)
    assert found.user_team == home


# --- other apps' bots -------------------------------------------------------------------------------


def test_another_apps_bot_is_heard_where_it_names_the_bot_and_is_known_for_one() -> None:
    found = message("message_channel_mention", bot_id="B0OTHERBT")
    assert found.by_bot
    assert found.address is Address.BOT


@pytest.mark.parametrize("text", ["build 17 passed", f"<@{BEN}> build 17 passed"])
def test_another_apps_bot_that_does_not_name_the_bot_is_not_heard(text: str) -> None:
    assert read("message_thread_reply", bot_id="B0OTHERBT", text=text) == Ignored("a bot's")
    assert read("message_dm", bot_id="B0OTHERBT", text="hello") == Ignored("a bot's")


def test_the_bots_own_message_is_never_heard_even_where_it_names_itself() -> None:
    assert read("message_channel_mention", bot_id=BOT_ID) == Ignored("our own")
    assert read("message_channel_mention", user=BOT_USER) == Ignored("our own")


def test_a_word_of_another_apps_bot_is_no_command() -> None:
    assert isinstance(read("message_channel_mention", bot_id="B0OTHERBT", text=f"<@{BOT_USER}> stop"), Message)


# --- files ------------------------------------------------------------------------------------------


def test_files_come_along_with_where_to_get_them() -> None:
    report, picture = message("message_file_share").files
    assert report == Attachment(
        "F0REPORT1",
        "report.md",
        "text/markdown",
        1234,
        "https://files.slack.com/files-pri/T0WORKSPC-F0REPORT1/download/report.md",
    )
    assert (picture.name, picture.mimetype) == ("chart.png", "image/png")


def test_a_file_that_slack_only_names_is_kept_without_an_address() -> None:
    found = message("message_file_check_info")
    assert found.files == (Attachment("F0CONNECT", "file", "", 0, ""),)
    assert found.text == ""


def test_a_deleted_file_is_left_out() -> None:
    assert read("message_file_share", text="", files=[{"id": "F0GONE", "mode": "tombstone"}]) == Ignored("empty")


# --- what is not for the bot ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("message_own", "our own"),
        ("message_bot", "subtype bot_message"),
        ("message_channel_join", "subtype channel_join"),
        ("message_changed_unfurl", "changed by Slack"),
        ("message_changed_stream", "our own"),
    ],
)
def test_what_is_not_a_persons_word_is_ignored(name: str, reason: str) -> None:
    assert read(name) == Ignored(reason)


@pytest.mark.parametrize(
    "changes",
    [{"bot_id": "B0OTHERBT"}, {"bot_profile": {"id": "B0OTHERBT"}}, {"user": "USLACKBOT"}, {"user": BOT_USER}],
)
def test_other_bots_slackbot_and_the_bots_own_user_are_ignored(changes: dict[str, Any]) -> None:
    assert isinstance(read("message_dm", **changes), Ignored)


def test_an_edit_in_which_the_text_stays_the_same_is_ignored() -> None:
    body = payload("message_changed")
    body["event"]["message"]["text"] = body["event"]["previous_message"]["text"]
    assert arrival(body, OWN) == Ignored("the text is the same")


def test_an_empty_message_without_files_is_ignored() -> None:
    assert read("message_channel", text=" ") == Ignored("empty")


# --- edits and deletions ----------------------------------------------------------------------------


def test_an_edit_by_the_author_carries_the_new_text() -> None:
    assert read("message_changed") == Edited(THREAD, "1760000060.000300", BEN, "And what about 2.2?")


def test_a_message_edited_to_nothing_is_as_good_as_deleted() -> None:
    body = payload("message_changed")
    body["event"]["message"]["text"] = ""
    assert arrival(body, OWN) == Deleted(THREAD, "1760000060.000300")


def test_a_deletion_names_the_thread_and_the_message() -> None:
    assert read("message_deleted") == Deleted(THREAD, "1760000060.000300")


def test_a_deletion_without_the_previous_message_is_of_a_root() -> None:
    found = read("message_deleted", previous_message=None)
    assert found == Deleted(ThreadKey(TEAM, CHANNEL, "1760000060.000300"), "1760000060.000300")


def test_a_root_deleted_while_replies_hang_on_it_is_deleted() -> None:
    assert read("message_changed_tombstone") == Deleted(THREAD, THREAD.root_ts)


def test_the_deletion_of_another_bots_message_is_ignored() -> None:
    body = payload("message_deleted")
    body["event"]["previous_message"]["bot_id"] = "B0OTHER"
    assert isinstance(arrival(body, OWN), Ignored)


def test_the_deletion_of_the_bots_own_message_is_told_with_its_thread() -> None:
    body = payload("message_deleted")
    body["event"]["previous_message"]["bot_id"] = BOT_ID
    key = ThreadKey("T0WORKSPC", "C0GENERAL", "1760000002.000200")
    assert arrival(body, OWN) == ReplyDeleted(key, "1760000060.000300")


# --- words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(WordKind))
def test_a_word_after_the_mention_is_a_word_to_the_bot(kind: WordKind) -> None:
    found = read("message_thread_reply", text=f"<@{BOT_USER}>  {kind.value.title()} ")
    assert found == Word(kind, THREAD, "1760000060.000300", Person(TEAM, BEN), asked=True)


def test_a_word_alone_in_a_dm_is_a_word_to_the_bot() -> None:
    found = read("message_dm", text="help")
    root = ThreadKey(TEAM, DM, "1760000100.000500")
    assert found == Word(WordKind.HELP, root, root.root_ts, Person(TEAM, ANN), asked=True)


def test_stop_alone_counts_in_a_thread_and_not_outside_of_one() -> None:
    found = read("message_thread_reply", text="stop")
    assert isinstance(found, Word)
    assert not found.asked
    assert message("message_channel", text="stop").text == "stop"


@pytest.mark.parametrize("word", ["reset", "restore", "help"])
def test_other_words_without_a_mention_are_plain_messages(word: str) -> None:
    assert message("message_thread_reply", text=word).text == word


@pytest.mark.parametrize("text", ["Stop!", "help?", "RESET.", "stop …"])
def test_a_word_with_a_mark_behind_it_is_still_that_word(text: str) -> None:
    assert isinstance(read("message_thread_reply", text=f"<@{BOT_USER}> {text}"), Word)


@pytest.mark.parametrize("text", ["!", "…", "?!"])
def test_marks_alone_are_a_prompt(text: str) -> None:
    assert message("message_channel_mention", text=f"<@{BOT_USER}> {text}").text == text


def test_the_name_alone_is_a_word_too_and_nothing_at_all_is_none() -> None:
    found = read("message_channel_mention", text=f" <@{BOT_USER}> ")
    assert isinstance(found, Word)
    assert found.kind is WordKind.NAME
    assert isinstance(read("message_dm", text=" "), Ignored)


def test_the_name_with_a_file_is_a_prompt() -> None:
    assert message("message_file_share", text=f"<@{BOT_USER}>").files


def test_a_word_in_a_sentence_is_a_prompt() -> None:
    assert message("message_dm", text="help me reset my router").address is Address.BOT


def test_a_word_is_heard_once_although_a_mention_comes_twice() -> None:
    text = f"<@{BOT_USER}> reset"
    assert isinstance(read("message_channel_mention", text=text), Word)
    assert isinstance(read("app_mention", text=text), Ignored)


# --- what is malformed ------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["channel", "user", "ts"])
@pytest.mark.parametrize("value", [None, "", 17, {}, "a:b", "x" * 200])
def test_a_message_without_a_proper_place_author_or_ts_is_ignored(field: str, value: object) -> None:
    assert isinstance(read("message_channel", **{field: value}), Ignored)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda j: st.lists(j, max_size=3))


@given(name=st.sampled_from(names()), field=st.text(max_size=12), junk=JSON, data=st.data())
def test_no_shape_of_an_event_raises(name: str, field: str, junk: object, data: st.DataObject) -> None:
    body = payload(name)
    event = body.get("event", body)
    event[data.draw(st.sampled_from(sorted(event))) if event else field] = junk
    found = arrival(body, OWN)
    assert isinstance(found, Message | Edited | Deleted | Word | Ignored)


@given(body=st.dictionaries(st.sampled_from(["event", "team_id", "authorizations", "type"]), JSON))
def test_no_body_raises(body: dict[str, Any]) -> None:
    assert isinstance(arrival(body, OWN), Ignored)
