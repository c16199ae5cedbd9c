"""Markdown blocks and streams become HTML."""

from __future__ import annotations

import pytest

from bot.playground.page.markup import Markup
from tests.unit.playground.page.naming import FakeNames

MARKUP = Markup(FakeNames())
LINK = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** *em* ~~gone~~", "<p><strong>bold</strong> <em>em</em> <s>gone</s></p>"),
        ("# Title", "<h1>Title</h1>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("<@U1> in <#C1> :tada:", None),
        ("`:tada:`", "<p><code>:tada:</code></p>"),
        ("[label](https://a.example)", f'<p><a href="https://a.example" {LINK}>label</a></p>'),
        ("![picture](https://a.example/x.png)", f'<p><a href="https://a.example/x.png" {LINK}>picture</a></p>'),
    ],
)
def test_it_is_common_markdown_with_slacks_references(text: str, html: str | None) -> None:
    rendered = MARKUP.markdown(text).strip()
    if html is None:
        assert 'data-user="U1">@Ana<' in rendered
        assert 'data-channel="C1">#general<' in rendered
        assert "🎉" in rendered
    else:
        assert rendered == html


def test_a_table_keeps_its_alignment_and_scrolls_by_itself() -> None:
    html = MARKUP.markdown("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert html.startswith('<div class="table-scroll"><table>')
    assert '<td data-align="right">2</td>' in html


def test_tasks_show_whether_they_are_done() -> None:
    html = MARKUP.markdown("- [x] done\n- [ ] open")
    assert html.count('type="checkbox"') == 2
    assert html.count('checked="') == 1
    assert html.count('disabled="') == 2


def test_a_code_block_says_its_language_and_is_not_formatted() -> None:
    html = MARKUP.markdown("```python\nprint('*x*') # <b>\n```")
    assert "<pre><code data-language=\"python\">print('*x*') # &lt;b&gt;\n</code></pre>" in html


def test_a_code_block_that_is_still_being_written_is_one_already() -> None:
    assert "<pre><code>half a line" in MARKUP.markdown("```\nhalf a line")


@pytest.mark.parametrize("after", ["", ".", "), and", "!"])
def test_a_bare_address_is_a_link_without_the_punctuation_after_it(after: str) -> None:
    html = MARKUP.markdown(f"see https://a.example/b?c=1{after}")
    assert f'<a href="https://a.example/b?c=1" {LINK}>https://a.example/b?c=1</a>' in html


def test_an_address_in_a_link_or_in_code_is_not_linked_again() -> None:
    html = MARKUP.markdown("[https://a.example](https://b.example) `https://c.example`")
    assert html.count("<a ") == 1
    assert 'href="https://b.example"' in html
