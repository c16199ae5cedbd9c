"""What bounds what people can spend and send, through Slack's wire."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.model import say
from tests.e2e.conftest import C_GENERAL, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_manage import command, shown


def expensive(bot: Bot) -> None:
    """The next answer costs more than a cent, by the CLI's own reckoning."""
    bot.model.script(replace(say("ok"), input_tokens=20_000))


async def test_beyond_a_budget_prompts_are_refused_with_when_it_resets(launcher: Launcher) -> None:
    async with launcher.up(BOT_BUDGET_USER_DAY_USD="0.01") as bot:
        expensive(bot)
        root = await bot.ask("hello")
        await bot.say("and now?", root)
        refused = bot.texts(root)[-1]
        assert "your budget for today ($0.01) is used up" in refused
        assert "00:00 on " in refused
        assert "(UTC)" in refused
        assert len(bot.model.requests) == 1
        assert "is used up" in (await bot.told()).text
        answer = shown(await command(bot, "usage"))
        assert "of $0.01 today ($0.00 left)" in answer
        await bot.ask("I have my own", user=U_BEN)
        assert len(bot.model.requests) == 2


async def test_admins_see_who_spent_most_and_others_only_their_own(bot: Bot) -> None:
    expensive(bot)
    await bot.ask("hello", user=U_BEN)
    of_admin, own = shown(await command(bot, "usage")), shown(await command(bot, "usage", U_BEN))
    assert f"<@{U_BEN}>: $" in of_admin
    assert "The workspace" in of_admin
    assert "Most this month" not in own
    assert f"<#{C_GENERAL}>" not in own
    assert U_ANA not in own
