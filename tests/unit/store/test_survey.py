"""Operators see which threads have work, and what each worker has."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from bot.model import Decided, Ending, Health, Outcome, ThreadKey, Verdict
from bot.store import keys
from bot.store.store import Store
from bot.store.survey import WorkerReport
from tests.contracts.world import begun, deferred, leased, message

THREADS = [ThreadKey("T1", "C1", f"17000000{number:02d}.000100") for number in range(4)]


async def test_threads_with_work_are_listed_the_longest_waiting_first(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    for thread in reversed(THREADS):
        await store.inbox.accept(message(thread.root_ts, thread=thread), "s")
    running = await leased(store, THREADS[2])
    await begun(store, running)
    done = await leased(store, THREADS[3])
    turn = await begun(store, done)
    await store.turns.finish(done, turn.id, Outcome(Ending.DONE, "s"), [])
    await store.inbox.release(done)

    first, second, third = await store.survey.work()

    assert [one.thread for one in (first, second, third)] == THREADS[:3]
    assert (first.queued, first.waiting, first.holder, first.since) == (True, 1, "", 1700000000.0001)
    assert (third.queued, third.state, third.holder, third.attempt) == (False, "running", "w1", 1)
    assert abs(third.since - time.time()) < 60


async def test_the_health_of_a_workspace_counts_its_own_threads_alone(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    await store.workers.beat(1)
    for team in ("T1", "T1", "T2"):
        thread = ThreadKey(team, "C1", f"1700000000.{uuid4().int % 10**6:06}")
        await store.inbox.accept(message(thread.root_ts, thread=thread), "s")
    running = await leased(store, THREADS[2])
    await store.inbox.accept(message(THREADS[2].root_ts, thread=THREADS[2]), "s")
    await begun(store, running)

    health = await store.survey.health("T1")

    assert (health.workers, health.at_work, health.queued) == (1, 1, 2)
    assert health.oldest_s == pytest.approx(time.time() - 1_700_000_000, abs=60)
    assert await store.survey.health("T3") == Health(1, 0, 0, 0.0)


async def test_what_somebody_stopped_is_not_in_the_queue(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    await store.inbox.accept(message(), "s")
    await store.inbox.stop(message().thread, hold_back=True)

    (one,) = await store.survey.work()

    assert (one.paused, one.queued) == (True, False)


async def test_who_waits_for_a_decision_is_no_work_but_listed_until_it_is_decided(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    decision = await deferred(store)

    assert await store.survey.work() == []
    count, (one,) = await store.survey.decisions()
    assert (count, one.thread) == (1, decision.thread)
    assert one.expires_at == pytest.approx(decision.expires_at)

    await store.decisions.decide(decision.thread, decision.id, Decided(Verdict.DENY, "U1"))

    assert await store.survey.decisions() == (0, [])
    (going_on,) = await store.survey.work()
    assert going_on.thread == decision.thread


async def test_nothing_to_do_is_nothing_listed(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    assert (await store.survey.work(), await store.survey.workers()) == ([], [])


async def test_workers_tell_what_they_have(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    await store.workers.beat(3)
    report = WorkerReport("w1", version="1.2.3", room=3, threads=2, memory_bytes=10)
    await store.survey.report(report)
    assert await store.survey.workers() == [report]
    assert await client.ttl(keys.worker("w1")) > 0

    await store.survey.withdraw("w1")
    assert await store.survey.workers() == [WorkerReport("w1")]


async def test_a_worker_of_an_older_or_newer_release_is_listed(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0)
    await store.workers.beat(0)
    await Store(client, "old", ttl_s=0).workers.beat(1)
    await client.set(keys.worker("w1"), '{"v": 2, "worker": "w1", "threads": 4, "news": "?"}')

    assert await store.survey.workers() == [WorkerReport("old"), WorkerReport("w1", threads=4)]
