"""Prompts through the real SDK and CLI."""

from __future__ import annotations

from bot.model import Ending, TextDelta
from bot.playground.model import say
from tests.integration.agent.bench import Bench, new_session


async def test_a_prompt_is_answered_piece_by_piece(bench: Bench) -> None:
    bench.model.script(say("Here is what I think about your question."))
    told = await bench.ask("A question", session := new_session())
    assert told.text == "Here is what I think about your question."
    assert sum(isinstance(event, TextDelta) for event in told.events) > 1
    outcome = told.outcome
    assert (outcome.ending, outcome.session_id, outcome.agent_turns) == (Ending.DONE, session, 1)
    assert outcome.cost_usd > 0
    assert outcome.model


async def test_a_follow_up_remembers(bench: Bench) -> None:
    session = new_session()
    bench.model.script(say("Noted."), say("It is 42."))
    first = await bench.ask("Remember 42", session)
    second = await bench.ask("Which number?", session, resume=True)
    assert second.text == "It is 42."
    assert bench.model.requests[1].prompts == ["Remember 42", "Which number?"]
    assert second.outcome.cost_usd < 3 * first.outcome.cost_usd
