from __future__ import annotations

import pytest

from bot.telemetry.gauges import Gauge
from bot.telemetry.metrics import Metrics
from tests.unit.telemetry.numbers import numbers


def gauges(metrics: Metrics) -> dict[tuple[str, str], float]:
    counted = numbers(Metrics())
    return {name: value for name, value in numbers(metrics).items() if name not in counted}


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    held = [1, 2]
    metrics = Metrics()
    metrics.watch([Gauge("bot_leases_held", "Held.", lambda: len(held))])
    assert gauges(metrics) == {("bot_leases_held", ""): 2}
    held.append(3)
    assert gauges(metrics) == {("bot_leases_held", ""): 3}


def test_several_numbers_are_told_apart_by_a_label() -> None:
    metrics = Metrics()
    metrics.watch([Gauge("bot_processes", "Processes.", lambda: {"idle": 2, "running": 1}, label="state")])
    assert gauges(metrics) == {("bot_processes", "idle"): 2, ("bot_processes", "running"): 1}


def test_a_name_is_given_once() -> None:
    metrics = Metrics()
    metrics.watch([Gauge("bot_one", "One.", lambda: 1)])
    with pytest.raises(ValueError, match="bot_one"):
        metrics.watch([Gauge("bot_one", "One.", lambda: 1)])


def test_the_process_itself_is_measured() -> None:
    assert b"process_resident_memory_bytes" in Metrics().text()
