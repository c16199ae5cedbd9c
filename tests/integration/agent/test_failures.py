"""Whatever goes wrong has its own ending, and the session stays usable."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
import pytest

from bot.agent.environment import RUN_MARK
from bot.errors import LeaseLost, StoreAway
from bot.model import Ending, Limits, TextDelta
from bot.playground.model import replies, say, use_tool
from tests.integration.agent.bench import Bench, OpenBench, new_session


@pytest.mark.parametrize(
    ("failure", "ending"),
    [
        (replies.overloaded(), Ending.OVERLOADED),
        (replies.rate_limited(), Ending.OVERLOADED),
        (replies.credentials_rejected(), Ending.CREDENTIALS),
        (replies.forbidden(), Ending.CREDENTIALS),
        (replies.no_credit(), Ending.NO_CREDIT),
        (replies.prompt_too_long(), Ending.CONTEXT_FULL),
        (replies.broken(), Ending.MODEL_ERROR),
        (replies.unknown_model(), Ending.MODEL_ERROR),
    ],
    ids=lambda value: value.kind if isinstance(value, replies.Failure) else str(value),
)
async def test_an_error_of_the_api_has_its_ending(bench: Bench, failure: replies.Failure, ending: Ending) -> None:
    session = new_session()
    bench.model.script(*[failure] * 4)
    told = await bench.ask("hello", session)
    assert told.outcome.ending is ending
    assert told.text == "", "what the CLI says in the model's place is no answer"
    assert "hello" not in told.outcome.detail


async def test_nobody_waits_an_hour_for_the_api(bench: Bench) -> None:
    bench.model.script(replies.rate_limited(retry_after_s=3600))
    async with asyncio.timeout(10):
        told = await bench.ask("hello", new_session())
    assert told.outcome.ending is Ending.OVERLOADED


async def test_an_unreachable_api_has_its_ending(
    open_bench: OpenBench, environ: dict[str, str], tmp_path: Path, unused_tcp_port: int
) -> None:
    environ["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{unused_tcp_port}"
    async with open_bench(tmp_path) as bench:
        told = await bench.ask("hello", new_session())
    assert (told.outcome.ending, told.text) == (Ending.UNREACHABLE, "")


async def test_missing_credentials_have_their_ending(
    open_bench: OpenBench, environ: dict[str, str], tmp_path: Path
) -> None:
    environ["ANTHROPIC_API_KEY"] = ""
    async with open_bench(tmp_path) as bench:
        told = await bench.ask("hello", new_session())
    assert (told.outcome.ending, told.text) == (Ending.CREDENTIALS, "")


async def test_a_session_goes_on_after_a_failure(bench: Bench) -> None:
    session = new_session()
    await bench.ask("Remember 42", session)
    head = bench.transcripts.tail(bench.thread, session)
    bench.model.script(*[replies.overloaded()] * 2)
    assert (await bench.ask("Which?", session, resume=True)).outcome.ending is Ending.OVERLOADED
    bench.model.script(say("42"))
    assert (await bench.ask("Which?", session, resume=True, resume_at=head)).text == "42"
    assert bench.model.requests[-1].prompts == ["Remember 42", "Which?"]


async def test_the_limits_of_a_turn_end_it_and_a_higher_one_goes_on(bench: Bench) -> None:
    session = new_session()
    bench.model.script(*[use_tool("Glob", {"pattern": "*"})] * 2)
    told = await bench.ask("Look everywhere", session, limits=Limits(max_turns=2))
    assert told.outcome.ending is Ending.MAX_TURNS
    assert told.outcome.cost_usd > 0
    bench.model.script(say("Done."))
    assert (await bench.ask("Go on", session, resume=True, limits=Limits(max_turns=4))).outcome.ending is Ending.DONE


async def test_the_budget_of_a_turn_ends_it(bench: Bench) -> None:
    bench.model.script(*[use_tool("Glob", {"pattern": "*"})] * 3)
    told = await bench.ask("Look", new_session(), limits=Limits(max_budget_usd=0.001))
    assert told.outcome.ending is Ending.MAX_BUDGET


async def test_a_missing_session_says_that_it_is_gone(bench: Bench) -> None:
    told = await bench.ask("hello", new_session(), resume=True)
    assert told.outcome.ending is Ending.SESSION_GONE


async def test_a_missing_entry_says_that_the_session_is_gone(bench: Bench) -> None:
    session = new_session()
    await bench.ask("hello", session)
    told = await bench.ask("again", session, resume=True, resume_at=new_session())
    assert told.outcome.ending is Ending.SESSION_GONE


async def test_an_interrupted_run_keeps_what_was_said_and_the_session(bench: Bench) -> None:
    session, hold = new_session(), asyncio.Event()
    bench.model.script(say("The beginning", hold, "the end"))
    events = []
    async with bench.run("Tell me", session) as run:
        async for event in run:
            events.append(event)
            if isinstance(event, TextDelta):
                await run.interrupt()
                await run.interrupt()
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["The beginning"]
    assert events[-1].outcome.ending is Ending.STOPPED  # type: ignore[union-attr]
    bench.model.script(say("Gladly."))
    assert (await bench.ask("Something else", session, resume=True)).text == "Gladly."


async def test_a_run_that_is_interrupted_before_it_began_asks_nothing(bench: Bench) -> None:
    async with bench.run("Tell me", new_session()) as run:
        await run.interrupt()
        events = [event async for event in run]
    assert events[-1].outcome.ending is Ending.STOPPED  # type: ignore[union-attr]
    assert not bench.model.requests


async def test_a_run_can_be_interrupted_while_it_connects(bench: Bench) -> None:
    hold = asyncio.Event()
    bench.model.script(say("a", hold))
    async with bench.run("Tell me", new_session()) as run:
        asyncio.get_running_loop().call_later(0.05, lambda: asyncio.ensure_future(run.interrupt()))
        events = [event async for event in run]
    assert events[-1].outcome.ending is Ending.STOPPED  # type: ignore[union-attr]


async def test_a_crash_ends_the_run_and_the_session_resumes(bench: Bench) -> None:
    session, hold = new_session(), asyncio.Event()
    await bench.ask("Remember 42", session)
    head = bench.transcripts.tail(bench.thread, session)
    bench.model.script(say("The beginning", hold))
    async with bench.run("Which?", session, resume=True) as run:
        events = []
        async for event in run:
            events.append(event)
            if isinstance(event, TextDelta):
                kill_cli()
    assert events[-1].outcome.ending is Ending.CRASHED  # type: ignore[union-attr]
    bench.model.script(say("42"))
    assert (await bench.ask("Which?", session, resume=True, resume_at=head)).text == "42"
    assert bench.model.requests[-1].prompts == ["Remember 42", "Which?"]


async def test_a_lost_lease_ends_the_run_at_once_and_writes_nothing(bench: Bench) -> None:
    session, hold = new_session(), asyncio.Event()
    bench.model.script(say("never", hold))
    bench.transcripts.lost = True
    with pytest.raises(LeaseLost):
        async with asyncio.timeout(5):
            await bench.ask("hello", session)
    assert not bench.transcripts.entries


async def test_a_store_that_is_away_is_not_the_agents_fault(bench: Bench) -> None:
    bench.transcripts.away = True
    with pytest.raises(StoreAway):
        await bench.ask("hello", new_session(), resume=True)


def kill_cli() -> None:
    marked = [p for p in psutil.Process().children(recursive=True) if p.environ().get(RUN_MARK)]
    assert marked
    for process in marked:
        process.kill()
