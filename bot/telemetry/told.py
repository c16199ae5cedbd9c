"""The port `Telemetry`: numbers for Prometheus, spans for a collector, trace ids for the log."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bot.model import CallResult, Counted, Outcome, Stage, Taken
from bot.telemetry.counts import Counts
from bot.telemetry.traces import Traces


class Told:
    """Implements `bot.ports.Telemetry`."""

    def __init__(self, counts: Counts, traces: Traces) -> None:
        self._counts = counts
        self._traces = traces

    def took(self, stage: Stage, seconds: float) -> None:
        self._counts.stages.labels(stage.value).observe(seconds)
        self._traces.note(stage.value, {"ms": round(seconds * 1000)})

    def count(self, what: Counted) -> None:
        self._counts.others[what].inc()

    def message_taken(self, taken: Taken) -> None:
        self._counts.messages.labels(taken.value).inc()

    def turn_ended(self, outcome: Outcome) -> None:
        self._counts.turn_ended(outcome)
        self._traces.note("ended", {"ending": outcome.ending.value})

    def slack_answered(self, method: str, result: CallResult, seconds: float, *, again: bool) -> None:
        self._counts.slack_answered(method, result, seconds, again=again)
        self._traces.past_span(f"slack {method}", seconds, {"result": result.value})

    def span(self, name: str, *, parent: str = "", **facts: str | int) -> AbstractContextManager[None]:
        return self._traces.span(name, parent, facts)

    def trace_parent(self) -> str:
        return self._traces.parent()
