"""The demo's persona behind the real CLI: what a visitor types, and what comes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.playground.model import ScriptedModel, persona
from bot.playground.model.prose import INTRODUCTION
from tests.integration.agent.bench import Bench, new_session


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel(fallback=persona) as scripted:
        yield scripted


async def test_a_visitor_sees_memory_and_files(bench: Bench) -> None:
    session = new_session()
    first = await bench.ask("remember 42", session)
    assert first.text.startswith(INTRODUCTION)
    written = await bench.ask("write notes.md: buy milk", session, resume=True)
    assert written.started == ["Writing notes.md"]
    assert (bench.workdir(session) / "notes.md").read_text() == "buy milk\n"
    listed = await bench.ask("list files", session, resume=True)
    assert "notes.md" in listed.text
    read = await bench.ask("read notes.md", session, resume=True)
    assert "buy milk" in read.text
    refused = await bench.ask("read /etc/passwd", session, resume=True)
    assert "did not work" in refused.text
    assert "root:" not in refused.text
    told = await bench.ask("what do you remember?", session, resume=True)
    assert "**42**" in told.text
    assert "5 earlier messages" in told.text
    assert all(INTRODUCTION not in later.text for later in (written, listed, read, refused, told))
