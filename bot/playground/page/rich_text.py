"""Slack's rich_text blocks to HTML: sections, lists, quotes, preformatted text and the inline elements in them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from bot.playground.page.emoji_names import character
from bot.playground.page.names import Names
from bot.playground.page.tokens import link_html, token_html

Wire = Mapping[str, Any]

_STYLES = {"code": "code", "strike": "s", "italic": "em", "bold": "strong", "underline": "u"}


def rich_text_html(block: Wire, names: Names) -> str:
    """The HTML of a rich_text block; still needs sanitising. Unknown elements are left out."""
    return "".join(_element(element, names) for element in block.get("elements", ()))


def _element(element: Wire, names: Names) -> str:
    inner = element.get("elements", ())
    match element.get("type"):
        case "rich_text_section":
            return f"<p>{_inline(inner, names)}</p>"
        case "rich_text_preformatted":
            return f"<pre><code>{_inline(inner, names)}</code></pre>"
        case "rich_text_quote":
            return f"<blockquote>{_inline(inner, names)}</blockquote>"
        case "rich_text_list":
            return _list(element, names)
    return ""


def _list(element: Wire, names: Names) -> str:
    tag = "ol" if element.get("style") == "ordered" else "ul"
    depth = min(int(element.get("indent") or 0), 4)
    indent = f' class="indent-{depth}"' if depth else ""
    start = f' start="{int(element["offset"]) + 1}"' if tag == "ol" and element.get("offset") else ""
    items = "".join(f"<li>{_inline(item.get('elements', ()), names)}</li>" for item in element.get("elements", ()))
    return f"<{tag}{indent}{start}>{items}</{tag}>"


def _inline(elements: Any, names: Names) -> str:
    return "".join(_styled(_leaf(element, names), element.get("style") or {}) for element in elements)


def _styled(html: str, style: Wire) -> str:
    for name, tag in _STYLES.items():
        if style.get(name):
            html = f"<{tag}>{html}</{tag}>"
    return html


def _leaf(element: Wire, names: Names) -> str:
    match element.get("type"):
        case "text":
            return escape(str(element.get("text", ""))).replace("\n", "<br>")
        case "link":
            return link_html(str(element.get("url", "")), str(element.get("text") or ""))
        case "emoji":
            name = str(element.get("name", ""))
            return escape(character(name) or f":{name}:")
        case "user":
            return token_html("@" + str(element.get("user_id", "")), names)
        case "channel":
            return token_html("#" + str(element.get("channel_id", "")), names)
        case "broadcast":
            return token_html("!" + str(element.get("range", "here")), names)
        case "usergroup":
            return token_html("!subteam^" + str(element.get("usergroup_id", "")), names)
        case "date":
            return escape(str(element.get("fallback") or ""))
        case "color":
            return f"<code>{escape(str(element.get('value', '')))}</code>"
    return ""
