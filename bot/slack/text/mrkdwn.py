"""Slack's older text format, which blocks and ephemeral answers use. Not what the model's answers are written in."""

from __future__ import annotations

import re

from bot.slack.text.markdown import escaped

__all__ = ["cut", "escaped", "escaped_within", "from_markdown", "link"]


def cut(text: str, chars: int) -> str:
    """At most so many characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= chars else line[: chars - 1].rstrip() + "…"


_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def from_markdown(text: str) -> str:
    """The model's Markdown as far as the older format shows it differently: bold text and headings."""
    return _HEADING.sub(r"*\1*", _BOLD.sub(r"*\1*", text))


def link(url: str, label: str) -> str:
    """A link with an escaped label; the label alone where there is no address."""
    return f"<{escaped(url).replace('|', '%7C')}|{label}>" if url else label


def escaped_within(text: str, chars: int) -> str:
    """Escaped, and cut so that the result is at most so many characters; never inside an escape."""
    whole = escaped(text)
    if len(whole) <= chars:
        return whole
    kept: list[str] = []
    room = chars - 1
    for char in text:
        shown = escaped(char)
        if len(shown) > room:
            break
        kept.append(shown)
        room -= len(shown)
    return "".join(kept).rstrip() + "…"
