"""Where messages end, and what is opened again in the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.reply.rollover import cut, easy_end, fits, message_text, size
from bot.slack.text.structure import Structure, closed, reopened, structure_at

NOTHING = Structure()


def ends(text: str, limit: int, shown: int = 0) -> str:
    return text[: cut(text, 0, shown, NOTHING, limit)]


def test_a_paragraph_is_the_best_end() -> None:
    text = "word " * 200 + "\n\n" + "line\n" * 80 + "word " * 200
    assert ends(text, 1_700).endswith("word \n\n")


def test_a_line_is_next() -> None:
    text = "line of words\n" * 40 + "word " * 400
    assert ends(text, 1_000).endswith("line of words\n")


def test_then_a_word() -> None:
    assert ends("word " * 400, 1_000).endswith("word ")


@pytest.mark.parametrize(
    "whole", ["[a long link text](https://example.org/with/path)", "<https://example.org|label>", ":white_check_mark:"]
)
def test_what_belongs_together_stays_together(whole: str) -> None:
    text = " ".join(f"see {whole}" for _ in range(200))
    for limit in range(900, 960):
        end = ends(text, limit)
        assert end.count(whole) * len(whole) + end.count("see") * 3 + end.count(" ") >= len(end) - 3
        assert not end.rstrip().endswith(whole[:-1])


@given(st.text(min_size=1, max_size=400).map(lambda text: text * 12), st.integers(1_000, 2_000))
def test_a_message_is_never_too_long_and_always_gets_on(text: str, limit: int) -> None:
    if not fits(text, 0, len(text), NOTHING, limit):
        end = cut(text, 0, 0, NOTHING, limit)
        assert 0 < end < len(text)
        assert size(message_text(text, 0, end, NOTHING, complete=True)) <= limit


@pytest.mark.parametrize("whole", ["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "❤️", "1️⃣", "e\u0301"])
def test_what_is_one_character_to_people_stays_whole(whole: str) -> None:
    for limit in range(1_000, 1_040):
        end = ends(whole * 400, limit)
        assert end == whole * (len(end) // len(whole))


def test_what_is_shown_is_not_taken_back() -> None:
    assert cut("word " * 400, 0, 1_500, NOTHING, 1_000) == 1_500


def test_a_message_that_is_nearly_full_ends_at_the_next_paragraph() -> None:
    text = "word " * 100 + "\n\nNext"
    assert easy_end(text, 0, 450, len(text), NOTHING, 400) == 502
    assert easy_end(text, 0, 450, len(text), NOTHING, 4_000) is None


def open_after(text: str) -> Structure:
    return structure_at(text, 0, len(text), NOTHING)


@pytest.mark.parametrize("fence", ["```python", "~~~", "````md", "  ```js", "> ```"])
def test_an_open_fence_is_closed_and_opened_again(fence: str) -> None:
    text = f"Text\n{fence}\nline\n"
    structure = open_after(text)
    marker = fence.rstrip("pythonmdjs")
    assert closed(structure, text) == marker
    assert reopened(structure, text + "more", len(text)) == f"{fence}\n"


@pytest.mark.parametrize(
    "text", ["```\ncode\n```\n", "`inline`", "```no `fence`", "~~~\n```\n~~~\n", "````\n```\n````\n"]
)
def test_a_closed_fence_needs_nothing(text: str) -> None:
    assert closed(open_after(text), text) == ""


def test_a_fence_is_closed_on_a_line_of_its_own() -> None:
    text = "```\nhalf a li"
    assert closed(open_after(text), text) == "\n```"


def test_a_table_ends_at_a_blank_line() -> None:
    table = "| a |\n|---|\n"
    assert reopened(open_after(f"{table}| 1 |\n"), f"{table}| 1 |\n| 2 |\n", len(table) + 6) == table
    assert open_after(f"{table}| 1 |\n\nText").table == ""


def test_a_list_item_at_the_top_needs_nothing() -> None:
    text = "- one\n- two\n"
    assert reopened(open_after(text), text + "- three", len(text)) == ""
