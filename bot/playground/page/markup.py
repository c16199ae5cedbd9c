"""Every text of the workspace as sanitised HTML: the one door through which text becomes HTML."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

from bot.playground.page.emoji_names import with_characters
from bot.playground.page.markdown import Markdown
from bot.playground.page.mrkdwn import Mrkdwn, plain
from bot.playground.page.names import Names
from bot.playground.page.rich_text import rich_text_html
from bot.playground.page.sanitise import sanitised

REMEMBERED_TEXTS = 2_000
"""Renderings kept: several tabs show the same messages, and a list is rendered again when a tab comes back."""


class Markup:
    """Renders the texts of one workspace; all results are sanitised."""

    def __init__(self, names: Names) -> None:
        self._names = names
        mrkdwn, markdown = Mrkdwn(names), Markdown(names)
        self.mrkdwn = lru_cache(REMEMBERED_TEXTS)(lambda text: sanitised(mrkdwn.html(text)))
        self.markdown = lru_cache(REMEMBERED_TEXTS)(lambda text: sanitised(markdown.html(text)))

    def plain(self, text: str) -> str:
        """Plain text: only emoji names and line breaks mean anything."""
        return sanitised(escape(with_characters(plain(text))).replace("\n", "<br>"))

    def rich_text(self, block: dict[str, Any]) -> str:
        return sanitised(rich_text_html(block, self._names))
