"""People talk to the bot."""

from __future__ import annotations

from bot.playground.model import say
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot


async def test_a_mention_in_a_channel_is_answered_in_its_thread(bot: Bot) -> None:
    bot.model.script(say("Hello **Ana**."))
    root = await bot.ask("hello")
    assert bot.texts(root) == ["Hello **Ana**."]
    assert bot.model.requests[0].prompt == "hello"


async def test_a_follow_up_without_a_mention_remembers(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    await bot.say("what did I say?", root)
    assert bot.model.requests[1].prompts == ["remember 42", "what did I say?"]


async def test_a_direct_message_is_answered(bot: Bot) -> None:
    root = await bot.say("hello", channel=D_ANA)
    assert bot.texts(root, D_ANA) == ["ok"]


async def test_a_mention_without_a_question_is_greeted_once(bot: Bot) -> None:
    bot.slack.people.say(U_ANA, C_GENERAL, bot.slack.mention)
    assert "Hello" in (await bot.told()).text
    await bot.ask("hi")
    assert len(bot.slack.ephemerals(U_ANA)) == 1
    assert bot.model.requests[-1].prompts == ["hi"]


async def test_two_threads_know_nothing_of_each_other(bot: Bot) -> None:
    await bot.ask("I am blue")
    await bot.ask("I am red")
    assert bot.model.requests[1].prompts == ["I am red"]


async def test_anybody_can_go_on_and_is_named(bot: Bot) -> None:
    root = await bot.ask("hello")
    await bot.say("and me", root, user=U_BEN)
    assert bot.model.requests[1].prompt == "Ben: and me"


async def test_a_first_mention_in_an_old_thread_brings_what_was_said(bot: Bot) -> None:
    root = bot.slack.people.say(U_BEN, C_GENERAL, "the build is red")
    bot.slack.people.say(U_ANA, C_GENERAL, "since noon", root)
    await bot.ask("why?", root, user=U_BEN)
    assert bot.model.requests[0].prompt == "Earlier in this thread:\nBen: the build is red\nAna: since noon\n\nwhy?"
