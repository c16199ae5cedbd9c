"""Counts that all workers share, and what a worker does while they are away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.errors import StoreAway
from bot.model import Bucket
from bot.slack.api import rates
from bot.slack.api.rates import APART_S, LocalBuckets, SharedBuckets, buckets_of
from tests.unit.slack.fake_slack import HandClock

UPDATES = [Bucket("T1:chat.update", interval_s=10.0, burst=1)]


@dataclass
class Shared(LocalBuckets):
    """Counts that go away when told to."""

    clock: HandClock
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def take(self, buckets: Sequence[Bucket], *, urgent: bool = False, patience_s: float | None = None) -> float:
        self.asked.append("take")
        if self.away:
            raise StoreAway
        return await super().take(buckets, urgent=urgent, patience_s=patience_s)


async def test_while_the_shared_count_is_away_a_worker_counts_alone_and_says_so_once() -> None:
    clock = HandClock()
    shared = Shared(clock)
    worker = SharedBuckets(shared, clock)
    assert await worker.take(UPDATES) == 0.0
    shared.away = True
    with capture_logs() as logs:
        assert [await worker.take(UPDATES) for _ in range(3)] == [10.0, 20.0, 30.0], "what it used before counts"
    assert [entry["event"] for entry in logs] == ["rates_counted_alone"]
    assert shared.asked == ["take"] * 2
    shared.away = False
    await clock.advance(APART_S)
    assert await worker.take(UPDATES) == 10.0 - APART_S, "the shared count again"


async def test_a_shared_count_that_does_not_answer_holds_no_call_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "ANSWER_S", 0.01)
    clock = HandClock()

    class Silent(LocalBuckets):
        async def look(self, buckets: Sequence[Bucket]) -> float:
            await asyncio.Event().wait()
            return await super().look(buckets)

    assert await SharedBuckets(Silent(clock), clock).look(UPDATES) == 0.0


async def test_what_a_worker_is_too_impatient_for_is_counted_nowhere() -> None:
    clock = HandClock()
    worker = SharedBuckets(Shared(clock), clock)
    await worker.take(UPDATES)
    assert await worker.take(UPDATES, patience_s=5.0) == 10.0
    assert await worker.take(UPDATES) == 10.0


async def test_a_crowded_channel_delays_no_other() -> None:
    counts = LocalBuckets(HandClock())
    for _ in range(50):
        await counts.take(buckets_of("T1", "chat.postMessage", "C1"))
    assert await counts.look(buckets_of("T1", "chat.postMessage", "C1")) > 50.0
    assert await counts.look(buckets_of("T1", "chat.postMessage", "C2")) < 10.0
