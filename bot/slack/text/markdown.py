"""Output is data: what the model or a person wrote pings nobody, and a link says where it leads.

Everything else of Markdown goes to Slack as it was written, since `markdown_text` renders it. Mentions are disarmed by
one invisible character behind their `<`, which works in prose and in code alike. Behind a link whose label looks like
another address than its target stands that target.
"""

from __future__ import annotations

import re

WORD_JOINER = "\u2060"

_REFERENCE = re.compile(r"<(?=!(?:channel|here|everyone|group|subteam\^)|@[a-z0-9]|#[a-z0-9])", re.IGNORECASE)
"""The beginning of what Slack turns into a ping or a channel link. Source: docs.slack.dev, formatting message text."""

_REFERENCE_BUT_USERS = re.compile(r"<(?=!(?:channel|here|everyone|group|subteam\^)|#[a-z0-9])", re.IGNORECASE)

_LINK = re.compile(
    r"\[(?P<label>[^\]\n]{1,300})\]\((?P<target>https?://[^\s)]{1,1500})[^)\n]{0,300}\)"
    r"|<(?P<target2>https?://[^\s|<>]{1,1500})\|(?P<label2>[^<>\n]{1,300})>",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\W*(?:https?://)?(?P<host>(?:[\w-]+\.)+[a-z]{2,})(?:[:/?#]\S*)?\W*", re.IGNORECASE)
"""A label that people take for an address."""

_HOST = re.compile(r"https?://(?:[^/?#@]*@)?(?P<host>[^/?#:]+)", re.IGNORECASE)
_LINK_CHARS = 2_200
"""How far back a link that ends here may begin."""

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


def harmless_slice(text: str, start: int, end: int, *, pings: bool = False) -> str:
    """`text[start:end]` disarmed, looking past `end` at what a `<` near it begins.

    Slices that follow one another give together what the whole gives.

    Args:
        pings: mentions of users may take effect.
    """
    reference = _REFERENCE_BUT_USERS if pings else _REFERENCE
    added = [(match.end(), WORD_JOINER) for match in reference.finditer(text, start, end + _DECIDED_AFTER)]
    added = [(place, what) for place, what in added if place <= end]
    added += _targets(text, start, end)
    pieces: list[str] = []
    done = start
    for place, what in sorted(added):
        pieces += (text[done:place], what)
        done = place
    pieces.append(text[done:end])
    return "".join(pieces)


def _targets(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Where links end in `text[start:end]` that don't lead where they seem to, and what is to stand there."""
    if "](" not in text[max(0, start - _LINK_CHARS) : end] and "|" not in text[max(0, start - _LINK_CHARS) : end]:
        return []
    found = []
    for match in _LINK.finditer(text, max(0, start - _LINK_CHARS), end):
        target = match["target"] or match["target2"]
        if match.end() > start and _misleads(match["label"] or match["label2"], target):
            found.append((match.end(), f" ({target})"))
    return found


def _misleads(label: str, target: str) -> bool:
    """Whether a label looks like the address of another host than its target's."""
    shown, real = _ADDRESS.fullmatch(label.strip()), _HOST.match(target)
    if shown is None or real is None:
        return False
    return _bare(shown["host"]) != _bare(real["host"])


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


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
