"""What is typed after the slash command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Person, ThreadFilter, ThreadKey
from bot.slack.commands import (
    VERBS,
    Command,
    Continue,
    Export,
    Forget,
    Help,
    List,
    Rename,
    Reset,
    Restore,
    SetStreaming,
    Show,
    Stop,
    StopMine,
    Tag,
    Unclear,
    parse,
)
from bot.slack.reply.mode import StreamingMode

ANN = Person("T1", "U0ANN")
KEY = ThreadKey("T1", "C0GENERAL", "1700000000.000100")
LINK = "https://example.slack.com/archives/C0GENERAL/p1700000000000100"
REPLY_LINK = "https://example.slack.com/archives/C0GENERAL/p1700000005000200?thread_ts=1700000000.000100&cid=C0GENERAL"


def read(text: str) -> Command:
    return parse(text, ANN, "/agent")


def listed(**fields: str) -> List:
    return List(ThreadFilter("T1", **fields))


@pytest.mark.parametrize("text", ["", "  ", "help", "HELP", "help me please"])
def test_no_words_and_help_mean_help(text: str) -> None:
    assert read(text) == Help()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("show 0a1b2c3d", Show("0a1b2c3d")),
        ("show 0A1B2C3D", Show("0a1b2c3d")),
        ("show `0a1b2c3d`", Show("0a1b2c3d")),
        (
            "show 0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
            Show("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"),
        ),
        ("export", Export()),
        ("export mine", Export()),
        ("export 0a1b2c3d", Export("0a1b2c3d")),
        (f"export {LINK}", Export(KEY)),
        ("forget", Forget(user="U0ANN")),
        ("forget me", Forget(user="U0ANN")),
        ("forget <@U0BEN|ben>", Forget(user="U0BEN")),
        ("forget 0a1b2c3d", Forget("0a1b2c3d")),
        (f"forget {LINK}", Forget(KEY)),
        (f"show {LINK}", Show(KEY)),
        (f"show <{LINK}>", Show(KEY)),
        (f"show <{LINK}|the thread>", Show(KEY)),
        (f"show {REPLY_LINK}", Show(KEY)),
        (f"show <{REPLY_LINK.replace('&', '&amp;')}>", Show(KEY)),
        ("reset 0a1b2c3d", Reset("0a1b2c3d")),
        ("set streaming update", SetStreaming(StreamingMode.UPDATE)),
        ("SET Streaming AUTO", SetStreaming(StreamingMode.AUTO)),
        ("restore 0a1b2c3d", Restore("0a1b2c3d")),
        ("stop 0a1b2c3d", Stop("0a1b2c3d")),
        ("stop", StopMine()),
        ("rename 0a1b2c3d  New title, please", Rename("0a1b2c3d", "New title, please")),
        ("tag 0a1b2c3d docs", Tag("0a1b2c3d", "docs")),
        ("tag 0a1b2c3d tag:R&amp;D `Notes`", Tag("0a1b2c3d", "r&d-notes")),
        ("rename 0a1b2c3d R&amp;D with <@U0BEN|ben>", Rename("0a1b2c3d", "R&D with @ben")),
        ("tag 0a1b2c3d", Tag("0a1b2c3d", "")),
        ("continue", Continue("")),
        ("continue 0a1b2c3d", Continue("0a1b2c3d")),
        (f"continue {LINK}", Continue(KEY)),
    ],
)
def test_commands_about_one_session_take_its_id_or_a_link(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("list", listed()),
        ("list all", listed()),
        ("list mine", listed(user="U0ANN")),
        ("list by:me", listed(user="U0ANN")),
        ("list in:<#C0DEV|dev>", listed(channel="C0DEV")),
        ("list <#C0DEV>", listed(channel="C0DEV")),
        ("list by:<@U0BEN|ben>", listed(user="U0BEN")),
        ("list <@U0BEN>", listed(user="U0BEN")),
        ("list tag:docs release notes", listed(tag="docs", text="release notes")),
        ("list tag:Docs R&amp;D", listed(tag="docs", text="R&D")),
        ("list mine <#C0DEV|dev> notes", listed(user="U0ANN", channel="C0DEV", text="notes")),
    ],
)
def test_a_list_is_filtered_by_channel_person_tag_and_words(text: str, command: Command) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("dance", "/agent help"),
        ("show", "/agent list"),
        ("show the last one", "/agent list"),
        ("show xyz", "/agent list"),
        ("show 0a1b2c3d and more", "/agent list"),
        ("show https://example.com/archives/C0GENERAL/p12", "/agent list"),
        ("rename", "/agent rename ID"),
        ("rename 0a1b2c3d", "/agent rename ID new title"),
        ("tag", "/agent tag ID"),
        ("rename 0a1b2c3d " + "x" * 81, "80 characters"),
        ("tag 0a1b2c3d " + "x" * 81, "80 characters"),
        ("list in:#dev", "suggestions"),
        ("list @ben", "suggestions"),
    ],
)
def test_what_is_unclear_is_answered_with_the_way_out(text: str, way_out: str) -> None:
    found = read(text)
    assert isinstance(found, Unclear)
    assert way_out in found.why


def test_what_was_typed_is_echoed_harmlessly() -> None:
    found = read("<!channel>")
    assert isinstance(found, Unclear)
    assert "<!" not in found.why


@given(st.one_of(st.text(max_size=60), st.builds("{} {}".format, st.sampled_from(VERBS), st.text(max_size=60))))
def test_nothing_that_can_be_typed_raises(text: str) -> None:
    assert isinstance(read(text), Command)
