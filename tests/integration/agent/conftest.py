"""The real SDK and CLI, a scripted model, and a store in memory."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.agent.claude import ClaudeAgent
from bot.agent.sessions import ClaudeSessions
from bot.agent.settings import AgentSettings, PoolBounds
from bot.playground.model import ScriptedModel
from bot.ports import Clock
from tests.integration.agent.bench import LIMITS, Bench, OpenBench
from tests.unit.agent.stored import StoredTranscripts

COLD = PoolBounds()


@pytest.fixture
def temp_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of the test's own for temporary files, of the SDK and the CLI alike."""
    root = tmp_path / "tmp"
    root.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(root))
    monkeypatch.setenv("TMPDIR", str(root))
    return root


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as scripted:
        yield scripted


@pytest.fixture
def environ(model: ScriptedModel) -> dict[str, str]:
    """The bot's environment, as the agent is told it; a test may change it before it opens a bench.

    Without a PATH no sandbox is found: the runs are the same on every machine. test_sandbox.py has one.
    """
    return {**model.env, "CLAUDE_CODE_MAX_RETRIES": "1", "SLACK_BOT_TOKEN": "xoxb-secret"}


@pytest.fixture
def open_bench(model: ScriptedModel, environ: dict[str, str]) -> OpenBench:
    transcripts = StoredTranscripts()

    @asynccontextmanager
    async def opened(
        data_dir: Path,
        warm: PoolBounds = COLD,
        clock: Clock | None = None,
        stall_s: float = 60.0,
    ) -> AsyncIterator[Bench]:
        settings = AgentSettings(
            data_dir=data_dir,
            environ=environ,
            system_prompt="Speak like a pirate.",
            model="claude-sonnet-5",
            stop_grace_s=2.0,
            limits=LIMITS,
            warm=warm,
            stall_s=stall_s,
        )
        async with ClaudeAgent(transcripts, settings, clock=clock) as agent:
            yield Bench(agent, ClaudeSessions(transcripts), model, transcripts, data_dir)

    return opened


@pytest.fixture
async def bench(open_bench: OpenBench, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path) as opened:
        yield opened
