"""The numbers that a worker has, without a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

from prometheus_client.parser import text_string_to_metric_families

from bot.clock import SystemClock
from bot.model import CallResult
from bot.observed import Observed
from bot.telemetry.metrics import Metrics
from bot.telemetry.told import Told
from bot.telemetry.traces import LoggedTraces
from bot.web.health import Health

_UNREAD = cast("Any", None)
"""Stands for the parts that gauges read only when they are asked."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, as an operator meets it.

    Args:
        name: in /metrics; that of a counter ends in `_total`, and a histogram is three of them.
        kind: counter, gauge or histogram.
    """

    name: str
    kind: str
    labels: frozenset[str]
    meaning: str

    @property
    def series(self) -> set[str]:
        """The names in queries."""
        return (
            {f"{self.name}_{part}" for part in ("bucket", "count", "sum")} if self.kind == "histogram" else {self.name}
        )


def _counted() -> list[Number]:
    metrics = Metrics()
    Told(metrics.counts, LoggedTraces()).slack_answered("chat.update", CallResult.OK, 0.1, again=False)
    families = text_string_to_metric_families(metrics.text().decode())
    return [
        Number(
            f"{family.name}_total" if family.type == "counter" else family.name,
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels) - {"le"},
            family.documentation,
        )
        for family in families
        if not family.name.endswith("_created")
    ]


def _measured() -> list[Number]:
    observed = Observed("worker", _UNREAD, _UNREAD, _UNREAD, _UNREAD, Health(), SystemClock())
    return [Number(gauge.name, "gauge", frozenset({gauge.label} - {""}), gauge.meaning) for gauge in observed.gauges()]


NUMBERS: Final = {number.name: number for number in (*_counted(), *_measured())}
BY_SERIES: Final = {series: number for number in NUMBERS.values() for series in number.series}
