"""Slack's mrkdwn becomes HTML."""

from __future__ import annotations

import pytest

from bot.playground.page.markup import Markup
from tests.unit.playground.page.naming import FakeNames

MARKUP = Markup(FakeNames())
LINK = 'target="_blank" rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("*bold _both_*", "<strong>bold <em>both</em></strong>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("**not Slack's**", "**not Slack's**"),
        ("`*code*`", "<code>*code*</code>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("> quoted\nnot", "<blockquote>quoted</blockquote>not"),
        ("&gt; quoted", "<blockquote>quoted</blockquote>"),
        ("see ```a *b*``` there", "see <pre><code>a *b*</code></pre> there"),
        (":tada: and :octagonal_sign: and :nothing_known:", "🎉 and 🛑 and :nothing_known:"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("&amp;lt;", "&amp;lt;"),
    ],
)
def test_formatting_is_slacks(text: str, html: str) -> None:
    assert MARKUP.mrkdwn(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<@U1>", '<span class="mention" data-user="U1">@Ana</span>'),
        ("<@U9|Zoe>", '<span class="mention" data-user="U9">@Zoe</span>'),
        ("<#C1>", '<span class="mention" data-channel="C1">#general</span>'),
        ("<!here>", '<span class="mention broadcast">@here</span>'),
        ("<!subteam^S1|@team>", '<span class="mention">@team</span>'),
        ("<!date^1700000000^{date}|then>", "14 Nov 2023, 22:13 UTC"),
        ("<!date^soon^{date}|then>", "then"),
        ("<https://a.example/?b=1&amp;c=2|label>", f'<a href="https://a.example/?b=1&amp;c=2" {LINK}>label</a>'),
        ("<mailto:a@b.example>", f'<a href="mailto:a@b.example" {LINK}>a@b.example</a>'),
    ],
)
def test_references_are_named(text: str, html: str) -> None:
    assert MARKUP.mrkdwn(text) == html


def test_an_escaped_mention_stays_text() -> None:
    assert MARKUP.mrkdwn("&lt;@U1&gt; &lt;!here&gt;") == "&lt;@U1&gt; &lt;!here&gt;"


def test_a_mention_in_code_stays_code() -> None:
    assert "mention" not in MARKUP.mrkdwn("`<@U1>` ```<!here>```")
