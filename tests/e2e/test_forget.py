"""What is forgotten is gone: from Redis, from disk, from what the model is told."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from bot.playground.model import say, use_tool
from bot.store import client
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_manage import command, shown
from tests.waiting import until

READ = {
    b"hash": ("HGETALL",),
    b"list": ("LRANGE", 0, -1),
    b"zset": ("ZRANGE", 0, -1),
    b"set": ("SMEMBERS",),
    b"string": ("GET",),
    b"stream": ("XRANGE", "-", "+"),
}


@pytest.fixture
def server(fresh_memory: None) -> FakeServer:
    """The store in memory that the bot of the test uses."""
    found = client._shared_server()
    assert isinstance(found, FakeServer)
    return found


async def everything(server: FakeServer) -> str:
    """All that Redis holds, names and values, as one text."""
    redis = FakeAsyncRedis(server=server, protocol=2)
    found: list[object] = []
    async for name in redis.scan_iter():
        command, *more = READ[await redis.type(name)]  # type: ignore[index]
        found += [name, await redis.execute_command(command, name, *more)]  # type: ignore[no-untyped-call]
    await redis.aclose()
    return repr(found)


def on_disk(folder: Path) -> str:
    """The files below the folder. What goes meanwhile is not there any more."""
    found = []
    for place, _, names in os.walk(folder):
        for path in (Path(place) / name for name in names):
            with suppress(FileNotFoundError):
                found.append((path.name, path.read_bytes()))
    return repr(found)


async def forget(bot: Bot, what: str, user: str = U_ANA) -> str:
    """Ask for it, confirm it, and return what is said in the end."""
    question = await command(bot, f"forget {what}".strip(), user)
    assert "can't be undone" in shown(question)
    await bot.slack.people.click(user, question, "forget_confirmed")
    ephemerals = bot.slack.ephemerals
    await bot.slack.wait_until(lambda: any("Done" in e.text or "is forgotten" in e.text for e in ephemerals(user)), 30)
    return shown(ephemerals(user)[-1])


async def test_a_person_and_all_that_was_theirs(server: FakeServer, launcher: Launcher) -> None:
    async with launcher.up() as bot:
        bot.model.script(use_tool("Write", {"file_path": "notes.md", "content": "my secret notes"}), say("Written."))
        root = await bot.ask("keep my secret")
        await bot.say("another secret", channel=D_ANA)
        await bot.branch(bot.replies(root)[0].ts)
        bens = await bot.ask("what ben says", user=U_BEN)
        await bot.say("my secret aside", bens)
        assert "secret" in await everything(server)
        assert "secret" in on_disk(launcher.data_dir)

        told = await forget(bot, f"<@{U_ANA}>")

        assert "3 conversations gone, and 1 turn in those of others emptied" in told
        left = await everything(server)
        assert [trace for trace in ("secret", U_ANA, root) if trace in left] == []
        await until(lambda: "secret" not in on_disk(launcher.data_dir))
        await bot.say("what was said here?", bens, user=U_BEN)
        assert "secret" not in repr(bot.model.requests[-1].raw["messages"])
        assert bot.model.requests[-1].prompts[0] == "what ben says"


async def test_one_conversation_and_not_the_branch_of_somebody_else(server: FakeServer, launcher: Launcher) -> None:
    async with launcher.up() as bot:
        root = await bot.ask("remember 42")
        branch = await bot.branch(bot.replies(root)[0].ts, user=U_BEN)
        assert "is forgotten" in await forget(bot, bot.link(root))
        await bot.ask("what did I say?", branch, user=U_BEN)
        assert bot.model.requests[-1].prompts == ["remember 42", "what did I say?"]


async def test_what_is_somebody_elses_is_refused(server: FakeServer, launcher: Launcher) -> None:
    async with launcher.up() as bot:
        root = await bot.ask("ana's question")
        await bot.say("ben's remark", root, user=U_BEN)
        for what in (bot.link(root), f"<@{U_ANA}>"):
            answer = await command(bot, f"forget {what}", U_BEN)
            assert "forget_confirmed" not in shown(answer)
        assert "ana's question" in await everything(server)


async def test_a_deleted_message_takes_its_turn_out_of_the_session(server: FakeServer, launcher: Launcher) -> None:
    async with launcher.up(BOT_FOLLOW_DELETES="true", BOT_SPARES="0") as bot:
        root = await bot.ask("first")
        bot.model.script(say("Your secret is safe."))
        secret = await bot.say("my secret", root)
        bot.slack.people.delete(U_ANA, C_GENERAL, secret)
        await bot.slack.wait_until(lambda: not bot.slack.undelivered)
        assert "secret" not in await everything(server)
        await bot.say("what did I say?", root)
        assert "secret" not in repr(bot.model.requests[-1].raw["messages"])
        assert bot.model.requests[-1].prompts[0] == "first"


async def test_without_the_setting_a_deleted_message_stays_in_the_session(bot: Bot) -> None:
    root = await bot.ask("first")
    secret = await bot.say("my secret", root)
    bot.slack.people.delete(U_ANA, C_GENERAL, secret)
    await bot.say("what did I say?", root)
    assert "my secret" in bot.model.requests[-1].prompts
