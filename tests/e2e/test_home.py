"""App Home: one's own conversations, kept fresh; for admins everybody's, with a search."""

from __future__ import annotations

import asyncio
import json

from bot.playground.model.replies import say
from bot.playground.slack.values import View
from tests.e2e.conftest import ANSWER_S, C_GENERAL, D_ANA, U_ANA, U_BEN, Bot


def seen(view: View) -> str:
    return json.dumps(view.blocks, ensure_ascii=False)


async def home_of(bot: Bot, user: str, *words: str) -> View:
    """The person's home, once it shows all of the words."""

    def shows() -> list[View]:
        homes = [home for home in (bot.slack.workspace.homes.get(user),) if home is not None]
        return [home for home in homes if all(word in seen(home) for word in words)]

    return (await bot.slack.wait_until(shows, ANSWER_S))[0]


async def modal_of(bot: Bot, user: str) -> View:
    """The modal that is open in front of the person."""
    return (await bot.slack.wait_until(lambda: bot.slack.workspace.modals.get(user, []), ANSWER_S))[-1]


async def test_home_shows_ones_own_conversations_and_follows_them(bot: Bot) -> None:
    await bot.ask("Ben's own question", user=U_BEN)
    root = await bot.ask("How do I bake bread?")
    bot.slack.people.open_home(U_ANA)
    home = await home_of(bot, U_ANA, "How do I bake bread?")
    assert "Ben's own question" not in seen(home)
    await bot.ask("Name three rivers")
    await home_of(bot, U_ANA, "Name three rivers", "Recent")
    assert root.replace(".", "") in seen(await home_of(bot, U_ANA))


async def test_home_says_what_was_spent_and_admins_the_workspaces(bot: Bot) -> None:
    await bot.ask("hello", user=U_BEN)
    bot.slack.people.open_home(U_BEN)
    assert "The workspace" not in seen(await home_of(bot, U_BEN, "*You*: ", "this month"))
    bot.slack.people.open_home(U_ANA)
    await home_of(bot, U_ANA, "*The workspace*: ")


async def test_home_says_to_admins_alone_how_the_work_goes(bot: Bot) -> None:
    hold = asyncio.Event()
    bot.model.script(say("First, ", hold, "then the rest."))
    bot.slack.people.say(U_BEN, C_GENERAL, f"{bot.slack.mention} Think for long")
    bot.slack.people.open_home(U_BEN)
    assert "worker" not in seen(await home_of(bot, U_BEN, "At work"))
    bot.slack.people.open_home(U_ANA)
    await home_of(bot, U_ANA, "1 worker · 1 conversation at work · none waits for a worker")
    hold.set()


async def test_a_turn_shows_in_home_while_it_is_at_work(bot: Bot) -> None:
    bot.slack.people.open_home(U_ANA)
    await home_of(bot, U_ANA, "no conversations here yet")
    hold = asyncio.Event()
    bot.model.script(say("First, ", hold, "then the rest."))
    bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} Think for long")
    await home_of(bot, U_ANA, "At work", "Think for long")
    hold.set()
    await home_of(bot, U_ANA, "Recent", "Think for long")


async def test_admins_see_everybodys_and_search_it(bot: Bot) -> None:
    await bot.ask("Ben's own question", user=U_BEN)
    await bot.ask("Ana's bread")
    bot.slack.people.open_home(U_ANA)
    home = await home_of(bot, U_ANA, "Ana's bread")
    await bot.slack.people.click(U_ANA, home, "home_all")
    home = await home_of(bot, U_ANA, "Ben's own question", "Ana's bread")
    await bot.slack.people.click(U_ANA, home, "home_search", "ben's")
    await bot.slack.wait_until(lambda: "Ana's bread" not in seen(bot.slack.workspace.homes[U_ANA]), ANSWER_S)
    home = await home_of(bot, U_ANA, "Ben's own question")
    await bot.slack.people.click(U_ANA, home, "home_mine")
    await home_of(bot, U_ANA, "Ana's bread")


async def test_who_is_no_admin_is_not_offered_what_is_everybodys(bot: Bot) -> None:
    await bot.ask("Ana's secret")
    bot.slack.people.open_home(U_BEN)
    home = await home_of(bot, U_BEN, "no conversations here yet")
    assert "home_all" not in seen(home)
    home.body["blocks"] = json.loads(
        seen(home).replace("home_refresh", "home_all").replace('"{}"', json.dumps('{"all":true}'))
    )
    await bot.slack.people.click(U_BEN, home, "home_all")
    await home_of(bot, U_BEN, "home_refresh")
    assert "Ana's secret" not in seen(bot.slack.workspace.homes[U_BEN])


async def test_a_conversation_is_renamed_and_reset_from_home(bot: Bot) -> None:
    await bot.ask("How do I bake bread?")
    bot.slack.people.open_home(U_ANA)
    home = await home_of(bot, U_ANA, "How do I bake bread?")
    await bot.slack.people.click(U_ANA, home, "row", _option(home, "rename"))
    modal = await modal_of(bot, U_ANA)
    await bot.slack.people.submit(U_ANA, modal.id, {"typed": "Sourdough"})
    home = await home_of(bot, U_ANA, "Sourdough")
    await bot.slack.people.click(U_ANA, home, "row", _option(home, "reset"))
    assert "Start afresh" in seen(await modal_of(bot, U_ANA))


async def test_a_conversation_is_branched_from_home_into_ones_direct_messages(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    bot.slack.people.open_home(U_ANA)
    home = await home_of(bot, U_ANA, "remember 42")
    await bot.slack.people.click(U_ANA, home, "row", _option(home, "continue_here"))
    (branch,) = await bot.slack.wait_until(lambda: bot.slack.posts_of_bot(D_ANA), ANSWER_S)
    await bot.say("what?", branch.ts, channel=D_ANA)
    assert bot.model.requests[-1].prompts == ["remember 42", "what?"]
    await bot.say("and here?", root)
    assert bot.model.requests[-1].prompts == ["remember 42", "and here?"], "the source stays as it was"


def _option(home: View, deed: str) -> str:
    """The value of the first row's menu entry for that."""
    options = next(block["accessory"]["options"] for block in home.blocks if "accessory" in block)
    return next(str(option["value"]) for option in options if str(option["value"]).startswith(f"{deed} "))
