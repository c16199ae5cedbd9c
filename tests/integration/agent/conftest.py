"""The real SDK and CLI, a scripted model, and a store in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.agent.claude import ClaudeAgent
from bot.agent.sessions import ClaudeSessions
from bot.agent.settings import AgentSettings
from bot.playground.model import ScriptedModel
from tests.integration.agent.bench import Bench, OpenBench
from tests.unit.agent.stored import StoredTranscripts

PATH = "/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture
def environ(model: ScriptedModel) -> dict[str, str]:
    """The bot's environment, as the agent is told it; a test may change it before it opens a bench."""
    return {**model.env, "PATH": PATH, "CLAUDE_CODE_MAX_RETRIES": "1", "SLACK_BOT_TOKEN": "xoxb-secret"}


@pytest.fixture
def open_bench(model: ScriptedModel, environ: dict[str, str]) -> OpenBench:
    """Opens an agent on a data directory; two of them are two workers."""
    transcripts = StoredTranscripts()

    @asynccontextmanager
    async def opened(data_dir: Path) -> AsyncIterator[Bench]:
        settings = AgentSettings(
            data_dir=data_dir,
            environ=environ,
            system_prompt="Speak like a pirate.",
            model="claude-sonnet-5",
            stop_grace_s=2.0,
        )
        async with ClaudeAgent(transcripts, settings) as agent:
            yield Bench(agent, ClaudeSessions(transcripts), model, transcripts, data_dir)

    return opened


@pytest.fixture
async def bench(open_bench: OpenBench, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path) as opened:
        yield opened
