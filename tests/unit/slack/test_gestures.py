"""What people do besides writing messages, from the wire to values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Person, ThreadKey
from bot.slack.gestures import (
    Place,
    Reaction,
    StopPressed,
    answer_thread,
    home_opened,
    press,
    reaction,
    shortcut,
    stop_pressed,
    submitted,
    typed,
)
from tests.payloads import ANN, CHANNEL, TEAM, names, payload

BY_ANN = Person(TEAM, ANN)
THREAD = ThreadKey(TEAM, CHANNEL, "1760000002.000200")
REPLY_TS = "1760000003.001300"
HOOK = "https://hooks.slack.com/actions/T0WORKSPC/2/def"


@pytest.mark.parametrize("name", ["seedling", "seedling::skin-tone-2", "seedling::skin-tone-6"])
def test_a_reaction_is_read_without_its_skin_tone(name: str) -> None:
    assert reaction(payload("reaction_added", reaction=name)) == Reaction(BY_ANN, CHANNEL, REPLY_TS, "seedling")


def test_a_reaction_on_something_else_than_a_message_is_none() -> None:
    assert reaction(payload("reaction_added", item={"type": "file", "file": "F1"})) is None


def test_the_stop_button_names_the_thread() -> None:
    assert stop_pressed(payload("agent_session_stopped")) == StopPressed(BY_ANN, THREAD)


def test_an_opened_home_names_its_tab() -> None:
    opened = home_opened(payload("app_home_opened_messages"))
    assert opened is not None
    assert opened.tab == "messages"


def test_a_command_is_answered_where_it_was_typed() -> None:
    found = typed(payload("slash_command"))
    assert found is not None
    assert found.text == "list"
    assert found.place == Place(
        BY_ANN, CHANNEL, response_url="https://hooks.slack.com/commands/T0WORKSPC/1/abc", trigger_id="1.2.trigger"
    )


def test_a_shortcut_on_a_reply_is_answered_in_its_thread() -> None:
    found = shortcut(payload("message_shortcut"))
    assert found is not None
    assert (found.thread, found.ts, found.place.thread_ts) == (THREAD, REPLY_TS, THREAD.root_ts)


def test_a_shortcut_on_a_root_is_answered_in_the_channel_where_people_see_it() -> None:
    body = payload("message_shortcut")
    body["message"].pop("thread_ts")
    found = shortcut(body)
    assert found is not None
    assert (found.thread, found.place.thread_ts) == (ThreadKey(TEAM, CHANNEL, REPLY_TS), "")


def test_a_button_below_a_reply_knows_the_thread() -> None:
    found = press(payload("block_actions_message"))
    assert found is not None
    assert (found.message, found.message_ts, found.place.thread_ts) == (THREAD, REPLY_TS, THREAD.root_ts)
    assert not found.place.on_ephemeral


def test_a_button_on_an_ephemeral_message_is_answered_beside_it() -> None:
    found = press(payload("block_actions_ephemeral"))
    assert found is not None
    assert (found.place.on_ephemeral, found.place.thread_ts, found.place.response_url) == (True, "", HOOK)


def test_a_menu_gives_the_value_of_the_chosen_option() -> None:
    found = press(payload("block_actions_overflow"))
    assert found is not None
    assert (found.id, found.value) == ("row", f"show {THREAD}")


def test_a_button_on_app_home_has_no_channel() -> None:
    found = press(payload("block_actions_home"))
    assert found is not None
    assert (found.place.channel, found.place.view_id, found.place.in_modal) == ("", "V0HOMEHOM", False)


def test_a_submitted_modal_gives_what_was_typed() -> None:
    found = submitted(payload("view_submission"))
    assert found is not None
    assert (found.id, found.typed, found.place.in_modal) == ("rename", "Release notes", True)


def test_a_modal_opened_from_another_workspace_belongs_to_where_the_app_is_installed() -> None:
    body = payload("view_submission")
    body["team"]["id"] = "T0PARTNER"
    found = submitted(body)
    assert found is not None
    assert found.place.person == BY_ANN


def test_an_answer_about_a_reply_belongs_into_its_thread() -> None:
    assert answer_thread(THREAD, REPLY_TS) == THREAD.root_ts
    assert answer_thread(THREAD, THREAD.root_ts) == ""


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
)


@pytest.mark.parametrize("read", [reaction, home_opened, stop_pressed, typed, shortcut, press, submitted])
@given(name=st.sampled_from(names()), junk=JUNK, data=st.data())
def test_no_shape_of_a_payload_raises(
    read: Callable[[dict[str, Any]], object], name: str, junk: object, data: st.DataObject
) -> None:
    body = payload(name)
    target = data.draw(
        st.sampled_from([body, *(value for value in body.values() if isinstance(value, dict) and value)])
    )
    target[data.draw(st.sampled_from(sorted(target)))] = junk
    read(body)
