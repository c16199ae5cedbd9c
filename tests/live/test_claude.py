"""The agent with the real Claude: it answers, remembers, and forgets what a fork was cut before.

Costs some cents. Set BOT_LIVE_ANTHROPIC_API_KEY; BOT_LIVE_MODEL chooses the model, and BOT_LIVE_ANTHROPIC_BASE_URL says
where it is, if not where it always is.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.agent.claude import ClaudeAgent
from bot.agent.sessions import ClaudeSessions
from bot.agent.settings import AgentSettings
from bot.model import Ending, Limits, RunRequest, ThreadKey
from tests.integration.agent.bench import Told, a_thread, lease_of, new_session
from tests.live.credentials import credential, option
from tests.policies import WRITING
from tests.unit.agent.stored import StoredTranscripts

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

LIMITS = Limits(max_turns=5, max_budget_usd=0.5)


@dataclass
class Live:
    """An agent on the real model, over transcripts in memory."""

    agent: ClaudeAgent
    sessions: ClaudeSessions
    transcripts: StoredTranscripts
    root: Path

    async def ask(self, text: str, thread: ThreadKey, session: str, *, resume: bool = False) -> Told:
        tail = self.transcripts.tail(thread, session) if resume else ""
        workdir = self.root / session
        workdir.mkdir(exist_ok=True)
        request = RunRequest(
            lease_of(thread), session, resume=resume, text=text, tail=tail, limits=LIMITS, policy=WRITING
        )
        async with self.agent.run(request, workdir) as run:
            told = Told([event async for event in run])
        assert told.outcome.ending is Ending.DONE, told.outcome
        return told


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    environ = {
        "PATH": os.environ["PATH"],
        "ANTHROPIC_API_KEY": credential("ANTHROPIC_API_KEY"),
        "ANTHROPIC_BASE_URL": option("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    }
    transcripts = StoredTranscripts()
    settings = AgentSettings(tmp_path / "data", environ, model=option("MODEL", "haiku"))
    async with ClaudeAgent(transcripts, settings) as agent:
        yield Live(agent, ClaudeSessions(transcripts), transcripts, tmp_path)


async def test_a_session_is_resumed_and_a_fork_knows_only_what_came_before_it(live: Live) -> None:
    thread, branch, session = a_thread(), a_thread(), new_session()
    await live.ask("The first word is marmalade. Answer with: noted", thread, session)
    point = live.transcripts.tail(thread, session)
    await live.ask("The second word is tugboat. Answer with: noted", thread, session, resume=True)

    question = "Which words did I tell you? Answer with the words alone."
    both = await live.ask(question, thread, session, resume=True)
    fork = await live.sessions.fork(thread, session, point, lease_of(branch), "")
    first = await live.ask(question, branch, fork, resume=True)

    assert "marmalade" in both.text.lower()
    assert "tugboat" in both.text.lower()
    assert "marmalade" in first.text.lower()
    assert "tugboat" not in first.text.lower()
    assert both.outcome.cost_usd > 0


async def test_a_tool_writes_into_the_sessions_directory(live: Live) -> None:
    session = new_session()
    told = await live.ask("Write the word marmalade into the file note.txt, then say: done", a_thread(), session)
    assert "marmalade" in (live.root / session / "note.txt").read_text(encoding="utf-8")
    assert "Writing note.txt" in told.started
