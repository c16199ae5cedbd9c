"""Slack's message text, as people read it.

Slack writes references as `<…>` and escapes `&`, `<` and `>` in what people type, and nothing else. Source:
docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"<([^<>]*)>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters that are no white space: nobody types them, and the Messages API need not take them."""
_BLANK = r"\s\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
"""White space, and what shows nothing though it counts as a character: a message of nothing else is empty."""
_BLANK_ENDS = re.compile(rf"\A[{_BLANK}]+|[{_BLANK}]+\Z")
_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^<>]*)?>")


def mentions(text: str) -> frozenset[str]:
    """The users that a message names."""
    return frozenset(_MENTION.findall(text))


def plain(text: str, without: str = "") -> str:
    """Undo Slack's references and escapes.

    Args:
        text: a message's `text`, as it came over the wire.
        without: a user whose mentions are taken off: the bot's own.
    """
    if without:
        text = _without_mentions(text, without)
    pieces: list[str] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        pieces += (_unescaped(text[end : match.start()]), _readable(match.group(1)))
        end = match.end()
    pieces.append(_unescaped(text[end:]))
    return _BLANK_ENDS.sub("", _CONTROL.sub("", "".join(pieces)))


def _without_mentions(text: str, user: str) -> str:
    """The text without a user's mentions, closed up where they stood and untouched elsewhere."""

    def gap(match: re.Match[str]) -> str:
        at_start = match.start() == 0 or text[match.start() - 1] == "\n"
        at_end = match.end() == len(text) or text[match.end()] == "\n"
        return "" if at_start or at_end else " "

    return re.sub(rf"[ \t]*<@{re.escape(user)}(?:\|[^<>]*)?>[,:]?[ \t]*", gap, text)


def _readable(reference: str) -> str:
    """What stands between `<` and `>`, in words. A label that is there says more than an id."""
    target, _, label = reference.partition("|")
    target, label = _unescaped(target), _unescaped(label)
    if target.startswith("@"):
        return f"@{label or target[1:]}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return _special(target[1:], label)
    if not label or label == target or target in (f"mailto:{label}", f"tel:{label}", f"http://{label}"):
        return label or target
    return f"{label} ({target})"


def _special(command: str, label: str) -> str:
    """`<!here>`, `<!subteam^S…|@name>` and `<!date^…|fallback>`."""
    kind, _, rest = command.partition("^")
    if kind == "date":
        return label
    name = label or (rest.partition("^")[0] if kind == "subteam" else kind)
    return name if name.startswith("@") else f"@{name}"


def _unescaped(text: str) -> str:
    """`&amp;` comes last, so that an escaped escape stays one."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
