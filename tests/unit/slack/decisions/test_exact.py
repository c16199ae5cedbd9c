"""Every character of what is to run can be seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.decisions.exact import excerpt, marks_in, pages, visible, visible_line

WILD = st.text(alphabet="ab \n\t`⟦⟧\u202e\u200b\x00\x1b\ud800é😀\ufe0f", max_size=300)


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("rm \u202e txt.exe", "rm ⟦U+202E⟧ txt.exe"),
        ("a\u200bb", "a⟦U+200B⟧b"),
        ("\x1b[2K\r", "⟦U+001B⟧[2K⟦U+000D⟧"),
        ("a\u00a0b", "a⟦U+00A0⟧b"),
        ("\u3164", "⟦U+3164⟧"),
        ("\U000e0041", "⟦U+E0041⟧"),
        ("a\ufe0f", "a⟦U+FE0F⟧"),
        ("\ud800", "⟦U+D800⟧"),
        ("⟦U+0041⟧", "⟦U+27E6⟧U+0041⟧"),
    ],
)
def test_what_cant_be_seen_is_written_out(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown
    assert marks_in(hidden) > 0


def test_lines_tabs_letters_and_emoji_stay_as_they_are() -> None:
    ordinary = "if a:\n\tprint('Grüße, 世界 ❤️ 😀 `x`')"
    assert visible(ordinary) == ordinary
    assert marks_in(ordinary) == 0


@given(WILD)
def test_nothing_in_a_visible_text_is_invisible(text: str) -> None:
    shown = visible(text)
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs") for char in shown if char not in "\n\t")
    shown.encode()


@given(WILD, WILD)
def test_different_texts_look_different(one: str, other: str) -> None:
    assert (visible(one) == visible(other)) == (one == other)


@given(WILD, st.integers(3, 30), st.integers(30, 200))
def test_an_excerpt_is_the_whole_or_its_beginning_and_end_and_says_how_much_is_missing(
    text: str, lines: int, chars: int
) -> None:
    found = excerpt(text, lines=lines, chars=chars)
    assert len(found.head) + len(found.tail) <= chars
    assert found.head.count("\n") + found.tail.count("\n") + 1 <= lines
    if found.whole:
        assert (found.head, found.tail) == (visible(text), "")
    else:
        assert visible(text).startswith(found.head)
        assert visible(text).endswith(found.tail)
        assert found.chars_left_out > 0


def test_the_end_of_a_long_command_is_shown() -> None:
    found = excerpt("echo hello" + " " * 5_000 + "; rm -rf .", lines=20, chars=900)
    assert found.head.startswith("echo hello")
    assert found.tail.endswith("; rm -rf .")
    assert found.chars_left_out == 5_020 - len(found.head) - len(found.tail)


@given(WILD, st.integers(20, 100))
def test_pages_hold_everything_and_cut_no_mark(text: str, chars: int) -> None:
    found = pages(text, chars)
    assert "".join(found) == visible(text)
    assert all(len(page) <= chars for page in found)
    assert all(page.count("⟦") <= page.count("⟧") for page in found)


def test_a_page_ends_with_a_line() -> None:
    assert pages("one\ntwo\nthree\nfour\n", 12) == ["one\ntwo\n", "three\nfour\n"]


def test_a_line_is_one_line_and_cut() -> None:
    assert visible_line("a\n b\u202e  c", 40) == "a b⟦U+202E⟧ c"
    assert visible_line("x" * 100, 10) == "x" * 9 + "…"
