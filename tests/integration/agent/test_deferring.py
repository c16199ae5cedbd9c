"""Calls that need a person end the run, and are carried out, or not, when somebody decided: the real SDK and CLI."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.agent.settings import PoolBounds
from bot.model import Decided, Decision, DeferredCall, DetailKind, Ending, ThreadKey, TurnPolicy, Verdict
from bot.playground.model import ScriptedModel, say, use_tool
from tests.integration.agent.bench import Bench, OpenBench, Told, a_thread, lease_of, new_session
from tests.policies import rules

ASKING = TurnPolicy(((rules(allow=["Read", "AskUserQuestion"], ask=["Write", "Edit"]),),))
QUESTIONS = {
    "questions": [
        {
            "question": "Which?",
            "header": "Way",
            "options": [{"label": "A", "description": "one"}, {"label": "B", "description": "two"}],
            "multiSelect": False,
        },
        {
            "question": "What \u202emore?",
            "header": "More",
            "options": [{"label": "X", "description": ""}, {"label": "Y", "description": ""}],
            "multiSelect": True,
        },
    ]
}


@pytest.fixture
async def bench(open_bench: OpenBench, tmp_path: Path) -> AsyncIterator[Bench]:
    warm = PoolBounds(clients=4, memory_bytes=2**34, client_bytes=2**34)
    async with open_bench(tmp_path, warm) as opened:
        opened.policy = ASKING
        yield opened


def writing(bench: Bench, session: str, name: str = "a.txt", content: str = "hi\n") -> Any:
    return use_tool("Write", {"file_path": str(bench.workdir(session) / name), "content": content})


def decided(call: DeferredCall | None, verdict: Verdict, reason: str = "", **answers: str) -> Decision:
    assert call is not None
    what = Decided(verdict, "U1", 5.0, reason, answers)
    return Decision("d1", ThreadKey("T1", "C1", "1.1"), "turn-1", "s1", call, "U1", 0, 0, decided=what)


async def deferred(bench: Bench, session: str, **more: Any) -> Told:
    """A run that asks to write `a.txt`."""
    bench.model.script(say("I will write.") + writing(bench, session, **more))
    told = await bench.ask("write it", session)
    assert told.outcome.ending is Ending.DEFERRED
    return told


def results(model: ScriptedModel) -> Mapping[str, tuple[str, bool]]:
    """What the model was told last of each call."""
    return {one.tool_use_id: (one.text, one.is_error) for one in model.requests[-1].results}


async def test_a_call_that_needs_a_person_ends_the_run_and_its_process(bench: Bench) -> None:
    session = new_session()
    told = await deferred(bench, session)
    call = told.deferred
    assert call is not None
    assert (call.tool, call.title, call.why, call.pattern) == (
        "Write",
        "Writing a.txt",
        "The rules here say to ask before this (Write).",
        "Write",
    )
    assert (call.detail_kind, call.detail) == (DetailKind.DIFF, "--- /dev/null\n+++ a.txt\n@@ -0,0 +1 @@\n+hi")
    assert not (bench.workdir(session) / "a.txt").exists()
    assert bench.agent.census.idle == bench.agent.census.running == 0
    assert told.outcome.cost_usd > 0


async def test_what_is_allowed_runs_once_and_the_run_goes_on(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    bench.model.script(say("Written."))
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE))
    assert (bench.workdir(session) / "a.txt").read_text() == "hi\n"
    assert (told.text, told.outcome.ending) == ("Written.", Ending.DONE)
    assert told.started == ["Writing a.txt"]
    assert [(one.ok) for one in told.finished] == [True]
    assert len(bench.model.requests) == 2
    assert told.outcome.cost_usd > 0
    # The session goes on as if nothing had been.
    bench.model.script(say("Yes."))
    assert (await bench.ask("sure?", session, resume=True)).text == "Yes."


async def test_another_worker_carries_it_out(bench: Bench, open_bench: OpenBench, tmp_path: Path) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    async with open_bench(tmp_path / "other") as other:
        other.policy = ASKING
        other.thread, other.turns = bench.thread, bench.turns
        there = tmp_path / "other" / "sessions" / session
        bench.model.script(say("Written."))
        told = await other.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE))
        assert (there / "a.txt").read_text() == "hi\n"
        assert not (bench.workdir(session) / "a.txt").exists()
        assert (told.text, told.outcome.ending) == ("Written.", Ending.DONE)


async def test_a_no_is_told_with_its_reason(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    assert call is not None
    bench.model.script(say("All right."))
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.DENY, "use b.txt"))
    assert not (bench.workdir(session) / "a.txt").exists()
    said, is_error = results(bench.model)[call.id]
    assert said.endswith("The person said no to this: use b.txt"), "the CLI may say in front who said so"
    assert is_error
    assert (told.text, told.started) == ("All right.", [])


async def test_questions_are_asked_and_their_answers_given(bench: Bench) -> None:
    session = new_session()
    bench.model.script(use_tool("AskUserQuestion", QUESTIONS))
    call = (await bench.ask("ask me", session)).deferred
    assert call is not None
    assert [(q.text, q.header, q.multiple, [o.label for o in q.options]) for q in call.questions] == [
        ("Which?", "Way", False, ["A", "B"]),
        ("What \u202emore?", "More", True, ["X", "Y"]),
    ]
    bench.model.script(say("Thanks."))
    answers = {"Which?": "B", "What \u202emore?": "X, and mine"}
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.ANSWERED, **answers))
    text, failed = results(bench.model)[call.id]
    assert '"Which?"="B"' in text
    assert "X, and mine" in text
    assert not failed
    assert told.text == "Thanks."


async def test_of_several_calls_the_first_waits_and_the_others_are_to_be_called_again(bench: Bench) -> None:
    session = new_session()
    (bench.workdir(session) / "r.txt").write_text("read me")
    read = use_tool("Read", {"file_path": str(bench.workdir(session) / "r.txt")})
    bench.model.script(read + writing(bench, session, "a.txt") + writing(bench, session, "b.txt") + read)
    told = await bench.ask("write both", session)
    call = told.deferred
    assert call is not None
    assert call.title == "Writing a.txt"
    bench.model.script(writing(bench, session, "b.txt"))
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE))
    kinds = sorted((failed, text[:12]) for text, failed in results(bench.model).values())
    assert [failed for failed, _ in kinds] == [False, False, False, True], results(bench.model)
    assert told.deferred is not None
    assert told.deferred.title == "Writing b.txt"
    bench.model.script(say("Both."))
    await bench.ask("", session, resume=True, decision=decided(told.deferred, Verdict.ALLOW_ONCE))
    assert sorted(path.name for path in bench.workdir(session).glob("*.txt")) == ["a.txt", "b.txt", "r.txt"]


async def test_a_run_that_goes_on_because_nobody_decided_does_not_ask_again(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    bench.model.script(writing(bench, session, "b.txt"), say("I could not write."))
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.EXPIRED))
    assert (told.text, told.outcome.ending, told.deferred) == ("I could not write.", Ending.DONE, None)
    assert list(bench.workdir(session).glob("*.txt")) == []


async def test_what_may_have_been_done_is_not_done_twice(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    assert call is not None
    bench.model.script(say("I look."))
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE), begun=True)
    assert not (bench.workdir(session) / "a.txt").exists()
    text, failed = results(bench.model)[call.id]
    assert "Check whether it took effect" in text
    assert failed
    assert told.text == "I look."


async def test_when_the_call_waits_no_more_the_prompt_is_asked(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    decision = decided(call, Verdict.ALLOW_ONCE)
    bench.model.script(say("Written."), say("Nothing left."))
    await bench.ask("", session, resume=True, decision=decision)
    told = await bench.ask("You were interrupted.", session, resume=True, decision=decision, begun=True)
    assert bench.model.requests[-1].prompt == "You were interrupted."
    assert told.text == "Nothing left."


async def test_a_way_out_made_since_is_not_taken(bench: Bench, tmp_path: Path) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    (bench.workdir(session) / "a.txt").symlink_to(secret)
    bench.model.script(say("No way."))
    await bench.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE))
    assert secret.read_text() == "mine"


async def test_a_decision_about_another_input_allows_nothing(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    assert call is not None
    bench.model.script(say("Changed."))
    other = decided(replace(call, input_hash="0" * 64), Verdict.ALLOW_ONCE)
    await bench.ask("", session, resume=True, decision=other)
    assert not (bench.workdir(session) / "a.txt").exists()


async def test_a_fork_decides_differently_from_its_source(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    assert call is not None
    branch = a_thread()
    forked = await bench.sessions.fork(bench.thread, session, "", lease_of(branch), "branch")
    bench.model.script(say("Not written."), say("Written."))
    told = await bench.ask("", forked, resume=True, thread=branch, decision=decided(call, Verdict.DENY))
    assert told.text == "Not written."
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE))
    assert told.text == "Written."
    assert (bench.workdir(session) / "a.txt").exists()


async def test_a_fork_is_carried_out_in_its_own_directory(bench: Bench) -> None:
    session = new_session()
    call = (await deferred(bench, session)).deferred
    branch = a_thread()
    forked = await bench.sessions.fork(bench.thread, session, "", lease_of(branch), "branch")
    bench.model.script(say("Written."))
    told = await bench.ask("", forked, resume=True, thread=branch, decision=decided(call, Verdict.ALLOW_ONCE))
    assert told.text == "Written."
    assert (bench.workdir(forked) / "a.txt").exists()
    assert not (bench.workdir(session) / "a.txt").exists()


async def test_a_call_that_was_turned_down_leaves_the_session_good(bench: Bench) -> None:
    session = new_session()
    read = use_tool("Read", {"file_path": str(bench.workdir(session) / "none.txt")})
    bench.model.script(read + writing(bench, session, "a.txt") + writing(bench, session, "b.txt") + read)
    call = (await bench.ask("write both", session)).deferred
    assert call is not None
    for _ in range(2):
        await bench.sessions.turn_down(lease_of(bench.thread), session)
    bench.model.script(say("Something else then."))
    told = await bench.ask("rather do this", session, resume=True)
    assert (told.text, told.outcome.ending) == ("Something else then.", Ending.DONE)
    assert len(bench.model.requests) == 2
    assert bench.model.requests[-1].prompt == "rather do this"
    assert "nobody approved it" in json.dumps(bench.model.requests[-1].raw["messages"])
    assert len([one for said in bench.model.requests[-1].messages for one in said.results]) == 4
    assert list(bench.workdir(session).glob("*.txt")) == []


async def test_a_call_that_nobody_was_asked_about_is_turned_down_when_the_session_goes_on(bench: Bench) -> None:
    session = new_session()
    await deferred(bench, session)
    bench.model.script(say("Once more."), say("And on."))
    told = await bench.ask("You were interrupted.", session, resume=True)
    assert (told.text, told.outcome.ending) == ("Once more.", Ending.DONE)
    assert len(bench.model.requests) == 2
    assert (await bench.ask("and?", session, resume=True)).text == "And on."
    assert bench.model.requests[-1].prompts == ["write it", "You were interrupted.", "and?"]


@pytest.mark.parametrize(
    ("tool", "tool_input"),
    [
        ("Edit", {"file_path": "a.txt", "old_string": "old", "new_string": "new"}),
        ("Write", {"file_path": "./a.txt", "content": "new"}),
        ("Write", {"file_path": "sub/dir/a.txt", "content": "\x1b[2J" * 20_000}),
    ],
)
async def test_whatever_way_the_input_is_written_it_is_the_one_that_was_approved(
    bench: Bench, tool: str, tool_input: dict[str, Any]
) -> None:
    session = new_session()
    (bench.workdir(session) / "a.txt").write_text("old\n")
    bench.model.script(
        use_tool("Read", {"file_path": str(bench.workdir(session) / "a.txt")}), use_tool(tool, tool_input)
    )
    call = (await bench.ask("change it", session)).deferred
    assert call is not None
    bench.model.script(say("Changed."))
    told = await bench.ask("", session, resume=True, decision=decided(call, Verdict.ALLOW_ONCE))
    assert [one.ok for one in told.finished] == [True], results(bench.model)
    path = bench.workdir(session) / tool_input["file_path"]
    assert path.read_text() in ("new", "new\n", tool_input.get("content"))
