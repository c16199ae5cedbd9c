"""Whatever people, the model or the app write, nothing of it runs in the page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.page.markup import Markup
from bot.playground.page.sanitise import ATTRIBUTES, TAGS
from bot.playground.page.shown_blocks import shown_blocks
from tests.unit.playground.page.naming import FakeNames

MARKUP = Markup(FakeNames())
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)|x>",
    '<https://a.example" onmouseover="alert(1)|x>',
    "<https://a.example|<img src=x onerror=alert(1)>>",
    '<@U1" onclick="alert(1)>',
    "<@U9|<b onclick=alert(1)>x</b>>",
    "<!date^1^{date}^javascript:alert(1)|<script>x</script>>",
    "```html\n</code></pre><script>alert(1)</script>\n```",
    '```x" onload="alert(1)\ncode\n```',
    "![x](x onerror=alert(1))",
    "<style>*{display:none}</style>",
    '<a href="https://a.example" style="position:fixed;inset:0">x</a>',
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "- [x] <input onfocus=alert(1) autofocus>",
)
ALLOWED = {(tag, name) for tag, names in ATTRIBUTES.items() for name in names} | {
    ("a", "target"), ("a", "rel"), ("input", "type"), *((tag, "class") for tag in ("span", "div", "li", "ul", "ol")),
}  # fmt: skip


class Elements(HTMLParser):
    """Notes every tag and attribute, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def assert_harmless(html: str) -> None:
    seen = Elements()
    seen.feed(html)
    assert seen.tags <= TAGS
    assert seen.attributes <= ALLOWED
    assert all(link.startswith(("http://", "https://", "mailto:", "tel:")) for link in seen.links)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_in_every_kind_of_text(text: str) -> None:
    assert_harmless(MARKUP.mrkdwn(text))
    assert_harmless(MARKUP.markdown(text))
    assert_harmless(MARKUP.plain(text))
    leaf = {"type": "text", "text": text}
    link = {"type": "link", "url": text, "text": text}
    user = {"type": "user", "user_id": text}
    elements = [{"type": "rich_text_section", "elements": [leaf, link, user]}]
    assert_harmless(MARKUP.rich_text({"type": "rich_text", "elements": elements}))


@given(st.lists(st.sampled_from([*HOSTILE, "*", "_", "`", "```", "\n", "<", ">", "|", "&lt;", ":tada:"]), max_size=8))
def test_no_mixture_of_hostile_pieces_is_harmful(pieces: list[str]) -> None:
    assert_harmless(MARKUP.mrkdwn("".join(pieces)))
    assert_harmless(MARKUP.markdown("".join(pieces)))


def test_html_that_the_app_puts_into_its_blocks_never_reaches_the_page() -> None:
    evil = "<script>alert(1)</script>"
    blocks: list[dict[str, Any]] = [
        {"type": "section", "html": evil, "text": {"type": "mrkdwn", "text": "hi", "html": evil}},
        {"type": "context", "elements": [{"type": "plain_text", "text": evil}, {"type": "other", "html": evil}]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": evil}, {"type": "rich_text", "html": evil}]]},
    ]

    def htmls(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["html"]] if "html" in node else []
            return own + [html for value in node.values() for html in htmls(value)]
        return [html for item in node for html in htmls(item)] if isinstance(node, list) else []

    found = htmls(shown_blocks(blocks, MARKUP))
    assert found[0] == "hi"
    for html in found:
        assert_harmless(html)
