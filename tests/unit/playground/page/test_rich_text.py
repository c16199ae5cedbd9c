"""rich_text blocks become HTML."""

from __future__ import annotations

from typing import Any

from bot.playground.page.markup import Markup
from tests.unit.playground.page.naming import FakeNames

MARKUP = Markup(FakeNames())


def rendered(*elements: dict[str, Any]) -> str:
    return MARKUP.rich_text({"type": "rich_text", "elements": list(elements)})


def section(*leaves: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": kind, "elements": list(leaves)}


def text(content: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": content, "style": style}


def test_styles_nest() -> None:
    html = rendered(section(text("a", bold=True, italic=True), text("b", code=True), text("c\nd", strike=True)))
    assert html == "<p><strong><em>a</em></strong><code>b</code><s>c<br>d</s></p>"


def test_references_and_emoji_are_named() -> None:
    html = rendered(
        section(
            {"type": "user", "user_id": "U1"},
            {"type": "channel", "channel_id": "C1"},
            {"type": "broadcast", "range": "here"},
            {"type": "emoji", "name": "tada"},
            {"type": "link", "url": "https://a.example", "text": "there"},
        )
    )
    assert "@Ana" in html
    assert "#general" in html
    assert "@here" in html
    assert "🎉" in html
    assert ">there</a>" in html


def test_lists_keep_their_kind_and_depth() -> None:
    ordered = {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [section(text("third"))]}
    deeper = {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(text("below"))]}
    html = rendered(ordered, deeper)
    assert '<ol start="3"><li>third</li></ol>' in html
    assert '<ul class="indent-1"><li>below</li></ul>' in html


def test_code_and_quotes_are_blocks() -> None:
    html = rendered(section(text("x = 1"), kind="rich_text_preformatted"), section(text("so"), kind="rich_text_quote"))
    assert html == "<pre><code>x = 1</code></pre><blockquote>so</blockquote>"


def test_an_unknown_element_is_left_out() -> None:
    assert rendered(section({"type": "hologram"}), {"type": "rich_text_cube"}) == "<p></p>"
