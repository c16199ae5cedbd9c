"""How a run ended: the SDK's results and errors as `Outcome`. What the CLI really sends was measured, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from claude_agent_sdk import ClaudeSDKError, ResultError, ResultMessage

from bot.model import Ending, Outcome

_BY_SUBTYPE = {
    "error_max_turns": Ending.MAX_TURNS,
    "error_max_budget_usd": Ending.MAX_BUDGET,
}
_BY_TERMINAL_REASON = {
    "max_turns": Ending.MAX_TURNS,
    "max_budget": Ending.MAX_BUDGET,
    "aborted_streaming": Ending.STOPPED,
    "aborted_tools": Ending.STOPPED,
    "tool_deferred": Ending.DEFERRED,
    "prompt_too_long": Ending.CONTEXT_FULL,
}
# The CLI's own name for what went wrong with the API, on the synthetic message it puts in the answer's place.
_BY_API_ERROR = {
    "authentication_failed": Ending.CREDENTIALS,
    "oauth_org_not_allowed": Ending.CREDENTIALS,
    "billing_error": Ending.NO_CREDIT,
    "rate_limit": Ending.OVERLOADED,
    "overloaded": Ending.OVERLOADED,
}
_BY_STATUS = {
    401: Ending.CREDENTIALS,
    402: Ending.NO_CREDIT,
    403: Ending.CREDENTIALS,
    413: Ending.CONTEXT_FULL,
    429: Ending.OVERLOADED,
    529: Ending.OVERLOADED,
}
_TOO_LONG = "prompt is too long"
_NO_SESSION = ("no conversation found", "no message found with message.uuid")


@dataclass(slots=True)
class RunFacts:
    """What the events of a run told about it, besides its result."""

    session_id: str
    model: str = ""
    api_error: str = ""
    """The CLI's name for the last API error it gave up on; empty when there was none."""
    retry_wait_s: float = 0.0
    """How long the CLI said last that it waits before it asks the API again."""
    stopped: bool = False
    """Somebody interrupted it."""
    spent_before_usd: float = 0.0
    """What the process had spent before this run: it counts over all its turns."""
    compacts: bool = False
    """It was told to compact the session."""
    compacted: bool = False
    context_tokens: int = 0
    """How many tokens the session takes up, as far as it is known."""
    session_missing: bool = False
    """There was nothing to resume."""


def outcome_of_result(result: ResultMessage, facts: RunFacts) -> Outcome:
    """The outcome of a run whose process said how it ended."""
    ending = _ending_of_result(result, facts)
    return Outcome(
        ending=ending,
        session_id=facts.session_id,
        model=facts.model,
        cost_usd=max(0.0, (result.total_cost_usd or 0.0) - facts.spent_before_usd),
        duration_s=result.duration_ms / 1000,
        agent_turns=result.num_turns,
        detail=_detail(result, facts) if ending is Ending.MODEL_ERROR else "",
        context_used=_context_used(result, facts),
    )


def outcome_of_giving_up(facts: RunFacts, duration_s: float) -> Outcome:
    """The outcome of a run that would wait too long for the API."""
    return Outcome(Ending.OVERLOADED, facts.session_id, model=facts.model, duration_s=duration_s)


def outcome_of_error(error: BaseException, facts: RunFacts, duration_s: float) -> Outcome:
    """The outcome of a run whose process said nothing, or never started."""
    ending, detail = Ending.CRASHED, type(error).__name__
    if facts.stopped:
        ending, detail = Ending.STOPPED, ""
    elif facts.session_missing or _is_missing_session(error):
        ending, detail = Ending.SESSION_GONE, ""
    elif isinstance(error, ClaudeSDKError) and getattr(error, "exit_code", None) is not None:
        detail = f"exit code {getattr(error, 'exit_code', None)}"
    return Outcome(ending, facts.session_id, model=facts.model, duration_s=duration_s, detail=detail)


def _ending_of_result(result: ResultMessage, facts: RunFacts) -> Ending:
    reason = result.terminal_reason or ""
    if result.deferred_tool_use is not None:
        return Ending.DEFERRED
    if result.subtype in _BY_SUBTYPE:
        return _BY_SUBTYPE[result.subtype]
    if reason in _BY_TERMINAL_REASON:
        return _BY_TERMINAL_REASON[reason]
    if facts.compacts and not (result.is_error or facts.stopped):
        return Ending.COMPACTED if facts.compacted else Ending.NOT_COMPACTED
    if not result.is_error:
        return Ending.STOPPED if facts.stopped and reason != "completed" else Ending.DONE
    if facts.stopped:
        return Ending.STOPPED
    if _TOO_LONG in (result.result or "").lower():
        return Ending.CONTEXT_FULL
    return _ending_of_api_error(result.api_error_status, facts.api_error)


def _ending_of_api_error(status: int | None, api_error: str) -> Ending:
    if api_error in _BY_API_ERROR:
        return _BY_API_ERROR[api_error]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    # No status means that no answer came: refused, not resolved, timed out, reset.
    return Ending.UNREACHABLE if status is None and api_error else Ending.MODEL_ERROR


def _context_used(result: ResultMessage, facts: RunFacts) -> float:
    """The part of the model's window that is full; 0 when the CLI does not say how large that is."""
    by_model: Mapping[str, Any] = result.model_usage or {}
    window = by_model.get(facts.model, next(iter(by_model.values()), {})).get("contextWindow", 0)
    return min(1.0, facts.context_tokens / window) if window else 0.0


def _detail(result: ResultMessage, facts: RunFacts) -> str:
    """Facts only: the CLI's prose may quote what was said."""
    status = f"HTTP {result.api_error_status}" if result.api_error_status else result.subtype
    return f"{status}, {facts.api_error}" if facts.api_error else status


def _is_missing_session(error: BaseException) -> bool:
    if not isinstance(error, ResultError):
        return False
    said = " ".join([str(error), *error.errors]).lower()
    return any(words in said for words in _NO_SESSION)
