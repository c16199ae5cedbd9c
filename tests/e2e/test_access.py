"""Whom the bot deals with, through Slack's wire: everything that somebody can do is refused to those kept out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.playground.model import say
from bot.playground.slack.values import User
from tests.e2e.conftest import C_GENERAL, D_BEN, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_manage import command, shown

U_CAT = "U0CAT3PARTN"
U_CI = "U0CI4OTHERB"
KEPT_OUT = "I may not work with you here"
CLOSED = "I'm not available here"


@asynccontextmanager
async def up(launcher: Launcher, tmp_path: Path, access: str) -> AsyncIterator[Bot]:
    """A bot whose policy says this about access."""
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[access]\n{access}\n", encoding="utf-8")
    async with launcher.up(BOT_POLICY=str(policy)) as bot:
        yield bot


def add(bot: Bot, user: User) -> str:
    """Somebody else comes into #general. Returns their id."""
    workspace = bot.slack.workspace
    workspace.add_user(user)
    workspace.join(workspace.channel(C_GENERAL), user)
    return user.id


async def test_nothing_somebody_kept_out_does_reaches_the_bot_and_they_are_told_once(
    launcher: Launcher, tmp_path: Path
) -> None:
    async with up(launcher, tmp_path, f'deny_users = ["{U_BEN}"]') as bot:
        root = await bot.ask("hello")
        reply = bot.replies(root)[0]
        people, mention = bot.slack.people, bot.slack.mention
        people.say(U_BEN, C_GENERAL, f"{mention} let me in")
        assert KEPT_OUT in (await bot.told(U_BEN)).text
        people.say(U_BEN, C_GENERAL, f"{mention} please")
        people.say(U_BEN, C_GENERAL, "and in the thread", root)
        people.react(U_BEN, C_GENERAL, reply.ts, "twisted_rightwards_arrows")
        people.react(U_BEN, C_GENERAL, reply.ts, "octagonal_sign")
        people.say(U_BEN, C_GENERAL, "stop", root)
        # What was pressed or typed as a command is answered each time.
        for number, word in enumerate(("list", "usage", f"show {bot.link(root)}"), start=2):
            assert KEPT_OUT in (await command(bot, word, U_BEN)).text
            assert len(bot.slack.ephemerals(U_BEN)) == number
        await people.shortcut(U_BEN, "branch_here", C_GENERAL, reply.ts)
        assert KEPT_OUT in (await bot.told(U_BEN, 5)).text
        people.open_home(U_BEN)
        await bot.slack.wait_until(lambda: U_BEN in bot.slack.workspace.homes)
        blocks = bot.slack.workspace.homes[U_BEN].blocks
        assert KEPT_OUT in str(blocks)
        assert "actions" not in {block["type"] for block in blocks}
        await bot.say("still there?", root)
        assert len(bot.model.requests) == 2
        assert bot.model.requests[-1].prompts == ["hello", "still there?"], "not even as context"
        assert len(bot.slack.posts_of_bot(C_GENERAL)) == 0, "no branch was made"


async def test_a_button_is_refused_to_who_is_kept_out(launcher: Launcher, tmp_path: Path) -> None:
    async with up(launcher, tmp_path, f'deny_users = ["{U_BEN}"]') as bot:
        root = await bot.ask("hello")
        reply = bot.replies(root)[0]
        await bot.slack.people.click(U_BEN, reply, "feedback", "positive")
        assert KEPT_OUT in (await bot.told(U_BEN)).text


async def test_a_closed_channel_is_closed_to_everybody_and_direct_messages_too_where_set(
    launcher: Launcher, tmp_path: Path
) -> None:
    async with up(launcher, tmp_path, 'allow_channels = ["C0OTHER0001"]\ndirect_messages = false') as bot:
        bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} hello")
        assert CLOSED in (await bot.told()).text
        assert CLOSED in shown(await command(bot, "help"))
        bot.slack.people.say(U_BEN, D_BEN, "hello")
        assert CLOSED in (await bot.told(U_BEN)).text
        assert bot.model.requests == []


async def test_people_of_another_company_are_strangers_unless_the_operator_lets_them_in(
    launcher: Launcher, tmp_path: Path
) -> None:
    cat = User(U_CAT, "cat", "Cat", "ffffff", team="T0PARTNERCO")
    async with launcher.up() as bot:
        add(bot, cat)
        bot.slack.people.say(U_CAT, C_GENERAL, f"{bot.slack.mention} what do you know?")
        assert KEPT_OUT in (await bot.told(U_CAT)).text
        assert KEPT_OUT in (await command(bot, "list", U_CAT)).text
        assert bot.model.requests == []
    async with up(launcher, tmp_path, "strangers = true") as bot:
        await bot.ask("and now?", user=U_CAT)
        assert len(bot.model.requests) == 1


async def test_guests_are_let_in_until_the_operator_says_no(launcher: Launcher, tmp_path: Path) -> None:
    guest = User(U_CAT, "gus", "Gus", "ffffff", is_guest=True)
    async with launcher.up() as bot:
        add(bot, guest)
        await bot.ask("hello", user=U_CAT)
    async with up(launcher, tmp_path, "guests = false") as bot:
        bot.slack.people.say(U_CAT, C_GENERAL, f"{bot.slack.mention} hello again")
        assert KEPT_OUT in (await bot.told(U_CAT)).text
        assert len(bot.model.requests) == 1


async def test_another_apps_bot_is_never_answered_unless_let_in_and_then_only_where_it_names_this_one(
    launcher: Launcher, tmp_path: Path
) -> None:
    other = User(U_CI, "ci", "CI", "ffffff", is_bot=True)
    async with launcher.up() as bot:
        add(bot, other)
        bot.slack.people.say(U_CI, C_GENERAL, f"{bot.slack.mention} build 17 failed")
        await bot.ask("hello")
        assert len(bot.model.requests) == 1
        assert bot.slack.ephemerals(U_CI) == [], "a bot is not even told that it is not for it"
    async with up(launcher, tmp_path, "bots = true") as bot:
        bot.model.script(say("I'll look"), say("thanks"))
        root = await bot.ask("build 18 failed", user=U_CI)
        bot.slack.people.say(U_CI, C_GENERAL, "which build?", root)
        await bot.say("never mind", root)
        assert bot.model.requests[-1].prompts[-1].endswith("never mind")
        assert "which build?" not in str(bot.model.requests[-1].prompts)


async def test_group_members_alone_are_let_in_where_the_policy_names_groups(launcher: Launcher, tmp_path: Path) -> None:
    launcher.slack.workspace.groups["S0SRE000001"] = [U_BEN]
    async with up(launcher, tmp_path, 'allow_groups = ["S0SRE000001"]') as bot:
        await bot.ask("hello", user=U_BEN)
        bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} hello")
        assert KEPT_OUT in (await bot.told()).text
        assert len(bot.model.requests) == 1
