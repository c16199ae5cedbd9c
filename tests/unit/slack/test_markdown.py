"""What is held back, and what is disarmed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.markdown import WORD_JOINER, decided_end, harmless, harmless_slice, letters, one_line, steady_end


@pytest.mark.parametrize(
    "reference",
    [
        "<!channel>",
        "<!here>",
        "<!everyone|all>",
        "<!subteam^S1|team>",
        "<@U123>",
        "<@W123|x>",
        "<#C1|general>",
        "<!HERE>",
    ],
)
def test_references_are_disarmed_and_look_the_same(reference: str) -> None:
    assert harmless(f"a {reference} b") == f"a <{WORD_JOINER}{reference[1:]} b"


@pytest.mark.parametrize(
    "text",
    ["<!DOCTYPE html>", "<!-- comment -->", "a < b", "<https://example.org|x>", "#include <stdio.h>", "@here", "<"],
)
def test_everything_else_goes_as_it_was_written(text: str) -> None:
    assert harmless(text) == text


@given(st.text(alphabet="<!@#CUchanelrvyo^ >x", max_size=60), st.integers(0, 60))
def test_two_slices_together_are_as_harmless_as_the_whole(text: str, at: int) -> None:
    cut = decided_end(text[:at], 0)
    assert harmless_slice(text, 0, cut) + harmless_slice(text, cut, len(text)) == harmless(text)
    assert harmless_slice(text[:at], 0, cut) == harmless_slice(text, 0, cut)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello wor", "Hello "),
        ("Hello world. ", "Hello world. "),
        ("See [the do", "See "),
        ("See [the docs](https://exam", "See "),
        ("See [the docs](https://example.org) ", "See [the docs](https://example.org) "),
        ("A smile :smi", "A smile "),
        ("Code:\n```pyth", "Code:\n"),
        ("日本語の文章", "日本語の文章"),
        ("a <!chan", "a "),
    ],
)
def test_what_is_half_written_waits(text: str, shown: str) -> None:
    assert text[: steady_end(text, 0)] == shown


def test_nothing_that_is_shown_is_taken_back() -> None:
    assert steady_end("Hello wor", 7) == 7


def test_a_title_is_one_short_harmless_line() -> None:
    assert one_line("Running\n  echo <!here>", 100) == f"Running echo <{WORD_JOINER}!here>"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


def test_letters_are_what_survives_rewriting() -> None:
    assert letters("*Hello*, Wörld 2!\n") == "hellowörld2"
