"""What people see, put together again: it must be what was said.

Messages one after the other, each without what was opened again at its front and closed at its back; and in the place
of long code's first lines the file that they are from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.model import Progress
from bot.slack.reply.long_code import ShownText
from bot.slack.text.markdown import WORD_JOINER

FRONT = re.compile(
    r"""(?:[ ]*(?:[-*+]|\d+[.)])[ ]…\n)*        # list items above
        (?:[ \t>]*(?:`{3,}|~{3,})[^\n]*\n)?     # a fence opened again
      | \|[^\n]*\n[ \t]*\|[-:| \t]+\n           # a table's header
    """,
    re.VERBOSE,
)
BACK = re.compile(r"\s*(?:\n?[ \t>]*(?:`{3,}|~{3,}))?")
LINES = re.compile(r"\n*_[✓✗◦] Reading \d+(?: – [^\n]*)?_")
CLOSED_BY_US = re.compile(r"\n?[ \t>]*[`~]*\n?")


def check_told(texts: Sequence[str], files: Mapping[str, str], progress: Progress, said: str) -> None:
    """Nothing is missing, and nothing is there twice.

    Args:
        texts: what the reply's messages say, in order, without cards that are blocks.
        files: what the files in the thread hold, by the name that people read.
    """
    assert not said.strip() or progress.said == said
    text = _to_be_shown(said, progress, files)
    start = 0
    for message, part in zip(texts, progress.parts, strict=True):
        body = text[start : start + part.shown].rstrip()
        start += part.shown
        read = LINES.sub("", message.replace(WORD_JOINER, "")).removesuffix("_Done. There was nothing to say._")
        front, found, back = read.partition(body.replace(WORD_JOINER, "")) if body else ("", read, "")
        assert found or not body, (body, read)
        assert FRONT.fullmatch(front.strip("\n") + "\n" if front.strip() else ""), front
        assert BACK.fullmatch(back.rstrip() if back.strip() else ""), back
    assert not text[start:].strip()


def _to_be_shown(said: str, progress: Progress, files: Mapping[str, str]) -> str:
    """What messages are to say. With the files in the thread it is what was said."""
    shown = ShownText(said, progress.code_files)
    shown.end()
    assert shown.waiting is None
    assert len(files) == sum(name != "" for name in progress.code_files)
    whole = unfolded(shown.text, files)
    assert whole.startswith(said)
    assert CLOSED_BY_US.fullmatch(whole[len(said) :])
    return shown.text


_NOTE = re.compile(
    r"_(?:The first \d+ of \d+ lines; all of them are in|The beginning of a long line; all of it is in)_"
    r" `(?P<title>code-\d+\.[a-z0-9]+)`\n\n"
)


def unfolded(text: str, files: Mapping[str, str]) -> str:
    """Each file's content in the place of its first lines, and the line that names it taken away.

    Args:
        files: what each file holds, by the name that people read.
    """
    pieces: list[str] = []
    done = 0
    for match in _NOTE.finditer(text):
        before, _, closing = text[done : match.start()].removesuffix("\n").rpartition("\n")
        pieces += (_with_whole(before + "\n", files[match["title"]]), closing, "\n")
        done = match.end()
    return "".join((*pieces, text[done:]))


def _with_whole(before: str, content: str) -> str:
    """What stands before a block's last line, with the block's first lines replaced by all of them."""
    for length in range(min(len(content), len(before)), 0, -1):
        for shown in (before, before.removesuffix("\n")):
            if shown.endswith(content[:length]):
                return shown.removesuffix(content[:length]) + content + ("" if content.endswith("\n") else "\n")
    raise AssertionError("a file whose beginning no message shows")
