"""Copies of conversations: what is one's own, whole, and readable anywhere."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from bot import copies
from bot.copies import Copies, Copy, as_lines, as_markdown, file_name
from bot.errors import Reason, Refusal
from bot.model import Passage, PassageKind, ToolUse
from bot.references import References
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.unit.core.test_forks import talk
from tests.waiting import until


@pytest.fixture
def copied(world: World, worker: Worker) -> Copies:
    return Copies(worker.store.threads, world.agent, References(worker.store.threads, world.chat))


def unpacked(copy: Copy) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(copy.content)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


async def test_all_conversations_that_somebody_began_with_those_before_a_reset(
    world: World, worker: Worker, copied: Copies
) -> None:
    one, _ = await talk(world, worker, "my first"), await talk(world, worker, "my second")
    bens = world.message("what ben says", user=BEN.user)
    await worker.inbox.take(bens)
    await until(lambda: bool(world.chat.texts(bens.thread)))
    await worker.admin.reset(ANA, one[0].thread)
    found = await copied.of_person(ANA)
    files = unpacked(found)
    assert (found.threads, found.left_out) == (2, 0)
    assert sum(name.endswith(".md") for name in files) == 2
    assert "my first" in "".join(files.values())
    assert "ben" not in "".join(text for name, text in files.items() if name != "conversations.json")
    assert sorted(len(facts["earlier_sessions"]) for facts in json.loads(files["conversations.json"])) == [0, 1]


async def test_one_conversation_is_for_those_who_may_read_it(world: World, worker: Worker, copied: Copies) -> None:
    root, *_ = await talk(world, worker, "my first")
    assert "my first" in "".join(unpacked(await copied.of_thread(ANA, root.thread)).values())
    with pytest.raises(Refusal) as refused:
        await copied.of_thread(BEN, root.thread)
    assert refused.value.reason is Reason.NOT_YOURS


async def test_what_does_not_fit_is_counted(
    world: World, worker: Worker, copied: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await talk(world, worker, f"number {number}")
    files = unpacked(await copied.of_person(ANA))
    whole = sum(len(text) for name, text in files.items() if name != "conversations.json")
    monkeypatch.setattr(copies, "MAX_BYTES", whole - 1)
    found = await copied.of_person(ANA)
    assert (found.threads, found.left_out) == (2, 1)


def test_markdown_has_what_was_said_as_it_was_said_and_fences_that_hold() -> None:
    tool = ToolUse("Write", "Writing a.md", '{"text": "```"}', "````\ndone", failed=True)
    text = as_markdown(
        "The\nplan",
        "5f0c",
        [
            Passage(PassageKind.PROMPT, "**How?**", "2026-11-21T10:42:00Z"),
            Passage(PassageKind.TOOL, tool=tool),
            Passage(PassageKind.ANSWER, "So."),
        ],
    )
    assert text.startswith("# The plan\n\nSession `5f0c`\n\n## Prompt · 2026-11-21T10:42:00Z\n\n**How?**\n")
    assert '````json\n{"text": "```"}\n````' in text
    assert "It failed:\n\n`````\n````\ndone\n`````" in text
    assert text.endswith("## Answer\n\nSo.\n")


def test_lines_are_the_entries_as_they_are() -> None:
    assert as_lines(['{"a":1}', '{"b":2}']) == '{"a":1}\n{"b":2}\n'


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The plan", "the-plan-5f0c2a1b.md"),
        ("", "conversation-5f0c2a1b.md"),
        ("../../etc/passwd", "etc-passwd-5f0c2a1b.md"),
        ("日本語", "conversation-5f0c2a1b.md"),
        ("a\0b\nc", "a-b-c-5f0c2a1b.md"),
        ("x" * 200, f"{'x' * 60}-5f0c2a1b.md"),
    ],
)
def test_a_files_name_is_one_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title, "5f0c2a1b-3d4e", "md") == name
