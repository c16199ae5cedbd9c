"""Block Kit as the page gets it: the same JSON, with sanitised `html` beside every text that people read."""

from __future__ import annotations

from typing import Any

from bot.playground.page.markup import Markup

Json = dict[str, Any]


def shown_blocks(blocks: list[Json], markup: Markup) -> list[Json]:
    """The blocks with `html` added to text objects, markdown blocks, rich text and raw text cells."""
    return [_shown(block, markup) for block in blocks]


def _shown(node: Any, markup: Markup) -> Any:
    if isinstance(node, list):
        return [_shown(item, markup) for item in node]
    if not isinstance(node, dict):
        return node
    match node.get("type"):
        case "rich_text":
            return {**_without_html(node), "html": markup.rich_text(node)}
        case "mrkdwn":
            return {**_without_html(node), "html": markup.mrkdwn(_text_of(node))}
        case "markdown":
            return {**_without_html(node), "html": markup.markdown(_text_of(node))}
        case "plain_text" | "raw_text" | "raw_number":
            return {**_without_html(node), "html": markup.plain(_text_of(node))}
    return {key: _shown(value, markup) for key, value in node.items() if key != "html"}


def _text_of(node: Json) -> str:
    return str(node.get("text", node.get("value", "")))


def _without_html(node: Json) -> Json:
    """The page trusts `html` blindly: what the app itself put there never gets through."""
    return {key: value for key, value in node.items() if key != "html"}
