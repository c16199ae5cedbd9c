"""Slack's `<…>` forms: mentions, channels, broadcasts, dates and links, to HTML."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape, unescape

from bot.playground.page.names import Names

TOKEN = re.compile(r"<([@#!][^<>\n]{1,300}|(?:https?://|mailto:|tel:)[^<>\s|][^<>\n]*)>")
"""One `<…>` form. Anything else between angle brackets is text."""

BROADCASTS = ("here", "channel", "everyone")


def token_html(body: str, names: Names) -> str:
    """The HTML of what stands between `<` and `>`, escaped; not yet sanitised."""
    target, _, label = body.partition("|")
    if target.startswith("@"):
        return _mention("user", target[1:], "@" + (names.user_name(target[1:]) or unescape(label) or target[1:]))
    if target.startswith("#"):
        return _mention("channel", target[1:], "#" + (names.channel_name(target[1:]) or unescape(label) or target[1:]))
    if target.startswith("!"):
        return _special(target[1:], unescape(label))
    return link_html(unescape(target), unescape(label))


def link_html(url: str, label: str = "") -> str:
    """A link; the label defaults to the address without `mailto:`."""
    shown = label or url.removeprefix("mailto:")
    return f'<a href="{escape(url)}">{escape(shown)}</a>'


def _mention(kind: str, target: str, shown: str) -> str:
    return f'<span class="mention" data-{kind}="{escape(target)}">{escape(shown)}</span>'


def _special(target: str, label: str) -> str:
    kind, _, rest = target.partition("^")
    if kind in BROADCASTS:
        return f'<span class="mention broadcast">@{kind}</span>'
    if kind == "date":
        return escape(_date(rest, label))
    if kind == "subteam":
        return f'<span class="mention">{escape(label or "@group")}</span>'
    return escape(f"<!{target}>")


def _date(rest: str, fallback: str) -> str:
    """`<!date^seconds^format^link|fallback>` as a plain date in UTC: the page has no need of Slack's date formats."""
    seconds, _, _ = rest.partition("^")
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%-d %b %Y, %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return fallback


def as_typed(text: str, names: Names) -> str:
    """A message's wire text as its author would type it: for editing."""

    def typed(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        if target.startswith("@"):
            return "@" + (names.user_name(target[1:]).replace(" ", "") or target[1:])
        if target.startswith("#"):
            return "#" + (names.channel_name(target[1:]) or label or target[1:])
        if target.startswith("!"):
            return "@" + target[1:]
        return target

    return unescape(TOKEN.sub(typed, text))
