"""What was said, put together again from messages and the files that long code went into."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
