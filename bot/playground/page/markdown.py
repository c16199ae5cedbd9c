"""The Markdown of Slack's markdown blocks and streams to HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.tasklists import tasklists_plugin

from bot.playground.page.bare_links import link_bare_addresses
from bot.playground.page.emoji_names import with_characters
from bot.playground.page.names import Names
from bot.playground.page.tokens import TOKEN, link_html, token_html


class Markdown:
    """Renders CommonMark with tables, strikethrough, task lists and bare links; mentions and emoji as Slack does.

    The result still needs sanitising. HTML in the text is shown as text.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._md = MarkdownIt("commonmark", {"html": False, "breaks": True})
        self._md.enable(["table", "strikethrough"]).use(tasklists_plugin, label=True)
        self._md.disable(["html_inline", "html_block"])
        self._md.core.ruler.after("inline", "bare_addresses", link_bare_addresses)
        self._md.inline.ruler.before("autolink", "slack_token", self._token)
        rules = {
            "text": _text,
            "image": _image,
            "fence": _fence,
            "table_open": _table,
            "th_open": _cell,
            "td_open": _cell,
            "table_close": _table_end,
        }
        for name, rule in rules.items():
            self._md.add_render_rule(name, rule)

    def html(self, text: str) -> str:
        return str(self._md.render(text))

    def _token(self, state: StateInline, silent: bool) -> bool:
        match = TOKEN.match(state.src, state.pos)
        if match is None:
            return False
        if not silent:
            state.push("html_inline", "", 0).content = token_html(match[1], self._names)
        state.pos = match.end()
        return True


def _text(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return escape(with_characters(tokens[index].content), quote=False)


def _image(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """An image by address becomes a link: the page asks nothing of other hosts."""
    return link_html(str(tokens[index].attrGet("src") or ""), tokens[index].content)


def _fence(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    language = tokens[index].info.strip().split(" ")[0]
    named = f' data-language="{escape(language)}"' if language else ""
    return f"<pre><code{named}>{escape(tokens[index].content, quote=False)}</code></pre>\n"


def _cell(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """A cell whose alignment is an attribute: styles don't pass the sanitiser."""
    _, _, align = str(tokens[index].attrGet("style") or "").partition("text-align:")
    return f'<{tokens[index].tag} data-align="{escape(align or "left")}">'


def _table(_renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType) -> str:
    return '<div class="table-scroll"><table>'


def _table_end(
    _renderer: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return "</table></div>"
