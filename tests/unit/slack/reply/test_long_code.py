"""Code too long for a message: what messages say, and what its file holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.api.limits import LONG_CODE_BYTES, PREVIEW_BYTES, PREVIEW_LINES
from bot.slack.reply.long_code import AS_TEXT, LongCode, ShownText
from bot.slack.text.structure import Structure, structure_at
from tests.unit.slack.reply.read_back import CLOSED_BY_US, unfolded

LINES = [f"print('line {number} of a script that goes on and on')\n" for number in range(400)]
CODE = "".join(LINES)
assert len(CODE) > 2 * LONG_CODE_BYTES


def said_whole(text: str) -> ShownText:
    shown = ShownText(text)
    shown.end()
    return shown


def test_short_code_is_text_like_any_other() -> None:
    text = "Look:\n\n```python\n" + "".join(LINES[:20]) + "```\nDone."
    assert said_whole(text).text == text


def test_code_that_fits_is_shown_whole_once_it_is_known_to() -> None:
    text = "```python\n" + "".join(LINES[:100])
    shown = ShownText(text)
    assert shown.text == "```python\n" + "".join(LINES[:PREVIEW_LINES])
    shown.add("```\nDone.")
    assert shown.text == text + "```\nDone."


def test_long_code_waits_for_its_file_and_then_shows_its_first_lines() -> None:
    shown = ShownText(f"Look:\n\n```python\n{CODE}```\n\nDone.")
    first = "Look:\n\n```python\n" + "".join(LINES[:PREVIEW_LINES])
    assert shown.text == first
    assert shown.waiting is not None
    assert (shown.waiting.title, shown.waiting.content) == ("code-1.py", CODE)
    assert re.fullmatch(r"code-1-[0-9a-f]{8}\.py", shown.waiting.name)
    shown.settle(shown.waiting.name)
    note = "_The first 30 of 400 lines; all of them are in_ `code-1.py`"
    assert shown.text == f"{first}```\n{note}\n\n\nDone."


def test_where_slack_takes_no_file_the_code_is_text() -> None:
    text = f"Look:\n\n```python\n{CODE}```\n\nDone."
    shown = ShownText(text)
    shown.settle(AS_TEXT)
    assert shown.text == text


def test_long_code_that_is_cut_off_by_the_end_is_a_file_too() -> None:
    shown = said_whole(f"```\n{CODE}half a li")
    assert shown.waiting is not None
    assert (shown.waiting.content, shown.waiting.title) == (f"{CODE}half a li", "code-1.txt")


def test_code_on_one_enormous_line_shows_its_beginning() -> None:
    shown = said_whole("```json\n" + "[1234], " * 2_000 + "\n```\n")
    assert shown.waiting is not None
    shown.settle(shown.waiting.name)
    assert shown.text.startswith("```json\n[1234], ")
    assert len(shown.text) < PREVIEW_BYTES
    assert structure_at(shown.text, 0, len(shown.text), Structure()).fence is None
    assert "The beginning of a long line" in shown.text


def test_code_in_a_list_stays_in_it_and_its_file_has_no_indent() -> None:
    shown = said_whole("1. Run\n   ```sh\n" + "   echo hello\n" * 1_000 + "   ```\n2. Wait\n")
    assert shown.waiting is not None
    assert shown.waiting.content == "echo hello\n" * 1_000
    shown.settle(shown.waiting.name)
    assert "\n   ```\n   _The first" in shown.text


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ("python", "code-1.py"),
        ("TypeScript title=x", "code-1.ts"),
        ("sql", "code-1.sql"),
        ("", "code-1.txt"),
        ("../../etc/passwd", "code-1.txt"),
        ("a_very_long_language", "code-1.txt"),
    ],
)
def test_a_file_ends_as_its_language_does(info: str, title: str) -> None:
    shown = said_whole(f"```{info}\n{CODE}```\n")
    assert shown.waiting is not None
    assert shown.waiting.title == title


def test_a_tool_in_the_middle_of_code_lets_it_pass_as_text() -> None:
    shown = ShownText(f"```\n{CODE}")
    shown.let_pass()
    assert shown.text == f"```\n{CODE}"
    shown.add("```\n")
    assert shown.waiting is None


def test_a_place_behind_long_code_is_known_once_its_file_is_there() -> None:
    text = f"Look:\n```\n{CODE}```\n"
    shown = ShownText(text)
    assert (shown.place(3), shown.place(len(text))) == (3, None)
    assert shown.waiting is not None
    shown.settle(shown.waiting.name)
    assert shown.place(len(text)) == len(shown.text)
    assert shown.place(len(text) - 500) == len(shown.text)


def test_windows_line_ends_close_a_block_too() -> None:
    assert said_whole("```\r\ncode\r\n```\r\nDone.").text.endswith("Done.")
    shown = said_whole("```\r\n" + CODE + "```\r\nDone.")
    assert shown.waiting is not None
    assert shown.waiting.content == CODE


_pieces = st.lists(
    st.one_of(
        st.sampled_from(["\n", "```\n", "```python\n", "~~~\n", "````\n", "text", "\n- item\n"]),
        st.integers(1, 400).map(lambda rows: "x = 'a line of code'\n" * rows),
        st.integers(1, 9_000).map(lambda size: "x" * size),
        st.text(max_size=20),
    ),
    max_size=10,
)


def tell(pieces: Sequence[str], taken: Sequence[bool]) -> tuple[ShownText, Mapping[str, LongCode]]:
    """Everything said piece by piece; Slack takes a file, or not."""
    shown, files, answers = ShownText(), {}, list(taken)

    def settle() -> None:
        while shown.waiting is not None:
            code = shown.waiting
            takes = answers.pop() if answers else True
            if takes:
                files[code.title] = code
            shown.settle(code.name if takes else AS_TEXT)

    for piece in pieces:
        before = shown.text
        shown.add(piece)
        assert shown.text.startswith(before), "what is shown is never taken back"
        settle()
    shown.end()
    settle()
    return shown, files


@given(_pieces, st.lists(st.booleans(), max_size=5))
def test_with_the_files_put_back_it_is_exactly_what_was_said(pieces: list[str], taken: list[bool]) -> None:
    shown, files = tell(pieces, taken)
    again = unfolded(shown.text, {title: code.content for title, code in files.items()})
    said = "".join(pieces)
    assert again.startswith(said)
    assert CLOSED_BY_US.fullmatch(again[len(said) :]), "code that the end cut off is closed, and no more"


@given(_pieces, st.lists(st.booleans(), max_size=5), st.data())
def test_another_worker_shows_the_same(pieces: list[str], taken: list[bool], data: st.DataObject) -> None:
    shown, _ = tell(pieces, taken)
    at = data.draw(st.integers(0, len(pieces)))
    again = ShownText("".join(pieces[:at]), shown.files)
    again.add("".join(pieces[at:]))
    again.end()
    assert (again.text, again.files, again.waiting) == (shown.text, shown.files, None)
