"""OpenTelemetry's exporter, for operators who have a collector. Its packages are installed on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote

from opentelemetry.trace import Tracer

from bot.errors import StartError

FLUSH_MS = 5_000
"""How long the last spans may take to get away when the worker ends."""


@contextmanager
def exporting(endpoint: str, headers: str, worker: str) -> Iterator[Tracer]:
    """A tracer whose spans go to a collector, over OTLP and HTTP, in the background. What can't be sent is dropped.

    Args:
        endpoint: the collector's address; the path `/v1/traces` is added.
        headers: `name=value,…`, percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them.
        worker: names this process.

    Raises:
        StartError: the packages are not there.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as missing:
        raise StartError(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but {missing.name} is missing: install requirements-tracing.lock."
        ) from missing
    provider = TracerProvider(resource=Resource.create({"service.name": "bot", "service.instance.id": worker}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", headers=_pairs(headers))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider.get_tracer("bot")
    finally:
        provider.force_flush(FLUSH_MS)
        provider.shutdown()


def _pairs(headers: str) -> Mapping[str, str]:
    pairs = (one.partition("=") for one in headers.split(",") if "=" in one)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}
