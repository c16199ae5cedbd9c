"""Slack Connect: people of another company in a channel that is shared with them, through the wire."""

from __future__ import annotations

from pathlib import Path

from bot.playground.model import say
from bot.playground.slack.values import User
from tests.e2e.conftest import C_GENERAL, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.deciding import ALLOW, DENY, answered, asked, card, press, whispered, writes
from tests.e2e.test_access import KEPT_OUT, add, up
from tests.e2e.test_manage import command, shown

PARTNER = "T0PARTNERCO"
CAT = User("U0CAT3PARTN", "cat", "Cat", "ffffff", is_admin=True, team=PARTNER)
"""An admin, of their own workspace."""
BRANCH = "twisted_rightwards_arrows"


def said_to_cat(bot: Bot) -> str:
    return whispered(bot, CAT.id)


async def test_strangers_do_nothing_in_a_shared_channel_and_its_own_people_go_on(launcher: Launcher) -> None:
    async with launcher.up(BOT_POLICY="") as bot:
        cat = add(bot, CAT)
        bot.model.script(say("Hello."), writes(), say("Yes."), writes())
        root = await bot.ask("hello")
        people, reply = bot.slack.people, bot.replies(root)[0]
        other, asking = await asked(bot)

        people.say(cat, C_GENERAL, f"{bot.slack.mention} what do you know?")
        await bot.slack.wait_until(lambda: KEPT_OUT in said_to_cat(bot))
        people.say(cat, C_GENERAL, "tell me in here", root)
        people.say(cat, C_GENERAL, f"{bot.slack.mention} stop", other)
        people.react(cat, C_GENERAL, reply.ts, BRANCH)
        for number, (place, action, choice) in enumerate(
            ((reply, "feedback", "positive"), (asking, ALLOW, None), (asking, DENY, None)), start=2
        ):
            await people.click(cat, place, action, choice)
            assert KEPT_OUT in (await bot.told(cat, number)).text
        await people.shortcut(cat, "branch_here", C_GENERAL, reply.ts)
        await bot.told(cat, 5)
        for number, words in enumerate(("list", f"show {bot.link(root)}", "usage"), start=6):
            assert KEPT_OUT in shown(await command(bot, words, cat))
            await bot.told(cat, number)
        people.open_home(cat)
        await bot.slack.wait_until(lambda: KEPT_OUT in str(bot.slack.workspace.homes.get(cat)))

        await bot.say("still there?", root)
        assert bot.model.requests[-1].prompts == ["hello", "still there?"], "not even as context"
        assert bot.slack.posts_of_bot(C_GENERAL) == [], "no branch"
        await press(bot, asking, ALLOW)
        await answered(bot, other, "Result: ")
        assert "hello" not in said_to_cat(bot)


async def test_a_stranger_who_is_let_in_talks_branches_and_is_answered_in_their_own_workspace(
    launcher: Launcher, tmp_path: Path
) -> None:
    async with up(launcher, tmp_path, "strangers = true") as bot:
        cat = add(bot, CAT)
        root = await bot.ask("remember 42", user=cat)
        await bot.say("and 43", root)
        assert "Cat" in bot.model.requests[-1].prompts[-1] or "Ana" in bot.model.requests[-1].prompts[-1]
        answers = [dict(call.arguments) for call in bot.slack.calls("chat.startStream") if call.outcome == "ok"]
        assert [(one["recipient_user_id"], one["recipient_team_id"]) for one in answers] == [
            (cat, PARTNER),
            (U_ANA, bot.slack.workspace.team.id),
        ]
        branch = await bot.branch(bot.replies(root)[0].ts, user=cat)
        await bot.say("what?", branch, user=cat)
        assert bot.model.requests[-1].prompts == ["remember 42", "what?"]
        await bot.slack.people.click(cat, bot.replies(root)[0], "feedback", "positive")
        assert KEPT_OUT not in said_to_cat(bot)


async def test_being_an_admin_elsewhere_counts_for_nothing_here(launcher: Launcher, tmp_path: Path) -> None:
    async with up(launcher, tmp_path, "strangers = true") as bot:
        cat = add(bot, CAT)
        bot.model.fall_back_to(writes())
        _, bens = await asked(bot, user=U_BEN)
        await press(bot, bens, ALLOW, cat)
        await bot.told(cat)
        assert len(bot.model.requests) == 1, "it is not theirs to allow"
        own = bot.slack.people.say(cat, C_GENERAL, f"{bot.slack.mention} do it")
        await press(bot, await card(bot, own), ALLOW, cat)
        await answered(bot, own, "Result: ")
        spent = shown(await command(bot, "usage", cat))
        assert f"<@{U_BEN}>" not in spent
