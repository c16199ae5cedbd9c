"""Sessions outlive processes and machines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.playground.model import say, use_tool
from bot.store.client import connect
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, Launcher


async def test_a_restarted_bot_still_remembers(launcher: Launcher) -> None:
    async with launcher.up() as bot:
        root = await bot.ask("remember 42")
    async with launcher.up() as bot:
        await bot.say("what?", root)
        assert bot.model.requests[-1].prompts == ["remember 42", "what?"]


async def test_another_machine_has_the_session_and_its_files(launcher: Launcher, tmp_path: Path) -> None:
    launcher.model.script(use_tool("Write", {"file_path": "note.txt", "content": "kept"}), say("written"))
    async with launcher.up() as bot:
        root = await bot.ask("write it down")
    elsewhere = replace(launcher, data_dir=tmp_path / "another machine")
    launcher.model.script(use_tool("Read", {"file_path": "note.txt"}), say("read"))
    async with elsewhere.up() as bot:
        await bot.say("read it", root)
        assert "kept" in bot.model.requests[-1].results[-1].text


async def test_a_session_that_is_gone_starts_from_a_recap_and_says_so(launcher: Launcher) -> None:
    launcher.model.script(say("Nice to meet you, Ana."))
    async with launcher.up() as bot:
        root = await bot.ask("I am Ana")
        redis = connect("memory:")
        keys = [key async for key in redis.scan_iter("*:transcript:*")]
        assert keys
        await redis.delete(*keys, *[key async for key in redis.scan_iter("*:tails")])
        await bot.say("who am I?", root)
        prompt = bot.model.requests[-1].prompt
        assert "Ana: I am Ana" in prompt
        assert "Nice to meet you, Ana." in prompt
        assert "expired" in bot.texts(root)[-1]


async def test_a_store_that_lost_everything_is_a_fresh_start(launcher: Launcher) -> None:
    async with launcher.up() as bot:
        root = await bot.ask("I am Ana")
        await connect("memory:").flushall()
        await bot.ask("who am I?", root)
        assert "Ana: I am Ana" in bot.model.requests[-1].prompt
        assert bot.slack.thread(C_GENERAL, root)


async def test_a_store_that_is_emptied_in_the_middle_of_a_turn_is_a_fresh_start(launcher: Launcher) -> None:
    gate = asyncio.Event()
    launcher.model.script(say("half of it ", gate, "and the rest"), say("Hello again, Ana."))
    async with launcher.up(BOT_LEASE_S="2") as bot:
        root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} I am Ana")
        await bot.slack.wait_until(lambda: bool(bot.replies(root)), ANSWER_S)
        await connect("memory:").flushall()
        gate.set()
        await bot.ask("who am I?", root)
        prompt = bot.model.requests[-1].prompt
        assert "Ana: I am Ana" in prompt
        assert "Hello again, Ana." in bot.texts(root)[-1]
        assert "and the rest" not in "".join(bot.texts(root))
