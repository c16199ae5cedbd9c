"""How a reply ends, and that what it says pings nobody."""

from __future__ import annotations

import json

import pytest

from bot.model import (
    Ending,
    Outcome,
    ToolStarted,
    Usage,
)
from bot.slack import wording
from tests.unit.slack.fake_slack import settle
from tests.unit.slack.reply.replying import a_reply


async def test_an_error_with_nothing_said_is_the_notice_alone() -> None:
    async with a_reply() as scene:
        await scene.close(Ending.OVERLOADED)
        assert scene.slack.text == f"_{wording.ending_notice(Outcome(Ending.OVERLOADED, ''))}_"
        assert not scene.slack.called("chat.startStream")


async def test_a_turn_without_words_is_answered_all_the_same() -> None:
    async with a_reply() as scene:
        await scene.close()
        assert scene.slack.text == f"_{wording.NOTHING_SAID}_"


async def test_the_notice_follows_what_was_said() -> None:
    async with a_reply() as scene:
        await scene.say("Half an ans")
        await scene.close(Ending.STOPPED)
        notice = wording.ending_notice(Outcome(Ending.STOPPED, ""))
        assert scene.slack.text == f"Half an ans\n\n_{notice}_"


async def test_a_notice_never_lands_inside_a_code_block() -> None:
    async with a_reply() as scene:
        await scene.say("```js\nlet a")
        await scene.close(Ending.STOPPED)
        assert scene.slack.text.startswith("```js\nlet a\n```\n\n_")


@pytest.mark.parametrize("ending", [Ending.MAX_TURNS, Ending.MAX_BUDGET])
async def test_a_limit_offers_to_continue(ending: Ending) -> None:
    async with a_reply() as scene:
        await scene.say("So far.")
        await scene.close(ending)
        button = scene.slack.messages[-1].blocks[0]["elements"][0]
        assert button["action_id"] == "continue_turn"
        assert json.loads(button["value"]) == {"thread": "T1:C1:1.0", "ending": ending.value}


async def test_the_usage_line_is_shown_when_asked_for() -> None:
    async with a_reply() as scene:
        await scene.say("Hello")
        await scene.close(usage=Usage("claude-x", 72.0, 0.031))
        assert scene.slack.messages[-1].lines == ["claude-x · 1 min 12 s · $0.03"]


async def test_leaving_without_an_end_leaves_what_was_said() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        calls = len(scene.slack.calls)
    await scene.clock.advance(10)
    assert (scene.slack.text, len(scene.slack.calls)) == ("Hello ", calls)


async def test_mentions_from_the_model_ping_nobody_even_in_two_pieces() -> None:
    async with a_reply() as scene:
        for piece in ("Hello ", "<", "!chan", "nel> and <@U", "12345> and `<!here>`"):
            await scene.say(piece)
            await scene.clock.advance(2)
        await scene.close()
        assert scene.slack.text.replace("\u2060", "") == "Hello <!channel> and <@U12345> and `<!here>`"
        assert scene.slack.text.count("\u2060") == 3


async def test_tool_titles_ping_nobody() -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Bash", "Running echo <!channel>"))
        await scene.close()
        assert "<!channel>" not in str(scene.slack.messages[0].cards)
