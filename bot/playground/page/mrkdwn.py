"""Slack's mrkdwn to HTML.

markdown-it-py's inline parser with Slack's few rules in place of CommonMark's: `*bold*`, `_italic_`, `~strike~`, code
and the `<…>` forms. Line breaks are kept; lines that begin with `>` are quotes. `&lt;`, `&gt;` and `&amp;` are the
only escapes, and are undone after parsing, so that escaped text never turns into a mention.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from bot.playground.page.emoji_names import with_characters
from bot.playground.page.names import Names
from bot.playground.page.tokens import TOKEN, token_html

_TAGS = {"*": "strong", "_": "em", "~": "s"}
_CODE_BLOCK = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_QUOTED = re.compile(r"(?:&gt;|>) ?")


class Mrkdwn:
    """Renders mrkdwn; the result still needs sanitising."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._md = MarkdownIt("zero", {"breaks": True}).enable(["backticks", "newline"])
        self._md.inline.ruler.before("text", "slack_token", self._token)
        self._md.inline.ruler.push("slack_emphasis", _emphasis)
        self._md.inline.ruler2.after("balance_pairs", "slack_emphasis", _pair_emphasis)
        self._md.add_render_rule("text", _text)
        self._md.add_render_rule("code_inline", _code)

    def html(self, text: str) -> str:
        pieces = _CODE_BLOCK.split(text)
        return "".join(
            f"<pre><code>{escape(plain(piece))}</code></pre>" if index % 2 else self._lines(piece)
            for index, piece in enumerate(pieces)
        )

    def _lines(self, text: str) -> str:
        shown = []
        for quoted, lines in groupby(text.strip("\n").split("\n"), lambda line: bool(_QUOTED.match(line))):
            if quoted:
                inner = "\n".join(_QUOTED.sub("", line, count=1) for line in lines)
                shown.append(f"<blockquote>{self._md.renderInline(inner)}</blockquote>")
            else:
                shown.append(self._md.renderInline("\n".join(lines)))
        return "".join(shown)

    def _token(self, state: StateInline, silent: bool) -> bool:
        match = TOKEN.match(state.src, state.pos)
        if match is None:
            return False
        if not silent:
            state.push("html_inline", "", 0).content = token_html(match[1], self._names)
        state.pos = match.end()
        return True


def plain(text: str) -> str:
    """Slack's three escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _text(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return escape(plain(with_characters(tokens[index].content)))


def _code(_renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    return f"<code>{escape(plain(tokens[index].content))}</code>"


def _emphasis(state: StateInline, silent: bool) -> bool:
    """One marker of emphasis: kept as text and noted as a delimiter, to be paired when the line is parsed."""
    marker = state.src[state.pos]
    if silent or marker not in _TAGS:
        return False
    scanned = state.scanDelims(state.pos, False)
    state.push("text", "", 0).content = marker * scanned.length
    if scanned.length == 1:  # `**bold**` is not Slack's
        state.delimiters.append(
            Delimiter(ord(marker), 1, len(state.tokens) - 1, -1, scanned.can_open, scanned.can_close)
        )
    state.pos += scanned.length
    return True


def _pair_emphasis(state: StateInline) -> None:
    for opener in state.delimiters:
        if opener.end == -1 or chr(opener.marker) not in _TAGS:
            continue
        tag = _TAGS[chr(opener.marker)]
        for index, nesting in ((opener.token, 1), (state.delimiters[opener.end].token, -1)):
            token = state.tokens[index]
            token.type, token.tag, token.content = f"{tag}_{'open' if nesting == 1 else 'close'}", tag, ""
            token.nesting = 1 if nesting == 1 else -1
