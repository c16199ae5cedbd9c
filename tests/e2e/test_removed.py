"""Slack takes the operator's own token no more, while people are at it: the app was removed, or nobody said why."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from structlog.typing import EventDict

from bot.errors import StartError
from bot.playground.model.replies import say
from tests.e2e.conftest import C_GENERAL, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.deciding import UNDER, card, writes


@pytest.fixture
def logged(ended: Counter[str]) -> Iterator[Counter[str]]:
    """How often each event was logged, as info or above."""
    counted: Counter[str] = Counter()

    def count(_logger: object, method: str, entry: EventDict) -> EventDict:
        counted[entry["event"]] += method != "debug"
        return entry

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[count, *before])
    yield counted
    structlog.configure(processors=before)


async def busy(bot: Bot) -> tuple[str, asyncio.Event]:
    """One thread waits for a decision; in another a turn runs, until the event is set, and a message waits."""
    hold = asyncio.Event()
    bot.model.script(writes(), say("First, ", hold, "then the rest."))
    await card(bot, bot.slack.people.say(U_BEN, C_GENERAL, f"{bot.slack.mention} write"))
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} think")
    await bot.slack.wait_until(lambda: bool(bot.replies(root)))
    bot.slack.people.say(U_ANA, C_GENERAL, "and this", root)
    await bot.slack.wait_until(lambda: not bot.slack.undelivered)
    return root, hold


def refused(bot: Bot) -> Counter[str]:
    return Counter(call.method for call in bot.slack.calls() if call.outcome != "ok")


async def test_a_workspace_that_removes_the_app_is_left_alone_and_finds_everything_when_it_is_back(
    launcher: Launcher, logged: Counter[str]
) -> None:
    async with launcher.up(**UNDER) as bot:
        root, hold = await busy(bot)
        logged.clear()
        bot.slack.uninstall()
        await bot.turns_ended(root)
        await bot.slack.wait_until(lambda: not bot.slack.undelivered)
        hold.set()
    assert max(logged.values()) <= 2, "two events told it, and two threads were at work"
    assert {call.outcome for call in bot.slack.calls()} == {"ok", "account_inactive"}
    assert max(refused(bot).values()) <= 2, "each tried once a thread"
    assert len(bot.model.requests) == 2, "what waited is not asked"

    with pytest.raises(StartError, match=r"SLACK_BOT_TOKEN \(account_inactive\)"):
        async with launcher.up():
            pass
    bot.slack.install()
    async with launcher.up() as bot:
        await bot.say("still there?", root)
        assert bot.model.requests[-1].prompts[-1].split() == ["and", "this", "still", "there?"], "as after any stop"


async def test_a_token_that_died_without_a_word_is_not_tried_for_ever(launcher: Launcher, logged: Counter[str]) -> None:
    async with launcher.up(**UNDER) as bot:
        root, hold = await busy(bot)
        logged.clear()
        bot.slack.installation.removed = True
        hold.set()
        await bot.turns_ended(root, 2)
    assert max(logged.values()) <= 3
    assert max(refused(bot).values()) <= 2
    assert "reply_refused" in logged, "the log says why"
