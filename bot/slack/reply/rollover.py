"""Where a reply that grows too long for one message goes over to the next."""

from __future__ import annotations

import re
import unicodedata

from bot.slack.text.markdown import harmless, harmless_slice
from bot.slack.text.structure import Structure, closed, reopened, structure_at

_WHOLE = re.compile(
    r"""
      !?\[[^\]\n]{0,300}\]\([^)\n]{0,1500}\)   # a link or image
    | <[^<>\n]{1,1500}>                        # an autolink, a mention
    | :[a-zA-Z0-9_+'-]{1,64}:                  # an emoji's name
    | `[^`\n]{1,200}`                          # code in a line
    | \S{1,2000}                               # a word, an address
    """,
    re.VERBOSE,
)
_CLOSING_BYTES = 120
"""Room that is kept for closing a fence."""

_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
_SENTENCE = re.compile(r"[.!?…:;][)\"'”’*_]{0,3}\s|[。！？]")
WHOLE_CHARS = 80
"""The least that is worth a message of its own."""

_CLUSTER_CHARS = 32
"""How far a forced cut moves back to keep a combined character whole."""


def message_text(text: str, start: int, end: int, opening: Structure, *, complete: bool, pings: bool = False) -> str:
    """What the message that shows `text[start:end]` says.

    Args:
        opening: what is open at `start`.
        complete: the message ends here, so that what is open is closed.
        pings: mentions of users may take effect.
    """
    body = harmless_slice(text, start, end, pings=pings)
    if not body.strip():
        return ""
    front = harmless(reopened(opening, text, start))
    back = closed(structure_at(text, start, end, opening), body) if complete else ""
    return front + body + back


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())


def fits(text: str, start: int, end: int, opening: Structure, limit_bytes: int) -> bool:
    """Whether a message can show `text[start:end]` and still be closed."""
    if end - start > limit_bytes:
        return False
    return size(message_text(text, start, end, opening, complete=False)) + _CLOSING_BYTES <= limit_bytes


def cut(text: str, start: int, shown: int, opening: Structure, limit_bytes: int) -> int:
    """Where the message that begins at `start` ends, since `text[start:]` does not fit.

    The last paragraph that fits is best, then a line, then a word; within a word only when there is no other way.

    Args:
        shown: what the message shows already, which can't be taken back: the cut is not before it.
    """
    last = _last_that_fits(text, start, opening, limit_bytes)
    if last <= shown:
        return max(shown, start)
    earliest = max(shown, start + (last - start) // 2)
    lines = [match.end() for match in re.finditer(r"\n", text[earliest:last])]
    ends = [earliest + end for end in lines]
    for wanted in (_ends_paragraph, _ends_line):
        for end in reversed(ends):
            if wanted(text, start, end, opening):
                return end
    return _word_end(text, earliest, last) or character_end(text, max(shown, start + 1), last)


def easy_end(text: str, start: int, shown: int, end: int, opening: Structure, easy_bytes: int) -> int | None:
    """The first paragraph behind `easy_bytes`, if there is one between `shown` and `end`: a good place to end."""
    if end - start < easy_bytes // 4 or not text.strip():
        return None
    for match in re.finditer(r"\n\s*\n", text[max(shown - 1, start) : end]):
        place = max(shown - 1, start) + match.end()
        enough = place > shown and size(text[start:place]) >= easy_bytes
        if enough and text[place:].strip() and _ends_paragraph(text, start, place, opening):
            return place
    return None


def whole_end(text: str, start: int, end: int, *, rested: bool) -> int | None:
    """Where a message ends that is not added to later, at or before `end`; None when there is too little for one.

    Args:
        rested: nothing more has come for a while, so that anything will do.
    """
    said = text[start:end]
    paragraph, line = said.rfind("\n\n"), said.rfind("\n")
    sentence = max((match.end() for match in _SENTENCE.finditer(said)), default=0)
    for place in (paragraph + 2 if paragraph >= 0 else 0, line + 1, sentence):
        if len(said[:place].strip()) >= WHOLE_CHARS:
            return start + place
    if rested and said.strip():
        return end
    if len(said) >= 3 * WHOLE_CHARS:
        return _word_end(text, start, end)
    return None


def character_end(text: str, earliest: int, last: int) -> int:
    """The last place in reach that is not inside a combined character."""
    for end in range(last, max(earliest, last - _CLUSTER_CHARS), -1):
        if end >= len(text) or not (_joins(text[end]) or text[end - 1] == "\u200d" or _splits_flag(text, end)):
            return end
    return last


def _last_that_fits(text: str, start: int, opening: Structure, limit_bytes: int) -> int:
    low, high = start, min(len(text), start + limit_bytes)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(text, start, middle, opening, limit_bytes):
            low = middle
        else:
            high = middle - 1
    return low


def _ends_paragraph(text: str, start: int, end: int, opening: Structure) -> bool:
    if not text[:end].endswith("\n\n") and text[end : end + 1] != "\n":
        return False
    structure = structure_at(text, start, end, opening)
    return structure.fence is None and not structure.table


def _ends_line(text: str, start: int, end: int, opening: Structure) -> bool:
    """A line's end, unless the line may be the header of a table whose rule comes next."""
    structure = structure_at(text, start, end, opening)
    return structure.fence is not None or bool(structure.table) or not structure.line.lstrip().startswith("|")


def _word_end(text: str, earliest: int, last: int) -> int | None:
    """The last place in reach that lies behind white space and inside nothing that belongs together."""
    line_start = text.rfind("\n", max(0, earliest - 2_000), earliest) + 1 or max(0, earliest - 2_000)
    line_end = last + 2_000
    whole = [match.span() for match in _WHOLE.finditer(text, line_start, line_end)]
    for end in range(last, earliest, -1):
        behind_space = text[end - 1].isspace() or _spaceless(text[end - 1])
        if behind_space and not any(
            first < end < after for first, after in whole if not _breakable(text, first, after)
        ):
            return end
    return None


def _breakable(text: str, first: int, after: int) -> bool:
    """Words of scripts without spaces may be cut between any two characters."""
    return all(_spaceless(character) for character in text[first:after])


def _joins(character: str) -> bool:
    return character in _JOINERS or unicodedata.combining(character) != 0 or "\U0001f3fb" <= character <= "\U0001f3ff"


def _splits_flag(text: str, end: int) -> bool:
    """A flag is a pair of regional indicators, and flags may follow one another."""
    before = end
    while before > 0 and _is_regional(text[before - 1]):
        before -= 1
    return _is_regional(text[end]) and (end - before) % 2 == 1


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _spaceless(character: str) -> bool:
    return "\u2e80" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7af" or "\uff00" <= character <= "\uffef"
