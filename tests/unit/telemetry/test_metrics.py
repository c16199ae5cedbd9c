from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.telemetry.gauges import Gauge
from bot.telemetry.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """The bot's own numbers, by name and by the values of their labels."""
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name.startswith("bot_")
    }


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    held = [1, 2]
    metrics = Metrics()
    metrics.watch([Gauge("bot_leases_held", "Held.", lambda: len(held))])
    assert samples(metrics) == {("bot_leases_held", ""): 2}
    held.append(3)
    assert samples(metrics) == {("bot_leases_held", ""): 3}


def test_several_numbers_are_told_apart_by_a_label() -> None:
    metrics = Metrics()
    metrics.watch([Gauge("bot_processes", "Processes.", lambda: {"idle": 2, "running": 1}, label="state")])
    assert samples(metrics) == {("bot_processes", "idle"): 2, ("bot_processes", "running"): 1}


def test_a_name_is_given_once() -> None:
    metrics = Metrics()
    metrics.watch([Gauge("bot_one", "One.", lambda: 1)])
    with pytest.raises(ValueError, match="bot_one"):
        metrics.watch([Gauge("bot_one", "One.", lambda: 1)])


def test_the_process_itself_is_measured() -> None:
    assert b"process_resident_memory_bytes" in Metrics().text()
