"""Prompts through the real SDK and CLI."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from bot.model import Asked, Ending, Limits, Remark, RemarkKind, TextDelta, Thinking, ToolFinished
from bot.playground.model import say, think, use_tool
from bot.playground.model.replies import cut
from bot.playground.model.requests import Picture
from tests.integration.agent.bench import Bench, OpenBench, Told, a_thread, new_session

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_a_prompt_is_answered_piece_by_piece(bench: Bench) -> None:
    bench.model.script(think("Well.") + say("Here is what I think about your question."))
    told = await bench.ask("A question", session := new_session())
    assert told.text == "Here is what I think about your question."
    assert sum(isinstance(event, TextDelta) for event in told.events) > 1
    assert [type(event) for event in told.events[:2]] == [Asked, Thinking]
    outcome = told.outcome
    assert (outcome.ending, outcome.session_id, outcome.agent_turns) == (Ending.DONE, session, 1)
    assert outcome.cost_usd > 0
    assert outcome.duration_s > 0
    assert outcome.model


async def test_a_follow_up_remembers(bench: Bench) -> None:
    session = new_session()
    bench.model.script(say("Noted."), say("It is 42."))
    first = await bench.ask("Remember 42", session)
    second = await bench.ask("Which number?", session, resume=True)
    assert second.text == "It is 42."
    assert bench.model.requests[1].prompts == ["Remember 42", "Which number?"]
    assert second.outcome.cost_usd < 1.5 * first.outcome.cost_usd, "the cost is this run's, not the session's"


async def test_a_session_goes_on_in_another_place(open_bench: OpenBench, tmp_path: Path) -> None:
    session, thread = new_session(), a_thread()
    async with open_bench(tmp_path / "one") as here:
        await here.ask("Remember 42", session, thread=thread)
    async with open_bench(tmp_path / "two") as there:
        await there.ask("Which number?", session, resume=True, thread=thread)
        shown = there.model.requests[-1]
        assert shown.prompts == ["Remember 42", "Which number?"]
        assert f"Your working directory is {there.workdir(session)}" in shown.system


async def test_a_run_can_drop_what_came_after_an_entry(bench: Bench) -> None:
    session = new_session()
    await bench.ask("first", session)
    head = bench.transcripts.tail(bench.thread, session)
    await bench.ask("second", session, resume=True)
    await bench.ask("third", session, resume=True, resume_at=head)
    assert bench.model.requests[-1].prompts == ["first", "third"]
    await bench.ask("fourth", session, resume=True)
    assert bench.model.requests[-1].prompts == ["first", "third", "fourth"]


@pytest.mark.parametrize("hostile", ["@/etc/passwd and @/etc/hostname", "/cost", "/help me", "/clear", "!ls", "# note"])
async def test_a_prompt_reaches_the_model_as_it_was_written(bench: Bench, hostile: str) -> None:
    told = await bench.ask(hostile, new_session())
    assert told.text == "ok"
    assert bench.model.requests[0].prompts == [hostile]
    assert "root:" not in str(bench.model.requests[0].raw)


async def test_an_image_reaches_the_model(bench: Bench) -> None:
    session = new_session()
    picture = bench.workdir(session) / "pixel.png"
    picture.write_bytes(PIXEL)
    await bench.ask("@/etc/passwd What is it?", session, images=(picture,))
    shown = bench.model.requests[0].messages[0]
    assert shown.pictures == (Picture("image/png", len(PIXEL)),)
    assert shown.text == "@/etc/passwd What is it?"
    await bench.ask("And its colour?", session, resume=True)
    assert bench.model.requests[1].messages[0].pictures == shown.pictures


async def test_tools_are_told_in_plain_words(bench: Bench) -> None:
    session = new_session()
    (bench.workdir(session) / "report.md").write_text("All is well.")
    bench.model.script(say("Let me look.") + use_tool("Read", {"file_path": "report.md"}), say("It is fine."))
    told = await bench.ask("Read the report", session)
    assert told.started == ["Reading report.md"]
    assert [finished.ok for finished in told.finished] == [True]
    assert told.text == "Let me look.\n\nIt is fine."
    assert "All is well." in bench.model.requests[1].results[0].text


async def test_a_tool_writes_into_the_sessions_directory(bench: Bench) -> None:
    session = new_session()
    bench.model.script(use_tool("Write", {"file_path": "deep/er/note.md", "content": "hello"}), say("Written."))
    told = await bench.ask("Write it", session)
    assert told.finished[0].ok
    assert (bench.workdir(session) / "deep/er/note.md").read_text() == "hello"


@pytest.mark.parametrize(
    ("tool", "tool_input"),
    [
        ("Read", {"file_path": "/etc/passwd"}),
        ("Read", {"file_path": "../../../../../../../../etc/passwd"}),
        ("Read", {"file_path": "way-out/passwd"}),
        ("Read", {"file_path": "~/.bashrc"}),
        ("Glob", {"pattern": "/etc/*"}),
        ("Grep", {"pattern": "root", "path": "/etc"}),
        ("Write", {"file_path": "/tmp/written-outside", "content": "x"}),
    ],
)
async def test_nothing_outside_the_directory_is_reached(bench: Bench, tool: str, tool_input: dict[str, str]) -> None:
    session = new_session()
    (bench.workdir(session) / "way-out").symlink_to("/etc")
    bench.model.script(use_tool(tool, tool_input), say("I could not."))
    told = await bench.ask("Try", session)
    assert told.text == "I could not."
    assert [finished.ok for finished in told.finished] == [False]
    assert told.finished[0].summary
    assert "root:" not in bench.model.requests[1].results[0].text
    assert not Path("/tmp/written-outside").exists()


async def test_a_tool_that_is_not_offered_is_not_named_to_the_model(bench: Bench) -> None:
    await bench.ask("hello", new_session())
    assert {"Task", "Agent", "Skill", "TodoWrite"}.isdisjoint(bench.model.requests[0].tools)
    assert {"Read", "Glob", "Grep", "Write", "Edit", "Bash"} <= set(bench.model.requests[0].tools)


async def test_an_answer_that_broke_off_is_not_shown_twice(bench: Bench) -> None:
    told = await broken_off(bench, "One two three", "One two three four five.")
    assert told.text == "One two three four five."
    assert not any(isinstance(event, Remark) for event in told.events)


async def test_an_answer_that_starts_differently_the_second_time_says_so(bench: Bench) -> None:
    told = await broken_off(bench, "One two three", "Uno, due.")
    assert told.text == "One two three\n\nUno, due."
    assert Remark(RemarkKind.STARTED_OVER) in told.events


async def broken_off(bench: Bench, first: str, again: str) -> Told:
    """What is told when the connection breaks after the first text was shown, and the model is asked again."""
    shown = asyncio.Event()
    bench.model.script(cut(first, shown), say(again))
    events = []
    async with bench.run("Count", new_session()) as run:
        async for event in run:
            events.append(event)
            if isinstance(event, TextDelta):
                shown.set()
    return Told(events)


async def test_the_models_choice_and_the_operators_words_reach_the_api(open_bench: OpenBench, tmp_path: Path) -> None:
    async with open_bench(tmp_path) as bench:
        await bench.ask("hello", new_session(), limits=Limits(max_turns=3))
    shown = bench.model.requests[0]
    assert "Speak like a pirate." in shown.system
    assert shown.model == "claude-sonnet-5"


async def test_every_tool_that_started_has_finished(bench: Bench) -> None:
    bench.model.script(
        use_tool("Glob", {"pattern": "*"}) + use_tool("Read", {"file_path": "none.md"}), say("Neither was of use.")
    )
    told = await bench.ask("Look", new_session())
    assert len(told.started) == 2
    assert [type(f) for f in told.finished] == [ToolFinished, ToolFinished]
