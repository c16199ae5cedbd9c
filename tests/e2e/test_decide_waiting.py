"""What waits for somebody meets restarts, dead workers, messages, branches and stops."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from bot.model import Decided, ThreadKey, Verdict
from bot.playground.model import Request, say, use_tool
from bot.playground.model.replies import Reply
from bot.playground.slack.values import Message
from bot.store import keys
from bot.store.client import connect
from bot.store.keys import ThreadKeys
from bot.store.store import Store
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.deciding import ALLOW, DENY, HERE, UNDER, answered, asked, card, press, shown, writes


@pytest.fixture
async def bot(launcher: Launcher) -> AsyncIterator[Bot]:
    async with launcher.up(**UNDER) as bot:
        yield bot


def key(bot: Bot, root: str) -> ThreadKey:
    return ThreadKey(bot.slack.workspace.team.id, C_GENERAL, root)


def decided(bot: Bot, asking: Message, what: str) -> Any:
    return bot.slack.wait_until(lambda: what in shown(asking), ANSWER_S)


async def test_a_card_works_after_a_restart(launcher: Launcher) -> None:
    launcher.model.fall_back_to(writes())
    async with launcher.up(**UNDER) as bot:
        root, asking = await asked(bot)
    async with launcher.up(**UNDER) as bot:
        await press(bot, asking, ALLOW)
        await answered(bot, root, "Result: ")


async def test_a_click_whose_worker_died_right_after_it_is_acted_upon(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    await bot.turns_ended(root)
    dead = Store(connect("memory:"), "a worker that is gone", ttl_s=0)
    pending = await dead.decisions.pending(key(bot, root))
    assert pending is not None
    await dead.decisions.decide(pending.thread, pending.id, Decided(Verdict.ALLOW_ONCE, U_ANA, time.time()))
    await answered(bot, root, "Result: ")
    await decided(bot, asking, f"<@{U_ANA}> allowed this once")
    assert not bot.model.requests[-1].results[-1].is_error


async def test_what_nobody_decided_in_time_is_a_no_and_says_so(launcher: Launcher) -> None:
    launcher.model.fall_back_to(writes())
    async with launcher.up(**UNDER) as bot:
        root, asking = await asked(bot)
        await bot.turns_ended(root)
    await let_expire(key(bot, root))
    async with launcher.up(**UNDER) as bot:
        await answered(bot, root, "Result: ")
        await decided(bot, asking, "Nobody decided in time")
        assert bot.model.requests[-1].results[-1].is_error


async def let_expire(thread: ThreadKey) -> None:
    """As if three days had passed. Raises AssertionError where nothing waits."""
    redis, names, now_us = connect("memory:"), ThreadKeys(thread), int(time.time() * 1e6)
    decision = (await cast("Any", redis.hget(names.turn, "decision"))).decode()
    await cast("Any", redis.hset(names.decisions, f"{decision}:expires_us", str(now_us)))
    asked_text = (await cast("Any", redis.hget(names.decisions, decision))).decode()
    before = asked_text.partition('"expires_at":')[2].partition(",")[0]
    late = asked_text.replace(f'"expires_at":{before}', f'"expires_at":{now_us / 1e6}')
    await cast("Any", redis.hset(names.decisions, decision, late))
    await redis.zadd(keys.pending(thread), {str(thread): now_us})


@pytest.mark.parametrize("yes", ["yes please", "Ok!", ":+1:", "ja, mach das"])
async def test_a_plain_yes_in_the_thread_decides(bot: Bot, yes: str) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    await bot.turns_ended(root)
    bot.slack.people.say(U_ANA, C_GENERAL, yes, root)
    await answered(bot, root, "Result: ")
    await decided(bot, asking, f"<@{U_ANA}> allowed this once")
    assert bot.model.requests[-1].prompts == ["do it"]


async def test_another_message_is_a_no_and_what_is_done_instead(bot: Bot) -> None:
    bot.model.script(use_tool("Write", {"file_path": "notes.md", "content": "x"}), say("Then b.md it is."))
    root, asking = await asked(bot)
    await bot.turns_ended(root)
    bot.slack.people.say(U_ANA, C_GENERAL, "rather call it b.md", root)
    await answered(bot, root, "Then b.md it is.")
    await decided(bot, asking, "wrote something else")
    request = bot.model.requests[-1]
    assert request.prompts[-1] == "rather call it b.md"
    assert request.results[-1].is_error


async def test_what_somebody_else_writes_waits_for_the_decision(bot: Bot) -> None:
    bot.model.script(use_tool("Write", {"file_path": "notes.md", "content": "x"}), say("Written."), say("Hello Ben."))
    root, asking = await asked(bot)
    await bot.turns_ended(root)
    later = bot.slack.people.say(U_BEN, C_GENERAL, "yes", root)
    await bot.slack.wait_until(lambda: bot.slack.workspace.message(C_GENERAL, later).reactions, ANSWER_S)
    assert len(bot.model.requests) == 1
    await press(bot, asking, ALLOW)
    await answered(bot, root, "Hello Ben.")
    assert bot.model.requests[-1].prompts[-1].endswith("yes")


async def test_a_branch_decides_otherwise(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    await bot.turns_ended(root)
    branch = await bot.branch(asking.ts, user=U_BEN)
    theirs = await card(bot, branch)
    assert "hello" in shown(theirs)
    await press(bot, theirs, ALLOW, U_BEN)
    await answered(bot, branch, "Result: ")
    assert not bot.model.requests[-1].results[-1].is_error
    assert ALLOW in shown(asking)
    await press(bot, asking, DENY)
    await answered(bot, root, "Result: ")
    assert bot.model.requests[-1].results[-1].is_error


async def test_a_stop_while_it_waits_is_a_no_and_the_session_goes_on(bot: Bot) -> None:
    bot.model.script(use_tool("Write", {"file_path": "notes.md", "content": "x"}), say("As you like."))
    root, asking = await asked(bot)
    await bot.turns_ended(root)
    bot.slack.people.say(U_ANA, C_GENERAL, "stop", root)
    await decided(bot, asking, f"<@{U_ANA}> stopped this")
    await bot.turns_ended(root, 2)
    await bot.say("never mind", root)
    assert bot.model.requests[-1].prompts == ["do it", "never mind"]
    assert bot.model.requests[-1].results[-1].is_error


async def test_what_is_allowed_in_a_thread_is_not_asked_again_there_and_is_elsewhere(launcher: Launcher) -> None:
    launcher.model.fall_back_to(writing_each_time)
    async with launcher.up(**UNDER) as bot:
        root, asking = await asked(bot)
        await press(bot, asking, HERE)
        await answered(bot, root, "Written 1.")
        await decided(bot, asking, "from now on in this thread: `Write`")
        await bot.turns_ended(root, 2)
    async with launcher.up(**UNDER) as bot:
        await bot.say("once more", root)
        assert "Written 2." in bot.texts(root)
        await asked(bot)


def writing_each_time(request: Request) -> Reply:
    """A model that writes the file once for each prompt."""
    written = sum(len(said.results) for said in request.messages)
    if written == len(request.prompts):
        return say(f"Written {written}.")
    return use_tool("Write", {"file_path": "notes.md", "content": f"{len(request.prompts)}\n"})


async def test_one_thing_after_another_is_asked(bot: Bot) -> None:
    first, second = ({"file_path": name, "content": "x"} for name in ("a.md", "b.md"))
    bot.model.script(use_tool("Write", first), use_tool("Write", second), say("Both written."))
    root, asking = await asked(bot)
    await press(bot, asking, ALLOW)
    again = await card(bot, root, 2)
    assert "b.md" in shown(again)
    await press(bot, again, ALLOW)
    await answered(bot, root, "Both written.")
    results = [result for said in bot.model.requests[-1].messages for result in said.results]
    assert [result.is_error for result in results] == [False, False]
