"""People branch a conversation with an emoji, and both go on apart."""

from __future__ import annotations

import asyncio

from bot.playground.model import say, use_tool
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher

EMOJI = "twisted_rightwards_arrows"


async def test_a_branch_from_the_first_of_three_answers_knows_only_that_one(bot: Bot) -> None:
    bot.model.script(say("red"), say("blue"), say("green"), say("in the branch"), say("in the source"))
    root = await bot.ask("one")
    await bot.say("two", root)
    await bot.say("three", root)
    branch = await bot.branch(bot.replies(root)[0].ts)
    await bot.say("what do you know?", branch)
    assert bot.model.requests[-1].prompts == ["one", "what do you know?"]
    await bot.say("and here?", root)
    assert bot.model.requests[-1].prompts == ["one", "two", "three", "and here?"]


async def test_source_and_branch_link_to_each_other(bot: Bot) -> None:
    root = await bot.ask("one")
    reply = bot.replies(root)[0].ts
    branch = await bot.branch(reply)
    (branch_root,) = (message for message in bot.slack.posts_of_bot(C_GENERAL) if message.ts == branch)
    assert reply.replace(".", "") in branch_root.text
    await bot.slack.wait_until(lambda: len(bot.replies(root)) == 2)
    assert branch.replace(".", "") in bot.texts(root)[1]
    assert branch.replace(".", "") in bot.slack.ephemerals(U_ANA)[-1].text


async def test_a_branch_before_a_question_can_ask_it_again_as_it_was(bot: Bot) -> None:
    root = await bot.ask("one")
    second = await bot.say("two", root)
    branch = await bot.branch(second)
    (branch_root,) = (message for message in bot.slack.posts_of_bot(C_GENERAL) if message.ts == branch)
    await bot.slack.people.click(U_ANA, branch_root, "ask_again")
    await bot.slack.wait_until(lambda: len(bot.model.requests) == 3, 30)
    assert bot.model.requests[-1].prompts == ["one", "two"]
    await bot.turns_ended(branch)
    assert "> two" in "".join(bot.texts(branch))


async def test_reacting_twice_gives_the_same_branch_and_another_person_their_own(bot: Bot) -> None:
    root = await bot.ask("one")
    reply = bot.replies(root)[0].ts
    branch = await bot.branch(reply)
    bot.slack.people.unreact(U_ANA, C_GENERAL, reply, EMOJI)
    bot.slack.people.react(U_ANA, C_GENERAL, reply, EMOJI)
    again = await bot.told(U_ANA, 2)
    assert branch.replace(".", "") in again.text
    assert len(bot.slack.posts_of_bot(C_GENERAL)) == 1
    assert await bot.branch(reply, user=U_BEN) != branch


async def test_a_branch_can_be_branched_again(bot: Bot) -> None:
    root = await bot.ask("one")
    branch = await bot.branch(bot.replies(root)[0].ts)
    await bot.say("two", branch)
    deeper = await bot.branch(bot.replies(branch)[-1].ts)
    await bot.say("three", deeper)
    assert bot.model.requests[-1].prompts == ["one", "two", "three"]


async def test_a_branch_in_a_direct_message_is_a_thread_there(bot: Bot) -> None:
    root = await bot.say("one", channel=D_ANA)
    branch = await bot.branch(bot.replies(root, D_ANA)[0].ts, channel=D_ANA)
    await bot.say("two", branch, channel=D_ANA)
    assert bot.model.requests[-1].prompts == ["one", "two"]


async def test_the_shortcut_branches_too(bot: Bot) -> None:
    root = await bot.ask("one")
    await bot.slack.people.shortcut(U_BEN, "branch_here", C_GENERAL, bot.replies(root)[0].ts)
    await bot.told(U_BEN)
    assert len(bot.slack.posts_of_bot(C_GENERAL)) == 1


async def test_files_of_source_and_branch_live_apart(bot: Bot) -> None:
    def write(text: str) -> None:
        bot.model.script(use_tool("Write", {"file_path": "note.txt", "content": text}), say("written"))

    def read_it() -> None:
        bot.model.script(use_tool("Read", {"file_path": "note.txt"}), say("read"))

    write("from the source")
    root = await bot.ask("write")
    branch = await bot.branch(bot.replies(root)[0].ts)
    read_it()
    await bot.say("read", branch)
    assert "from the source" in bot.model.requests[-1].results[-1].text
    bot.model.script(use_tool("Write", {"file_path": "note.txt", "content": "from the branch"}), say("written"))
    await bot.say("write", branch)
    read_it()
    await bot.say("read", root)
    assert "from the source" in bot.model.requests[-1].results[-1].text


async def test_branching_a_running_turn_says_to_wait(bot: Bot) -> None:
    gate = asyncio.Event()
    bot.model.script(say("so far ", gate, "done"))
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} long")
    await bot.slack.wait_until(lambda: bool(bot.replies(root)), 30)
    bot.slack.people.react(U_ANA, C_GENERAL, bot.replies(root)[0].ts, EMOJI)
    assert "still working" in (await bot.told()).text
    gate.set()
    await bot.turns_ended(root)
    assert not bot.slack.posts_of_bot(C_GENERAL)


async def test_branching_what_belongs_to_no_session_says_what_to_do(bot: Bot) -> None:
    stray = bot.slack.people.say(U_BEN, C_GENERAL, "lunch?")
    bot.slack.people.react(U_BEN, C_GENERAL, stray, EMOJI)
    assert "doesn't belong to a conversation with me" in (await bot.told(U_BEN)).text


async def test_another_emoji_can_be_set(launcher: Launcher) -> None:
    async with launcher.up(BOT_FORK_EMOJI="seedling, :deciduous_tree:") as bot:
        root = await bot.ask("one")
        reply = bot.replies(root)[0].ts
        bot.slack.people.react(U_ANA, C_GENERAL, reply, EMOJI)
        bot.slack.people.react(U_BEN, C_GENERAL, reply, "deciduous_tree")
        await bot.told(U_BEN)
        assert len(bot.slack.posts_of_bot(C_GENERAL)) == 1


async def test_an_edit_after_the_answer_is_asked_again_in_a_branch(bot: Bot) -> None:
    root = await bot.ask("remember 42")
    question = await bot.say("what is six by sevn?", root)
    bot.slack.people.edit(U_ANA, C_GENERAL, question, "what is six by seven?")
    offer = await bot.told()
    assert not bot.slack.ephemerals(U_BEN)
    before = {message.ts for message in bot.slack.posts_of_bot(C_GENERAL)}
    await bot.slack.people.click(U_ANA, offer, "ask_edited")
    branch = await bot.slack.wait_until(
        lambda: next((m.ts for m in bot.slack.posts_of_bot(C_GENERAL) if m.ts not in before), ""), 30
    )
    await bot.turns_ended(branch)
    assert bot.model.requests[-1].prompts == ["remember 42", "what is six by seven?"]
    assert any("> what is six by seven?" in text for text in bot.texts(branch))
    await bot.slack.wait_until(lambda: "Asked again" in offer.text)
