"""Slack's message text, as people read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text.plain import mentions, plain

BOT = "U0BOTUSER"


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&amp;lt;", "&lt;"),
        ("<https://example.com/?a=1&amp;b=2|the page>", "the page (https://example.com/?a=1&b=2)"),
        ("<https://example.com>", "https://example.com"),
        ("<http://example.com|example.com>", "example.com"),
        ("<mailto:ann@example.com|ann@example.com>", "ann@example.com"),
        ("<#C0GENERAL|general>", "#general"),
        ("<#C0GENERAL>", "#C0GENERAL"),
        ("<@U0ANNANN1|ann>", "@ann"),
        ("<@U0ANNANN1>", "@U0ANNANN1"),
        ("<!subteam^S0DEV|@developers>", "@developers"),
        ("<!subteam^S0DEV>", "@S0DEV"),
        ("<!here>", "@here"),
        ("<!channel|channel>", "@channel"),
        ("<!date^1760000000^{date}|9 October>", "9 October"),
        ("<>", ""),
    ],
)
def test_references_and_escapes_become_what_people_read(wire: str, read: str) -> None:
    assert plain(wire) == read


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        (f"<@{BOT}> go on", "go on"),
        (f"<@{BOT}|agent>: go on", "go on"),
        (f"go <@{BOT}> on", "go on"),
        (f"go on <@{BOT}>", "go on"),
        (f"<@{BOT}> run `a  b`", "run `a  b`"),
        (f"<@{BOT}>\n```\n  indented\n```", "```\n  indented\n```"),
        (f"<@{BOT}>", ""),
        (f"<@{BOT}> ask <@U0ANNANN1>", "ask @U0ANNANN1"),
    ],
)
def test_the_mention_of_the_bot_is_taken_off_and_nothing_else(wire: str, read: str) -> None:
    assert plain(wire, BOT) == read


def test_mentions_are_found_with_and_without_a_label() -> None:
    assert mentions("<@U1> and <@W2|wendy>, not &lt;@U3&gt; nor <#C4>") == {"U1", "W2"}


@pytest.mark.parametrize("nothing", ["\u200b", " \u3164\n", "\u2060\ufeff", "\x00\x07", "\u2800"])
def test_what_shows_nothing_is_empty(nothing: str) -> None:
    assert plain(nothing) == ""
    assert plain(f"{nothing}a \u200d b{nothing}") == "a \u200d b"


def test_control_characters_are_taken_out() -> None:
    assert plain("a\x00b\x1b[31mc\td\ne") == "ab[31mc\td\ne"


SHOWN = st.characters(exclude_categories=("Cc", "Cf", "Cs"), exclude_characters="\u034f\u115f\u1160\u2800\u3164\uffa0")


@given(st.text(SHOWN | st.sampled_from("\n\t \u200d")))
def test_what_a_person_typed_comes_back_as_typed(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert plain(escaped) == typed.strip("\u200d\n\t" + "".join({char for char in typed if char.isspace()}))
