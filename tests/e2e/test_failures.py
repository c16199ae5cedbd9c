"""Every failure is said plainly where it happened, and the session goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psutil
import pytest

from bot.playground.model import replies, say, use_tool
from bot.playground.model.replies import Failure
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, Bot, Launcher


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (replies.overloaded, "overloaded"),
        (replies.credentials_rejected, "credentials"),
        (replies.no_credit, "run out of credit"),
    ],
)
async def test_a_failing_model_is_explained_and_the_session_stays_usable(
    launcher: Launcher, failure: Callable[[], Failure], words: str
) -> None:
    async with launcher.up(CLAUDE_CODE_MAX_RETRIES="0") as bot:
        root = await bot.ask("one")
        bot.model.script(failure())
        await bot.say("two", root)
        assert words in bot.texts(root)[-1]
        await bot.say("three", root)
        assert bot.texts(root)[-1] == "ok"
        assert bot.model.requests[-1].prompts[0] == "one"
        assert bot.model.requests[-1].prompts[-1] == "three"


async def test_an_unreachable_model_is_explained(launcher: Launcher) -> None:
    async with launcher.up(CLAUDE_CODE_MAX_RETRIES="0", ANTHROPIC_BASE_URL="http://127.0.0.1:9") as bot:
        root = await bot.ask("one")
        assert "can't reach the model" in bot.texts(root)[-1]


async def test_a_limit_offers_continue_which_goes_on_with_a_higher_one(launcher: Launcher) -> None:
    async with launcher.up(BOT_MAX_TURNS="1") as bot:
        look = use_tool("Glob", {"pattern": "*"})
        bot.model.script(say("Let me look. ") + look, say("Found nothing."))
        root = await bot.ask("look")
        assert "Continue" in bot.texts(root)[-1]
        await bot.slack.people.click(U_ANA, bot.replies(root)[-1], "continue_turn")
        await bot.turns_ended(root, 2)
        assert bot.texts(root)[-1] == "Found nothing."
        assert bot.model.requests[-1].prompts[0] == "look"


async def test_a_cli_that_dies_is_started_again(bot: Bot) -> None:
    gate = asyncio.Event()
    bot.model.script(say("half ", gate, "never"), say("whole"))
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} go")
    await bot.slack.wait_until(lambda: bool(bot.replies(root)), ANSWER_S)
    for process in psutil.Process().children(recursive=True):
        if "claude" in process.name():
            process.kill()
    await bot.slack.wait_until(lambda: any("whole" in text for text in bot.texts(root)), ANSWER_S)
    gate.set()
    await bot.turns_ended(root)
    assert "never" not in "".join(bot.texts(root))


async def test_slack_refusing_streams_still_shows_the_answer(bot: Bot) -> None:
    bot.slack.fail("chat.startStream", error="unknown_method", times=100)
    bot.model.script(say("posted instead"))
    root = await bot.ask("hello")
    assert bot.texts(root) == ["posted instead"]


async def test_slack_being_away_for_a_while_loses_and_doubles_nothing(bot: Bot) -> None:
    for method in ("chat.startStream", "chat.appendStream", "chat.stopStream"):
        bot.slack.fail(method, status=503, times=1)
    bot.model.script(say("word " * 200))
    root = await bot.ask("hello")
    assert " ".join(" ".join(bot.texts(root)).split()) == ("word " * 200).strip()
