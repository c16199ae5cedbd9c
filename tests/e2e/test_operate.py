"""What operators ask of a running worker, over its own port."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import psutil
import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer
from prometheus_client.parser import text_string_to_metric_families

from bot import __version__, logs
from bot.config import LogFormat
from bot.playground.model import say
from bot.store.client import connect
from bot.store.store import Store
from bot.top import snapshot
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, Launcher


async def asked(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def until_asked(port: int, path: str, expected: tuple[int, str]) -> None:
    async with asyncio.timeout(ANSWER_S):
        while await asked(port, path) != expected:
            await asyncio.sleep(0.05)


async def test_a_worker_is_ready_while_it_has_redis_and_slack(launcher: Launcher, unused_tcp_port: int) -> None:
    async with launcher.up(BOT_METRICS_PORT=str(unused_tcp_port)) as bot:
        await until_asked(unused_tcp_port, "/readyz", (200, "ok\n"))
        assert await asked(unused_tcp_port, "/healthz") == (200, "ok\n")
        bot.slack.fail("apps.connections.open", status=500, times=1000)
        bot.slack.drop_sockets()
        await until_asked(unused_tcp_port, "/readyz", (503, "failing: slack\n"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(unused_tcp_port, "/healthz")


async def test_no_port_is_opened_unless_it_is_set(launcher: Launcher, unused_tcp_port: int) -> None:
    async with launcher.up(BOT_HTTP_PORT=str(unused_tcp_port)):
        with pytest.raises(aiohttp.ClientConnectionError):
            await asked(unused_tcp_port, "/healthz")


# --- numbers ----------------------------------------------------------------------------------------------------------

LABELS = {"stage", "taken", "ending", "method", "result", "state", "kind", "le"}
"""None of these names a place, a person or a thread: their values are few."""


async def numbers(port: int) -> dict[tuple[str, str], float]:
    _, text = await asked(port, "/metrics")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert {label for sample in samples for label in sample.labels} <= LABELS
    return {(sample.name, ",".join(sample.labels.values())): sample.value for sample in samples}


async def test_a_turn_shows_in_the_numbers(launcher: Launcher, unused_tcp_port: int) -> None:
    async with launcher.up(BOT_METRICS_PORT=str(unused_tcp_port)) as bot:
        await bot.ask("hello")
        found = await numbers(unused_tcp_port)

    assert found["bot_turns_total", "done"] == 1
    assert found["bot_messages_total", "prompt"] == 1
    stages = [
        "event_to_ack",
        "message_to_turn",
        "turn_to_request",
        "request_to_text",
        "text_to_visible",
        "turn_to_done",
    ]
    assert [found["bot_stage_seconds_count", stage] >= 1 for stage in stages] == [True] * len(stages)
    assert found["bot_slack_calls_total", "chat.startStream,ok"] == 1
    assert found["bot_agent_processes", "idle"] >= 1
    assert (found["bot_ready", ""], found["bot_store_warning", "redis_can_evict"]) == (1, 0)
    assert (found["bot_queue_threads", ""], found["bot_streams_open", ""]) == (0, 0)
    assert found["bot_decisions_waiting", ""] == 0


async def test_top_shows_the_worker_and_the_thread_that_it_runs(launcher: Launcher) -> None:
    gate = asyncio.Event()
    launcher.model.script(say("so far ", gate, "and the rest"))
    async with launcher.up() as bot:
        root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} hello")
        await bot.slack.wait_until(lambda: bool(bot.replies(root)), ANSWER_S)
        client = connect("memory:")
        now = await snapshot(Store(client, "top", ttl_s=0).survey)
        gate.set()
        await bot.turns_ended(root)
        await client.aclose()

    (worker,), (thread,) = now.workers, now.work
    assert worker.version == __version__
    assert (thread.thread.root_ts, thread.state, thread.holder) == (root, "running", worker.worker)


# --- logs and traces --------------------------------------------------------------------------------------------------


@pytest.fixture
def written(ended: object) -> Iterator[io.StringIO]:
    """What the bot logs, as `bot run` does it, every level included."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    count = before["processors"][0]
    logs.set_up(LogFormat.JSON, stream, level=logging.DEBUG)
    structlog.configure(processors=[count, *structlog.get_config()["processors"]])
    yield stream
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


async def test_the_log_holds_ids_and_no_content(written: io.StringIO, launcher: Launcher) -> None:
    launcher.model.script(say("the answer is Zanzibar"))
    async with launcher.up() as bot:
        root = await bot.ask("my password is Wombat7")
        await bot.say("and the Quokka?", root)

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    for content in ("Wombat7", "Zanzibar", "Quokka", bot.slack.bot_token, bot.slack.app_token, "xoxb-", "xapp-"):
        assert content not in written.getvalue()
    began, ended = (next(line for line in lines if line["event"] == name) for name in ("turn_began", "turn_ended"))
    took = next(line for line in lines if line.get("taken") == "prompt")
    assert took["trace"] == began["trace"] == ended["trace"]
    assert (began["thread"], began["turn"]) == (ended["thread"], ended["turn"])
    traces = [line["trace"] for line in lines if line["event"] == "turn_began"]
    assert len(set(traces)) == 2


@contextmanager
def in_memory(exporter: InMemorySpanExporter) -> Iterator[Tracer]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("test")


async def test_a_trace_leads_from_slacks_event_to_the_cli(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    monkeypatch.setattr("bot.app.exporting", lambda *_: in_memory(exporter))
    gate = asyncio.Event()
    launcher.model.script(say("so far ", gate, "and the rest"))
    async with launcher.up(OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318", BOT_SPARES="0") as bot:
        root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} hello")
        await bot.slack.wait_until(lambda: bool(bot.replies(root)), ANSWER_S)
        given = [traceparent_of(child) for child in psutil.Process().children()]
        gate.set()
        await bot.turns_ended(root)

    def of_trace(name: str) -> ReadableSpan:
        (turn,) = (span for span in exporter.get_finished_spans() if span.name == "turn")
        return next(
            span
            for span in exporter.get_finished_spans()
            if span.name == name and span.context.trace_id == turn.context.trace_id
        )

    turn, event = of_trace("turn"), of_trace("slack event")
    assert turn.parent is not None
    assert turn.parent.span_id == event.context.span_id
    assert of_trace("slack chat.startStream").parent == turn.context
    flags = turn.context.trace_flags
    assert f"00-{turn.context.trace_id:032x}-{turn.context.span_id:016x}-{flags:02x}" in given
    assert "hello" not in "".join(span.to_json() for span in exporter.get_finished_spans())


def traceparent_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("TRACEPARENT", "")
    except psutil.Error:
        return ""
