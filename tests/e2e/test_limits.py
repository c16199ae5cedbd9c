"""What bounds what people can spend and send, through Slack's wire."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

from bot.playground.model import say, use_tool
from bot.playground.slack.values import User
from bot.prompt_limits import BOTS_IN_THREAD
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_manage import command, shown
from tests.waiting import until


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


async def long_conversation(bot: Bot) -> str:
    """A thread whose session fills 85 % of the model's context. Returns its root."""
    root = await bot.ask("remember 42")
    bot.model.script(replace(say("ok"), input_tokens=850_000))
    await bot.say("and 43", root)
    return root


SUMMARY = say("<analysis>numbers</analysis><summary>They want 42 and 43 remembered.</summary>")


async def test_a_context_that_is_nearly_full_is_said_and_compacted(bot: Bot) -> None:
    root = await long_conversation(bot)
    assert "fills 85% of what I can keep in mind" in str(bot.replies(root)[-1].blocks)
    bot.model.script(SUMMARY)
    await bot.slack.people.click(U_ANA, bot.replies(root)[-1], "compact")
    await bot.turns_ended(root, 3)
    assert "from here on I remember a summary" in bot.texts(root)[-1]
    assert "numbers" not in "".join(bot.texts(root))
    await bot.say("what?", root)
    asked = bot.model.requests[-1].texts
    assert any("They want 42 and 43 remembered." in text for text in asked)
    assert not any(text == "remember 42" for text in asked)
    assert "fills" not in str(bot.replies(root)[-1].blocks)
    branch = await bot.branch(bot.replies(root)[0].ts)
    await bot.say("and before?", branch)
    assert bot.model.requests[-1].prompts == ["remember 42", "and before?"]


async def test_compact_is_there_for_anybody_after_a_restart_and_happens_once(launcher: Launcher) -> None:
    async with launcher.up() as bot:
        root = await long_conversation(bot)
        offered = bot.replies(root)[-1]
    async with launcher.up() as bot:
        bot.model.script(SUMMARY)
        await bot.slack.people.click(U_BEN, offered, "compact")
        await bot.turns_ended(root, 3)
        await bot.slack.people.click(U_ANA, offered, "compact")
        assert "it is done, or being done" in (await bot.told()).text
    async with launcher.up() as bot:
        await bot.say("what?", root)
        assert any("They want 42 and 43 remembered." in text for text in bot.model.requests[-1].texts)
        assert len(bot.replies(root)) == 4


async def test_a_branch_of_a_long_conversation_says_so_and_is_compacted_there(bot: Bot) -> None:
    root = await long_conversation(bot)
    branch = await bot.branch(bot.replies(root)[-1].ts)
    opened = bot.slack.workspace.message(C_GENERAL, branch)
    assert "fills nearly all" in str(opened.blocks)
    bot.model.script(SUMMARY)
    await bot.slack.people.click(U_ANA, opened, "compact")
    await bot.turns_ended(branch)
    assert "from here on I remember a summary" in bot.texts(branch)[-1]
    await bot.say("here as well?", root)
    assert bot.model.requests[-1].prompts == ["remember 42", "and 43", "here as well?"]


async def test_a_long_conversation_is_branched_from_a_summary(bot: Bot) -> None:
    root = await long_conversation(bot)
    bot.model.script(SUMMARY)
    before = {message.ts for message in bot.slack.posts_of_bot(C_GENERAL)}
    await bot.slack.people.click(U_ANA, bot.replies(root)[-1], "branch_from_summary")
    branch = await bot.slack.wait_until(
        lambda: next((m.ts for m in bot.slack.posts_of_bot(C_GENERAL) if m.ts not in before), ""), 30
    )
    assert "fills nearly all" in str(bot.slack.workspace.message(C_GENERAL, branch).blocks)
    await bot.turns_ended(branch)
    await bot.say("what?", branch)
    assert any("They want 42 and 43 remembered." in text for text in bot.model.requests[-1].texts)
    await bot.say("here as well?", root)
    assert bot.model.requests[-1].prompts == ["remember 42", "and 43", "here as well?"]


async def test_compact_is_a_word_and_a_command_too(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    for count, way in ((2, "word"), (4, "command")):
        bot.model.script(SUMMARY)
        if way == "word":
            bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} compact", root)
        else:
            await command(bot, f"compact {bot.link(root)}")
        await bot.turns_ended(root, count)
        assert "from here on I remember a summary" in bot.texts(root)[-1]
        await bot.say("and 43", root)


async def test_a_turn_that_takes_too_long_offers_to_go_on(launcher: Launcher) -> None:
    async with launcher.up(BOT_MAX_TURN_S="1") as bot:
        gate = asyncio.Event()
        bot.model.script(say("so far. ", gate, "the rest."))
        root = await bot.ask("long")
        gate.set()
        assert "taken all the time" in bot.texts(root)[-1]
        await bot.slack.people.click(U_ANA, bot.replies(root)[-1], "continue_turn")
        await bot.turns_ended(root, 2)
        assert bot.model.requests[-1].prompt.endswith("Please continue where you stopped.")


async def test_admins_see_who_spent_most_and_others_only_their_own(bot: Bot) -> None:
    expensive(bot)
    await bot.ask("hello", user=U_BEN)
    of_admin, own = shown(await command(bot, "usage")), shown(await command(bot, "usage", U_BEN))
    assert f"<@{U_BEN}>: $" in of_admin
    assert "The workspace" in of_admin
    assert "Most this month" not in own
    assert f"<#{C_GENERAL}>" not in own
    assert U_ANA not in own


async def test_who_sends_too_many_messages_is_told_when_to_go_on(launcher: Launcher) -> None:
    async with launcher.up(BOT_PROMPTS_PER_MINUTE="2") as bot:
        root = await bot.ask("one")
        await bot.say("two", root)
        bot.slack.people.say(U_ANA, C_GENERAL, "three", root)
        told = await bot.told()
        assert re.search(r"as much as I take from one person within a minute.*try again in \d+ s\.", told.text)
        assert told.thread_ts == root
        await bot.say("mine", root, user=U_BEN)
        asked = bot.model.requests[-1].prompt
        assert "mine" in asked
        assert "three" not in asked


async def test_the_longest_message_slack_takes_is_answered_and_one_beyond_the_bound_has_a_way_out(
    launcher: Launcher,
) -> None:
    async with launcher.up() as bot:
        long = "".join(f"{number:05d} " for number in range(6660))
        await bot.say(long, channel=D_ANA)
        assert bot.model.requests[-1].prompts == [long.strip()]
    async with launcher.up(BOT_MAX_PROMPT_CHARS="39000") as bot:
        bot.slack.people.say(U_ANA, D_ANA, long)
        told = (await bot.told()).text
        assert "I take at most 39,000 characters at a time. Send it in parts, or attach it as a file." in told
        assert len(bot.model.requests) == 1


async def test_a_full_thread_takes_no_more_and_says_so(launcher: Launcher) -> None:
    async with launcher.up(BOT_MAX_WAITING="1") as bot:
        gate = asyncio.Event()
        bot.model.script(say(gate, "done"))
        root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} begin")
        await until(lambda: len(bot.model.requests) == 1)
        for text in ("second", "third"):
            bot.slack.people.say(U_ANA, C_GENERAL, text, root)
        told = await bot.told()
        assert "As many messages wait here as I take (1), so I left this one out." in told.text
        gate.set()
        await bot.turns_ended(root, 2)
        assert bot.model.requests[-1].prompts[-1] == "second"


async def test_a_message_in_which_nothing_shows_is_no_prompt(bot: Bot) -> None:
    for nothing in ("\u200b", " \u3164\n", "\x00\x07"):
        bot.slack.people.say(U_ANA, D_ANA, nothing)
    await bot.say("so\x00 what?", channel=D_ANA)
    assert [request.prompt for request in bot.model.requests] == ["so what?"]


async def test_a_bot_that_answers_the_bots_answers_is_not_answered_for_ever(launcher: Launcher, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[access]\nbots = true\n", encoding="utf-8")
    async with launcher.up(BOT_POLICY=str(policy)) as bot:
        workspace = bot.slack.workspace
        parrot = User("U0PARROT01", "parrot", "Parrot", "ffffff", is_bot=True)
        workspace.add_user(parrot)
        workspace.join(workspace.channel(C_GENERAL), parrot)
        root = await bot.ask("hello", user=parrot.id)
        for _ in range(BOTS_IN_THREAD - 1):
            await bot.ask("I heard: ok", root, user=parrot.id)
        bot.slack.people.say(parrot.id, C_GENERAL, f"{bot.slack.mention} I heard: ok", root)
        await bot.slack.wait_until(lambda: "I leave out what bots write here" in bot.texts(root)[-1], 30)
        for _ in range(2):
            bot.slack.people.say(parrot.id, C_GENERAL, f"{bot.slack.mention} I heard that too", root)
        await bot.say("go on with me", root)
        assert len(bot.model.requests) == BOTS_IN_THREAD + 1
        assert len(bot.replies(root)) == BOTS_IN_THREAD + 2, "it is said once"


async def test_what_a_turn_may_cost_ends_it_with_continue(launcher: Launcher) -> None:
    async with launcher.up(BOT_MAX_BUDGET_USD="0.10") as bot:
        look = use_tool("Glob", {"pattern": "*"})
        bot.model.script(replace(say("Let me look. ") + look, input_tokens=40_000), say("Found nothing."))
        root = await bot.ask("look")
        assert "Continue" in str(bot.replies(root)[-1].blocks)
        for _ in range(2):
            await bot.slack.people.click(U_ANA, bot.replies(root)[0], "continue_turn")
        assert "it is done, or being done" in (await bot.told()).text
        await bot.turns_ended(root, 2)
        await bot.say("again?", root)
        assert bot.texts(root)[1:] == ["Found nothing.", "ok"], "the second click changed nothing"


async def test_what_the_policy_bounds_holds(launcher: Launcher, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        "[limits]\nmax_turns = 1\n"
        f"[channels.{C_GENERAL}]\nlimits = {{ channel_day_usd = 0.01, max_prompt_chars = 30 }}\n",
        encoding="utf-8",
    )
    async with launcher.up(BOT_POLICY=str(policy)) as bot:
        look = use_tool("Glob", {"pattern": "*"})
        bot.model.script(replace(say("Let me look. ") + look, input_tokens=20_000), say("Found nothing."))
        root = await bot.ask("look")
        assert "Continue" in bot.texts(root)[0]
        await bot.say("and now?", root)
        assert "this channel's budget for today ($0.01) is used up" in bot.texts(root)[-1]
        bot.slack.people.say(U_ANA, C_GENERAL, "x" * 31, root)
        assert "I take at most 30 characters" in (await bot.told()).text
        await bot.say("x" * 31, channel=D_ANA)
        assert bot.model.requests[-1].prompts == ["x" * 31], "elsewhere it is not bounded"
