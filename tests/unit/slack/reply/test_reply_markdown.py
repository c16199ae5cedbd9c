"""Markdown of every kind reaches Slack's own Markdown as the model wrote it, however it arrives."""

from __future__ import annotations

import pytest

from bot.slack.reply.mode import StreamingMode
from bot.slack.text.markdown import WORD_JOINER
from tests.unit.slack.reply.read_back import check_told
from tests.unit.slack.reply.replying import a_reply

KINDS = {
    "headings": "# One\n\n## Two\n\n### Three\n\nText below.\n\n",
    "emphasis": "**bold**, *italic*, _both_ and ~~gone~~, snake_case_name and 2*3*4.\n\n",
    "table": "| name | count |\n|:-----|------:|\n| a \\| b | 1 |\n| **c** | 2 |\n\n",
    "nested lists": "- one\n  - two\n    1. three\n    2. four\n\n      still four\n- five\n\n",
    "code with its language": "```python\ndef f(x: int) -> str:\n    return f\"{x} <b> & 'c'\"\n```\n\n",
    "code that shows a fence": "````markdown\n```sh\nls\n```\n````\n\n",
    "code in a line": "Call `a < b && c` and ``a `b` c``.\n\n",
    "links": "[the docs](https://example.org/a?b=c&d=e#f), <https://example.org> and https://example.org/x_y_z.\n\n",
    "images": "![a chart](https://example.org/chart.png)\n\n",
    "quotes": "> A quote\n> of two lines\n>\n> > and one inside\n\n",
    "task lists": "- [x] done\n- [ ] to do\n  - [ ] a part of it\n\n",
    "maths": "$a_1 + b_2 = \\frac{c}{d}$ and\n\n$$\n\\int_0^1 x^2\\,dx < 1\n$$\n\n\\(x \\ne y\\)\n\n",
    "a rule and a line break": "above\n\n---\n\nbelow  \nthe line\n\n",
    "emoji and entities": ":tada: 🎉 &amp; &lt; < > & 1 < 2\n\n",
    "HTML": "<details><summary>More</summary>x<br>y</details> <!-- a comment -->\n\n",
}


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece_chars", [1, 7, 10_000])
async def test_slack_gets_it_as_it_was_written(kind: str, mode: StreamingMode, piece_chars: int) -> None:
    said = f"Before it.\n\n{KINDS[kind]}After it."
    async with a_reply(mode=mode) as scene:
        for start in range(0, len(said), piece_chars):
            await scene.say(said[start : start + piece_chars])
            await scene.clock.advance(0.3)
        await scene.close()
        (message,) = scene.slack.messages
        assert message.text == said


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_lot_of_it_rolls_over_and_is_all_there_once(kind: str, mode: StreamingMode) -> None:
    said = KINDS[kind] * (12_000 // len(KINDS[kind]))
    async with a_reply(mode=mode, part_bytes=3_000) as scene:
        await scene.say(said)
        await scene.close()
        assert len(scene.slack.messages) >= 4
        check_told([message.text for message in scene.slack.messages], {}, scene.journal.last, said)


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
@pytest.mark.parametrize(
    "reference", ["<!channel>", "<!here>", "<!everyone>", "<@U123>", "<!subteam^S1|team>", "<#C1>"]
)
async def test_no_split_over_flushes_lets_a_mention_take_effect(mode: StreamingMode, reference: str) -> None:
    """It comes in two pieces, cut anywhere, with a flush between them."""
    for at in range(1, len(reference)):
        async with a_reply(mode=mode) as scene:
            for piece in (f"Hello {reference[:at]}", f"{reference[at:]} all."):
                await scene.say(piece)
                await scene.clock.advance(10)
            await scene.close()
            assert scene.slack.text == f"Hello <{WORD_JOINER}{reference[1:]} all."
