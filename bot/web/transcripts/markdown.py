"""What people and the model wrote, as HTML that can do nothing but be read."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

_TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h3", "hr", "li", "ol", "p", "pre", "s", "strong", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_HEADING = "h3"
"""All headings of what was said: below the page's own, and in an order that holds whatever the text does."""


def rendered(text: str) -> Markup:
    """CommonMark with tables and strikethrough. HTML in the text is shown as text, and a picture as a link to it."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}, "div": {"tabindex", "role", "aria-label"}, "pre": {"tabindex"}},
        allowed_classes={"div": {"table"}},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(html)  # noqa: S704 - it was cleaned above


def _headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _HEADING


def _image(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    source = escape(str(tokens[index].attrGet("src") or ""))
    return f'<a href="{source}">{escape(tokens[index].content or source, quote=False)}</a>'


def _fence(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """It can be scrolled, so it can be reached with the keyboard."""
    return f'<pre tabindex="0"><code>{escape(tokens[index].content, quote=False)}</code></pre>\n'


def _table(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType) -> str:
    return '<div class="table" tabindex="0" role="group" aria-label="Table"><table>'


def _table_end(
    _renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return "</table></div>"


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    made.enable(["table", "strikethrough"])
    made.core.ruler.push("headings", _headings)
    rules = {
        "image": _image,
        "fence": _fence,
        "code_block": _fence,
        "table_open": _table,
        "table_close": _table_end,
    }
    for name, rule in rules.items():
        made.add_render_rule(name, rule)
    return made


_MARKDOWN = _markdown()
