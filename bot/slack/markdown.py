"""Output is data: what the model or a person wrote pings nobody.

Everything else of Markdown goes to Slack as it was written, since `markdown_text` renders it. Mentions are disarmed by
one invisible character behind their `<`, which works in prose and in code alike.
"""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"

_REFERENCE = re.compile(r"<(?=!(?:channel|here|everyone|group|subteam\^)|@[a-z0-9]|#[a-z0-9])", re.IGNORECASE)
"""The beginning of what Slack turns into a ping or a channel link. Source: docs.slack.dev, formatting message text."""

_DECIDED_AFTER = 9
"""So many characters behind a `<` tell whether it begins a reference (`<!subteam^`)."""

_UNDECIDED = re.compile(rf"<[^\s<>]{{0,{_DECIDED_AFTER - 1}}}\Z")
_UNFINISHED = re.compile(
    r"""(?:
        !?\[[^\]\n]{0,300}                        # a link's or image's text
      | !?\[[^\]\n]{0,300}\](?:\([^)\s]{0,600})?  # … and its address
      | <[^<>\n]{0,600}                           # an autolink
      | (?<=\s):[a-z0-9_+'-]{1,60}                # an emoji's name
      | ^:[a-z0-9_+'-]{1,60}
      | ^[ \t>]*(?:`{1,2}|~{1,2}|(?:```|~~~)[^\n]{0,100})   # the first line of a code fence
      | [^\W\u2e80-\uffff]{1,60}                  # a word, in scripts that put spaces between them
    )\Z""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_TAIL_CHARS = 1_000


def harmless(text: str) -> str:
    """The text with every Slack reference disarmed; it looks the same."""
    return _REFERENCE.sub(f"<{WORD_JOINER}", text)


def harmless_slice(text: str, start: int, end: int) -> str:
    """`text[start:end]` disarmed, looking past `end` at what a `<` near it begins."""
    within = text[start : end + _DECIDED_AFTER]
    size = end - start
    pieces: list[str] = []
    done = 0
    for match in _REFERENCE.finditer(within):
        if match.start() >= size:
            break
        pieces += (within[done : match.start()], "<", WORD_JOINER)
        done = match.end()
    pieces.append(within[done:size])
    return "".join(pieces)


def one_line(text: str, limit: int) -> str:
    """A title or summary: harmless, without line breaks, at most `limit` characters."""
    line = " ".join(harmless(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """For mrkdwn and fallback text: Slack's three control characters as entities, so that nothing takes effect."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def decided_end(text: str, start: int) -> int:
    """The end of what may be shown now: a trailing `<…` that could still become a reference is held back."""
    tail_start = max(start, len(text) - _DECIDED_AFTER)
    undecided = _UNDECIDED.search(text, tail_start)
    return undecided.start() if undecided else len(text)


def steady_end(text: str, start: int) -> int:
    """The end of what reads well now: no half word, link, emoji or fence line at the end. At least `start`."""
    end = decided_end(text, start)
    tail_start = max(start, end - _TAIL_CHARS)
    tail = text[tail_start:end]
    unfinished = _UNFINISHED.search(tail)
    return tail_start + unfinished.start() if unfinished else end


def letters(text: str) -> str:
    """Only letters and digits: what survives Slack's own rewriting of a text, to compare it with ours."""
    return "".join(character for character in text.casefold() if character.isalnum())
