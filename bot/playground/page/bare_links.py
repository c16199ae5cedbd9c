"""Addresses that stand in a text by themselves become links, as in Slack."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}*_~`]")
"""Without the punctuation that follows it in a sentence."""


def link_bare_addresses(state: StateCore) -> None:
    """A core rule of markdown-it, to run after `inline`."""
    for token in state.tokens:
        if token.children:
            token.children = list(_linked(token.children))


def _linked(tokens: list[Token]) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        inside += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type == "text" and not inside:
            yield from _pieces(token.content)
        else:
            yield token


def _pieces(text: str) -> Iterator[Token]:
    end = 0
    for match in _ADDRESS.finditer(text):
        yield _text(text[end : match.start()])
        yield Token("link_open", "a", 1, attrs={"href": match[0]})
        yield _text(match[0])
        yield Token("link_close", "a", -1)
        end = match.end()
    yield _text(text[end:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
