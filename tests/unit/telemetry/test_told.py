"""What the bot tells operators, in numbers and in traces."""

from __future__ import annotations

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bot.model import CallResult, Counted, Ending, Outcome, Stage, Taken
from bot.telemetry.metrics import Metrics
from bot.telemetry.told import Told
from bot.telemetry.traces import TRACEPARENT, ExportedTraces, LoggedTraces, Traces
from tests.unit.telemetry.numbers import numbers


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def exported(exporter: InMemorySpanExporter) -> Traces:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return ExportedTraces(provider.get_tracer("test"))


@pytest.fixture(params=["logged", "exported"])
def traces(request: pytest.FixtureRequest, exported: Traces) -> Traces:
    return exported if request.param == "exported" else LoggedTraces()


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_turns_are_counted_by_their_ending_with_what_they_cost() -> None:
    metrics = Metrics()
    told = Told(metrics.counts, LoggedTraces())

    told.turn_ended(Outcome(Ending.DONE, "s1", cost_usd=0.25, agent_turns=3))
    told.turn_ended(Outcome(Ending.CRASHED, "s1"))

    found = numbers(metrics)
    assert (found["bot_turns_total", "done"], found["bot_turns_total", "crashed"]) == (1, 1)
    assert (found["bot_spend_usd_total", ""], found["bot_model_requests_total", ""]) == (0.25, 3)


def test_every_kind_is_there_before_its_first_time() -> None:
    found = numbers(Metrics())

    assert {label for name, label in found if name == "bot_turns_total"} == set(Ending)
    assert {label for name, label in found if name == "bot_messages_total"} == set(Taken)
    assert {label for name, label in found if name == "bot_stage_seconds_count"} == set(Stage)
    assert all(found[f"bot_{what.value}_total", ""] == 0 for what in Counted)


def test_calls_to_slack_are_counted_with_their_repeats() -> None:
    metrics = Metrics()
    told = Told(metrics.counts, LoggedTraces())

    told.slack_answered("chat.update", CallResult.RATE_LIMITED, 0.1, again=False)
    told.slack_answered("chat.update", CallResult.OK, 0.1, again=True)

    found = numbers(metrics)
    assert found["bot_slack_calls_total", "chat.update,rate_limited"] == 1
    assert found["bot_slack_calls_total", "chat.update,ok"] == 1
    assert (found["bot_slack_retries_total", ""], found["bot_slack_call_seconds_count", ""]) == (1, 2)


def test_stages_are_measured() -> None:
    metrics = Metrics()
    Told(metrics.counts, LoggedTraces()).took(Stage.TURN_TO_DONE, 2.0)

    found = numbers(metrics)
    assert found["bot_stage_seconds_sum", "turn_to_done"] == 2.0
    assert [found["bot_stage_seconds_bucket", f"{bound},turn_to_done"] for bound in ("1.0", "2.5")] == [0, 1]


# --- traces -----------------------------------------------------------------------------------------------------------


def trace_in_log() -> object:
    return structlog.contextvars.get_contextvars().get("trace")


def test_a_spans_trace_id_is_in_the_log_while_it_is_open(traces: Traces) -> None:
    with traces.span("outer", "", {}):
        outer = TRACEPARENT.fullmatch(traces.parent())
        with traces.span("inner", "", {}):
            inner = TRACEPARENT.fullmatch(traces.parent())
            assert outer
            assert inner
            assert trace_in_log() == outer[1] == inner[1]
            assert outer[2] != inner[2]
    assert (trace_in_log(), traces.parent()) == (None, "")


def test_work_goes_on_in_the_trace_it_came_from(traces: Traces) -> None:
    with traces.span("event", "", {}):
        parent = traces.parent()
    with traces.span("turn", parent, {}):
        assert trace_in_log() == parent.split("-")[1]


@pytest.mark.parametrize(
    "forged", ["", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "01-x", "00-" + "a" * 500]
)
def test_a_parent_that_is_none_begins_a_trace(exported: Traces, forged: str) -> None:
    with exported.span("turn", forged, {}):
        found = TRACEPARENT.fullmatch(exported.parent())
        assert found
        assert int(found[1], 16) != 0


def test_spans_hang_together_and_tell_what_happened_in_them(exported: Traces, exporter: InMemorySpanExporter) -> None:
    told = Told(Metrics().counts, exported)
    with told.span("slack event", transport="socket"):
        arrival = told.trace_parent()
    with told.span("turn", parent=arrival, turn="t1"):
        told.took(Stage.TURN_TO_REQUEST, 0.5)
        told.slack_answered("chat.startStream", CallResult.OK, 0.2, again=False)

    event, call, turn = exporter.get_finished_spans()
    assert [span.name for span in (event, call, turn)] == ["slack event", "slack chat.startStream", "turn"]
    assert turn.parent is not None
    assert turn.parent.span_id == event.context.span_id
    assert call.parent is not None
    assert call.parent.span_id == turn.context.span_id
    assert turn.attributes == {"turn": "t1"}
    assert [(noted.name, noted.attributes) for noted in turn.events] == [("turn_to_request", {"ms": 500})]
    assert call.end_time is not None
    assert call.start_time is not None
    assert call.end_time - call.start_time == pytest.approx(0.2e9, rel=0.01)


def test_of_an_error_a_span_tells_nothing_but_that_there_was_one(
    exported: Traces, exporter: InMemorySpanExporter
) -> None:
    with pytest.raises(ValueError, match="secret"), exported.span("turn", "", {}):
        raise ValueError("a secret")

    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert "secret" not in span.to_json()
