"""Operators work with sessions from the command line, while workers run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakeredis import FakeServer

from bot.cli import main
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_forget import everything, server

TEAM = "T0PLAYGROUN"
__all__ = ["server"]


@pytest.fixture(autouse=True)
def _logging_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    # The commands set logging up for a process that is theirs.
    monkeypatch.setattr("bot.logs.set_up", lambda *_args, **_more: None)


async def operator(*words: str, says: str = "") -> Result:
    """A command in a process of its own, as far as the store can tell."""
    runner = CliRunner(env={"REDIS_URL": "memory:", "BOT_SESSION_TTL_DAYS": "90"})
    return await asyncio.to_thread(runner.invoke, main, ["sessions", *words], input=says)


async def listed(*words: str) -> list[dict[str, object]]:
    result = await operator("list", "--json", *words)
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


async def two_talks(bot: Bot) -> tuple[str, str]:
    return await bot.ask("the red plan"), await bot.say("the blue plan", channel=D_ANA)


async def test_sessions_are_listed_and_shown(launcher: Launcher) -> None:
    async with launcher.up() as bot:
        red, _ = await two_talks(bot)
        everything_there = await listed()
        assert [one["title"] for one in everything_there] == ["the blue plan", "the red plan"]
        assert [one["title"] for one in await listed("--team", TEAM, "--channel", C_GENERAL)] == ["the red plan"]
        assert await listed("--user", U_BEN, "--team", TEAM) == []
        assert len(await listed("--limit", "1")) == 1

        table = (await operator("list")).stdout
        shown = await operator("show", f"{TEAM}:{C_GENERAL}:{red}")
        by_id = await operator("show", str(everything_there[1]["session"])[:8], "--json")

    assert "the red plan" in table
    assert f"{TEAM}:{C_GENERAL}:{red}" in table
    assert "the red plan" in shown.stdout
    assert [one["answer"].strip() for one in json.loads(by_id.stdout)["exchanges"]] == ["ok"]


async def test_sessions_are_copied_into_files(launcher: Launcher, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    async with launcher.up() as bot:
        await two_talks(bot)
        result = await operator("export", "--all", "--to", str(folder))

    assert result.exit_code == 0, result.output
    assert {str(path) for path in folder.iterdir()} <= set(result.stdout.splitlines())
    assert sorted(path.suffix for path in folder.iterdir()) == [".jsonl", ".jsonl", ".md", ".md"]
    (red,) = folder.glob("the-red-plan-*.md")
    assert "the red plan" in red.read_text(encoding="utf-8")
    assert red.stat().st_mode & 0o077 == 0
    (lines,) = folder.glob("the-red-plan-*.jsonl")
    assert {"user", "assistant"} <= {
        json.loads(line)["type"] for line in lines.read_text(encoding="utf-8").splitlines()
    }


async def test_a_session_is_forgotten_when_that_is_confirmed(server: FakeServer, launcher: Launcher) -> None:
    async with launcher.up() as bot:
        red, _ = await two_talks(bot)
        thread = f"{TEAM}:{C_GENERAL}:{red}"

        refused = await operator("forget", thread, says="n\n")
        assert (refused.exit_code, len(await listed())) == (1, 2)
        forgotten = await operator("forget", thread, says="y\n")

        assert forgotten.exit_code == 0
        assert f"forgotten: {thread}" in forgotten.stdout.splitlines()
        assert "red plan" not in await everything(server)
        assert "blue plan" in await everything(server)


async def test_a_person_is_forgotten_with_all_that_was_theirs(server: FakeServer, launcher: Launcher) -> None:
    async with launcher.up() as bot:
        await two_talks(bot)
        bens = await bot.ask("what ben says", user=U_BEN)
        await bot.say("ana's aside", bens)

        result = await operator("forget", "--user", U_ANA, "--team", TEAM, "--yes")

        assert result.exit_code == 0
        assert "forgotten: 2 sessions, 1 turns in those of others" in result.stdout.splitlines()
        left = await everything(server)
        assert [trace for trace in (U_ANA, "red plan", "blue plan", "ana's aside") if trace in left] == []


async def test_what_is_not_there_ends_with_status_1_and_a_wrong_line_with_2(fresh_memory: None) -> None:
    unknown = await operator("show", "4f1d2c3b")
    everything_and_one = await operator("export", "4f1d2c3b", "--all")
    nobody = await operator("forget", "--user", U_ANA)

    assert (unknown.exit_code, unknown.stderr) == (1, "No session is called 4f1d2c3b.\n")
    assert (everything_and_one.exit_code, nobody.exit_code) == (2, 2)
    assert "--team" in nobody.stderr
