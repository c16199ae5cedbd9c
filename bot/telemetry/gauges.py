"""What a worker has right now: read when Prometheus asks, so that nothing has to be kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number, or several that a label tells apart.

    Args:
        name: as Prometheus knows it, with its unit at the end.
        read: the number now, or the numbers by the label's value. The values are few and known beforehand.
        label: what tells several numbers apart; empty for a single one.
    """

    name: str
    meaning: str
    read: Callable[[], float | Mapping[str, float]]
    label: str = ""


class Gauges(Collector):
    """The gauges of a worker, as one of prometheus-client's collectors."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = tuple(gauges)

    def describe(self) -> Iterable[Metric]:
        """Their names, without reading them."""
        for gauge in self._gauges:
            yield GaugeMetricFamily(gauge.name, gauge.meaning)

    def collect(self) -> Iterable[Metric]:
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.meaning, labels=[gauge.label] if gauge.label else None)
            now = gauge.read()
            for value, number in now.items() if isinstance(now, Mapping) else [("", now)]:
                family.add_metric([value] if gauge.label else [], number)
            yield family
