"""Nobody waits for what need not be waited for; who has to wait is told so."""

from __future__ import annotations

import asyncio

from bot.playground.model import say
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, U_BEN, Bot, Launcher

SLOW_S = 30.0
"""Longer than the model takes to be asked."""


async def test_while_all_places_are_taken_a_thread_says_where_it_stands(launcher: Launcher) -> None:
    async with launcher.up(BOT_MAX_TURNS_RUNNING="1") as bot:
        gate = asyncio.Event()
        bot.model.script(say("one", gate), say("two"), say("three"))
        roots = [bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} first")]
        await bot.slack.wait_until(lambda: bool(bot.model.requests), ANSWER_S)
        for count, text in enumerate(("second", "third"), start=1):
            roots.append(bot.slack.people.say(U_BEN, C_GENERAL, f"{bot.slack.mention} {text}"))
            await bot.slack.wait_until(lambda count=count: len(_waiting(bot)) == count, ANSWER_S)  # type: ignore[misc]
        assert _waiting(bot) == [
            (roots[1], "is busy elsewhere: you are next"),
            (roots[2], "is busy elsewhere: 1 is ahead of you"),
        ]
        gate.set()
        for root in roots:
            await bot.turns_ended(root)
        assert [request.prompt for request in bot.model.requests] == ["first", "second", "third"]


async def test_the_model_is_asked_while_slack_has_answered_nothing_yet(bot: Bot) -> None:
    root = await bot.ask("hello")
    gate = asyncio.Event()
    bot.model.script(say("there", gate))
    for method in (
        "assistant.threads.setStatus",
        "reactions.add",
        "reactions.remove",
        "users.info",
        "conversations.info",
    ):
        bot.slack.fail(method, delay_s=SLOW_S, times=9)
    before = len(bot.model.requests)
    bot.slack.people.say(U_ANA, C_GENERAL, "and then?", root)
    await bot.slack.wait_until(lambda: len(bot.model.requests) > before, ANSWER_S)
    assert not any(status.text for status in bot.slack.workspace.statuses.values()), "the status is still on its way"
    bot.slack.faults.clear()
    gate.set()


def _waiting(bot: Bot) -> list[tuple[str, str]]:
    """The threads whose status says that they wait, with what it says."""
    return [(ts, status.text) for (_, ts), status in bot.slack.workspace.statuses.items() if "busy" in status.text]
