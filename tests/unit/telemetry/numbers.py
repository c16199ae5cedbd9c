"""What Prometheus would read."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from bot.telemetry.metrics import Metrics


def numbers(metrics: Metrics) -> dict[tuple[str, str], float]:
    """The bot's own numbers, by name and by the values of their labels."""
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name.startswith("bot_")
    }
