"""Text of which every character can be seen: what is shown is what runs.

Characters that show nothing, or change how others are shown, stand as `⟦U+202E⟧`. So does `⟦` itself, so that a mark
can't be forged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of control, format (bidirectional overrides, zero-width), surrogate, private, unassigned, and
separator characters."""

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(map(chr, range(0x180B, 0x1810)))
"""Letters and marks that show nothing: fillers, joiners, the Mongolian variation selectors."""

_EMOJI_STYLE = "\ufe0f"
"""Asks for a symbol as an emoji; common behind one, and marked elsewhere."""


def mark(char: str) -> str:
    """How a character that can't be seen is written."""
    return f"⟦U+{ord(char):04X}⟧"


def is_marked(char: str, before: str = "") -> bool:
    """Whether a character is written as a mark. `before` is the one in front of it."""
    if char in "\n\t":
        return False
    if char == _EMOJI_STYLE:
        return not before or unicodedata.category(before) not in ("So", "Sm", "Po")
    category = unicodedata.category(char)
    return (
        char == "⟦"
        or category in _INVISIBLE
        or (category == "Zs" and char != " ")
        or char in _BLANK
        or "\ufe00" <= char <= "\ufe0e"
        or "\U000e0100" <= char <= "\U000e01ef"
    )


def visible(text: str) -> str:
    """The text with marks for what can't be seen. Line breaks and tabs stay."""
    return "".join(_pieces(text))


def visible_line(text: str, chars: int) -> str:
    """The same on one line, and at most so many characters."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= chars else line[: chars - 1].rstrip() + "…"


def marks_in(text: str) -> int:
    """How many of its characters are written as marks."""
    return sum(is_marked(char, text[place - 1 : place]) for place, char in enumerate(text))


def _pieces(text: str) -> Iterator[str]:
    before = ""
    for char in text:
        yield mark(char) if is_marked(char, before) else char
        before = char


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text's beginning and end, visible, and how much between them is left out; all of it is in `head` if it fits."""

    head: str
    tail: str = ""
    lines_left_out: int = 0
    chars_left_out: int = 0

    @property
    def whole(self) -> bool:
        return self.chars_left_out == 0


def excerpt(text: str, *, lines: int, chars: int) -> Excerpt:
    """What fits into so many lines and characters: two thirds of them from the beginning, a third from the end.

    The end is shown since that is where a long command would hide what it is really about.
    """
    fitting = _fitting(_pieces(text), lines, chars)
    if len(fitting) == len(text):
        return Excerpt("".join(fitting))
    head = fitting[: len(_fitting(fitting, lines * 2 // 3, chars * 2 // 3))]
    rest = text[len(head) :]
    backwards = [mark(char) if is_marked(char, rest[at - 1 : at]) else char for at, char in _from_the_end(rest, chars)]
    tail = _fitting(backwards, lines // 3, chars // 3)
    between = rest[: len(rest) - len(tail)]
    return Excerpt("".join(head), "".join(reversed(tail)), between.count("\n") + 1, len(between))


def _from_the_end(text: str, chars: int) -> Iterator[tuple[int, str]]:
    for at in range(len(text) - 1, max(-1, len(text) - 1 - chars), -1):
        yield at, text[at]


def _fitting(pieces: Iterator[str] | list[str], lines: int, chars: int) -> list[str]:
    """The first pieces, as many as fit."""
    kept: list[str] = []
    for piece in pieces:
        chars -= len(piece)
        lines -= piece == "\n"
        if chars < 0 or lines < 1:
            break
        kept.append(piece)
    return kept


def pages(text: str, chars: int) -> list[str]:
    """The whole text, visible, in pages of at most so many characters, which end with a line where one ends late."""
    whole = visible(text)
    found: list[str] = []
    start = 0
    while len(whole) - start > chars:
        line_end = whole.rfind("\n", start + chars // 2, start + chars)
        end = line_end + 1 if line_end >= 0 else _outside_a_mark(whole, start, start + chars)
        found.append(whole[start:end])
        start = end
    return [*found, whole[start:]]


def _outside_a_mark(whole: str, start: int, end: int) -> int:
    opened = whole.rfind("⟦", start, end)
    return opened if opened > start and whole.find("⟧", opened, end) < 0 else end
