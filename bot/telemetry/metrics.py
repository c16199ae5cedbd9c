"""The worker's numbers, in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.telemetry.counts import Counts
from bot.telemetry.gauges import Gauge, Gauges

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Everything one worker counts and measures. Two of them in one process don't disturb each other."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.counts = Counts(self._registry)

    def watch(self, gauges: Iterable[Gauge]) -> None:
        """Read these whenever the numbers are asked for. Each name may be given once."""
        self._registry.register(Gauges(gauges))

    def text(self) -> bytes:
        """All numbers now, as CONTENT_TYPE says."""
        return generate_latest(self._registry)
