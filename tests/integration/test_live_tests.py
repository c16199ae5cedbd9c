"""The tests that need real credentials would work with them: here they run against the emulators.

Otherwise nobody would notice that they rot.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.playground.model import Answer, Request, ScriptedModel, say, use_tool
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL

ROOT = Path(__file__).parents[2]
BOUND_S = 100.0


async def run(module: str, environ: Mapping[str, str]) -> tuple[int | None, str]:
    """Run a module of live tests in a process of its own. Returns the exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"tests/live/{module}"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(BOUND_S):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_a_real_slack_is_streamed_to_and_left_as_it_was() -> None:
    async with EmulatedSlack.start() as slack:
        environ = {
            "BOT_LIVE_SLACK_BOT_TOKEN": slack.bot_token,
            "BOT_LIVE_SLACK_CHANNEL": C_GENERAL,
            "BOT_LIVE_SLACK_API_URL": slack.api_url,
        }
        status, said = await run("test_slack.py", environ)
        assert status == 0, said
        assert "2 passed" in said
        assert slack.calls("chat.startStream")
        assert slack.workspace.history(C_GENERAL) == []


async def test_a_real_claude_is_resumed_and_forked() -> None:
    async with ScriptedModel(attentive) as model:
        environ = {
            "BOT_LIVE_ANTHROPIC_API_KEY": model.env["ANTHROPIC_API_KEY"],
            "BOT_LIVE_ANTHROPIC_BASE_URL": model.env["ANTHROPIC_BASE_URL"],
        }
        status, said = await run("test_claude.py", environ)
        assert status == 0, said
        assert "2 passed" in said


def attentive(request: Request) -> Answer:
    """Says what it was told, as a real model would."""
    if request.results:
        return say("done")
    if request.prompt.startswith("Write"):
        return use_tool("Write", {"file_path": "note.txt", "content": "marmalade"})
    if request.prompt.startswith("Which"):
        told = " ".join(request.prompts)
        return say(" ".join(word for word in ("marmalade", "tugboat") if word in told))
    return say("noted")


@pytest.mark.parametrize("module", ["test_slack.py", "test_claude.py"])
async def test_without_credentials_they_are_skipped_and_say_what_they_need(module: str) -> None:
    status, said = await run(module, {"SLACK_BOT_TOKEN": "xoxb-1", "ANTHROPIC_API_KEY": "sk-ant-1"})
    assert status == 0, said
    assert "BOT_LIVE_" in said
    assert "is not set" in said
    assert "passed" not in said
