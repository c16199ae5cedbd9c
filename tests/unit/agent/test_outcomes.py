"""How a run ended, from what the CLI was seen to send."""

from __future__ import annotations

from typing import Any

import pytest
from claude_agent_sdk import ProcessError, ResultError, ResultMessage

from bot.agent.outcomes import RunFacts, outcome_of_error, outcome_of_result
from bot.model import Ending


def result(**more: Any) -> ResultMessage:
    fields: dict[str, Any] = {
        "subtype": "success",
        "duration_ms": 1500,
        "duration_api_ms": 900,
        "is_error": False,
        "num_turns": 2,
        "session_id": "s",
        "total_cost_usd": 0.25,
        "terminal_reason": "completed",
    }
    return ResultMessage(**{**fields, **more})


def api_error(status: int | None, text: str = "API Error") -> ResultMessage:
    return result(is_error=True, terminal_reason="api_error", api_error_status=status, result=text)


@pytest.mark.parametrize(
    ("message", "api_error_name", "ending"),
    [
        (result(), "", Ending.DONE),
        (result(subtype="error_max_turns", is_error=True, terminal_reason="max_turns"), "", Ending.MAX_TURNS),
        (result(subtype="error_max_budget_usd", is_error=True, terminal_reason=None), "", Ending.MAX_BUDGET),
        (
            result(subtype="error_during_execution", is_error=True, terminal_reason="aborted_streaming"),
            "",
            Ending.STOPPED,
        ),
        (result(subtype="error_during_execution", is_error=True, terminal_reason="aborted_tools"), "", Ending.STOPPED),
        (result(terminal_reason="tool_deferred"), "", Ending.DEFERRED),
        (api_error(529), "server_error", Ending.OVERLOADED),
        (api_error(429), "rate_limit", Ending.OVERLOADED),
        (api_error(401), "authentication_failed", Ending.CREDENTIALS),
        (api_error(403), "authentication_failed", Ending.CREDENTIALS),
        (api_error(None, "Not logged in"), "authentication_failed", Ending.CREDENTIALS),
        (api_error(400, "Credit balance is too low"), "billing_error", Ending.NO_CREDIT),
        (api_error(400, "Prompt is too long · 214000 tokens"), "invalid_request", Ending.CONTEXT_FULL),
        (api_error(413, "Request too large"), "invalid_request", Ending.CONTEXT_FULL),
        (api_error(None, "Connection refused"), "server_error", Ending.UNREACHABLE),
        (api_error(500), "server_error", Ending.MODEL_ERROR),
        (api_error(404), "model_not_found", Ending.MODEL_ERROR),
        (api_error(400), "invalid_request", Ending.MODEL_ERROR),
    ],
)
def test_each_way_to_end_has_its_ending(message: ResultMessage, api_error_name: str, ending: Ending) -> None:
    outcome = outcome_of_result(message, RunFacts("s", model="m", api_error=api_error_name))
    assert outcome.ending is ending
    assert (outcome.session_id, outcome.model, outcome.cost_usd, outcome.duration_s) == ("s", "m", 0.25, 1.5)


def test_an_error_after_a_stop_is_a_stop() -> None:
    stopped = RunFacts("s", stopped=True)
    assert outcome_of_result(api_error(500), stopped).ending is Ending.STOPPED
    assert outcome_of_error(ProcessError("x", -9), stopped, 1.0).ending is Ending.STOPPED


def test_an_answer_that_was_complete_before_the_stop_is_complete() -> None:
    assert outcome_of_result(result(), RunFacts("s", stopped=True)).ending is Ending.DONE


def test_the_detail_has_no_prose_of_the_api() -> None:
    outcome = outcome_of_result(api_error(500, "the secret text"), RunFacts("s", api_error="server_error"))
    assert outcome.detail == "HTTP 500, server_error"


def test_a_dead_process_crashed() -> None:
    outcome = outcome_of_error(ProcessError("Command failed", -9), RunFacts("s"), 2.0)
    assert (outcome.ending, outcome.detail, outcome.duration_s) == (Ending.CRASHED, "exit code -9", 2.0)
    assert outcome_of_error(RuntimeError("secret"), RunFacts("s"), 0.0).detail == "RuntimeError"


@pytest.mark.parametrize(
    "said", ["No conversation found with session ID: x", "No message found with message.uuid of: y"]
)
def test_a_session_or_entry_that_is_missing_is_gone(said: str) -> None:
    error = ResultError("Claude Code returned an error result", {"errors": [said]}, 1)
    assert outcome_of_error(error, RunFacts("s"), 0.0).ending is Ending.SESSION_GONE


@pytest.mark.parametrize(("compacted", "ending"), [(True, Ending.COMPACTED), (False, Ending.NOT_COMPACTED)])
def test_only_the_boundary_tells_that_a_session_was_compacted(compacted: bool, ending: Ending) -> None:
    facts = RunFacts("s", compacts=True, compacted=compacted)
    assert outcome_of_result(result(result="Compaction failed"), facts).ending is ending


@pytest.mark.parametrize(
    ("tokens", "usage", "used"),
    [
        (850, {"m": {"contextWindow": 1000}}, 0.85),
        (850, {"other": {"contextWindow": 500}, "m": {"contextWindow": 1000}}, 0.85),
        (2000, {"m": {"contextWindow": 1000}}, 1.0),
        (850, {"m": {}}, 0.0),
        (850, None, 0.0),
    ],
)
def test_how_full_the_context_is(tokens: int, usage: dict[str, Any] | None, used: float) -> None:
    facts = RunFacts("s", model="m", context_tokens=tokens)
    assert outcome_of_result(result(model_usage=usage), facts).context_used == used
