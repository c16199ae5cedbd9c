"""The numbers that a worker has, by name, without a worker."""

from __future__ import annotations

from typing import Any, cast

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from bot.clock import SystemClock
from bot.observed import Observed
from bot.telemetry.counts import Counts
from bot.telemetry.gauges import Gauge, Gauges
from bot.web.health import Health

_UNREAD = cast("Any", None)
"""Stands for the parts that gauges read only when they are asked."""

GAUGES: tuple[Gauge, ...] = (*Observed("worker", _UNREAD, _UNREAD, _UNREAD, _UNREAD, Health(), SystemClock()).gauges(),)


def families() -> list[Metric]:
    """All of them, with their meanings."""
    counted = CollectorRegistry()
    Counts(counted)
    return [*counted.collect(), *Gauges(GAUGES).describe()]


def series() -> set[str]:
    """The names that Prometheus knows them by: counters end in `_total`, and a histogram is three of them."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {f"{family.name}{ending}" for family in families() for ending in endings.get(family.type, ("",))}
