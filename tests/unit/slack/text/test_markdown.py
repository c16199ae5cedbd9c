"""What is held back, and what is disarmed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text.markdown import WORD_JOINER, decided_end, harmless, harmless_slice, letters, one_line, steady_end


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[example.org](https://evil.test/a)", " (https://evil.test/a)"),
        ("[https://example.org/x](https://evil.test)", " (https://evil.test)"),
        ("<https://evil.test/a|example.org>", " (https://evil.test/a)"),
        ("[example.org](https://example.org@evil.test)", " (https://example.org@evil.test)"),
        ("[example.org](https://www.example.org/page)", ""),
        ("[the page](https://evil.test/a)", ""),
    ],
)
def test_a_label_that_looks_like_another_address_is_shown_with_its_target(text: str, told: str) -> None:
    text, shown = f"See {text} there", f"See {text}{told} there"
    assert harmless_slice(text, 0, len(text)) == shown
    for at in range(len(text) + 1):
        assert harmless_slice(text, 0, at) + harmless_slice(text, at, len(text)) == shown


def test_mentions_of_users_alone_can_be_let_through() -> None:
    text = "<@U123> <!channel> <!subteam^S1> <#C123>"
    shown = harmless_slice(text, 0, len(text), pings=True)
    assert shown == text.replace("<!", f"<{WORD_JOINER}!").replace("<#", f"<{WORD_JOINER}#")


@given(st.lists(st.sampled_from(["<", "!", "@", "U1", "here", ">", " ", "channel", "subteam^S1", "#C1", "\n"])))
def test_nothing_half_sent_is_completed_into_a_mention(pieces: list[str]) -> None:
    """What was shown at each flush, impatient ones too, joined as Slack joins it."""
    text, shown, said = "", 0, ""
    for piece in pieces:
        text += piece
        end = max(decided_end(text, shown), shown)
        said += harmless_slice(text, shown, end)
        shown = end
    said += harmless_slice(text, shown, len(text))
    assert said == harmless(text)
    assert harmless(said) == said, "nothing is left to disarm"
