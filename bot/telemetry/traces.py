"""Traces: which work belongs together, over all workers, and which log lines belong to it.

Every piece of work has a trace id, so that log lines can be put together; it travels with a message as a W3C
traceparent. With an exporter (`bot.telemetry.exporter`) the spans are OpenTelemetry's, and go to a collector.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags, Tracer

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
"""https://www.w3.org/TR/trace-context/, version 00."""

Facts = Mapping[str, str | int]

_here: ContextVar[str] = ContextVar("trace_parent", default="")


class Traces(Protocol):
    """Makes spans."""

    @contextmanager
    def span(self, name: str, parent: str, facts: Facts) -> Iterator[None]: ...

    def note(self, name: str, facts: Facts) -> None:
        """Something happened in the span that is open here."""
        ...

    def past_span(self, name: str, seconds: float, facts: Facts) -> None:
        """A span that ended just now and took so long."""
        ...

    def parent(self) -> str:
        """The span that is open here, as a traceparent; empty when there is none."""
        ...


class LoggedTraces:
    """Spans that go nowhere but into the log: their trace ids stand in the lines written inside."""

    @contextmanager
    def span(self, name: str, parent: str, facts: Facts) -> Iterator[None]:  # noqa: ARG002
        known = TRACEPARENT.fullmatch(parent or _here.get())
        trace_id = known[1] if known else secrets.token_hex(16)
        token = _here.set(f"00-{trace_id}-{secrets.token_hex(8)}-00")
        try:
            with structlog.contextvars.bound_contextvars(trace=trace_id):
                yield
        finally:
            _here.reset(token)

    def note(self, name: str, facts: Facts) -> None:
        pass

    def past_span(self, name: str, seconds: float, facts: Facts) -> None:
        pass

    def parent(self) -> str:
        return _here.get()


class ExportedTraces:
    """OpenTelemetry's spans. The SDK of the agent passes the open one on to the CLI.

    Args:
        tracer: of a provider that has an exporter.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def span(self, name: str, parent: str, facts: Facts) -> Iterator[None]:
        context = trace.set_span_in_context(trace.NonRecordingSpan(remote)) if (remote := _remote(parent)) else None
        span = self._tracer.start_span(name, context, attributes=dict(facts))
        trace_id = f"{span.get_span_context().trace_id:032x}"
        # What an error says may be content: a span gets only that there was one.
        with (
            trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False),
            structlog.contextvars.bound_contextvars(trace=trace_id),
        ):
            try:
                yield
            except Exception:
                span.set_status(StatusCode.ERROR)
                raise

    def note(self, name: str, facts: Facts) -> None:
        trace.get_current_span().add_event(name, dict(facts))

    def past_span(self, name: str, seconds: float, facts: Facts) -> None:
        now_ns = time.time_ns()
        span = self._tracer.start_span(
            name, kind=SpanKind.CLIENT, attributes=dict(facts), start_time=now_ns - int(seconds * 1e9)
        )
        span.end(now_ns)

    def parent(self) -> str:
        here = trace.get_current_span().get_span_context()
        if not here.is_valid:
            return ""
        return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def _remote(parent: str) -> SpanContext | None:
    """The span that a traceparent names; None for one that is malformed or names none."""
    known = TRACEPARENT.fullmatch(parent)
    if known is None:
        return None
    ids = int(known[1], 16), int(known[2], 16)
    context = SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(int(known[3], 16)))
    return context if context.is_valid else None
