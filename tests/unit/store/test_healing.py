"""Indexes lie on other slots than the threads they list, and heal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.errors import StoreAway
from bot.model import Address, Signal, SignalKind, Taken, ThreadFilter, ThreadKey
from bot.store import indexes, keys
from bot.store import signals as signals_module
from bot.store.convoy import Command, Convoys
from bot.store.database import Argument, Database
from bot.store.indexes import WorkIndex
from bot.store.keys import ThreadKeys
from bot.store.signals import SignalStreams
from bot.store.store import Store
from tests.contracts.world import THREAD, answered, leased, message
from tests.waiting import WAIT_S

pytestmark = pytest.mark.redis

MINUTE_US = 60_000_000


@pytest.fixture
def store(client: Redis) -> Store:
    return Store(client, "w1", ttl_s=1_000)


async def _now_us(client: Redis) -> int:
    seconds, micros = await client.time()
    return int(seconds) * 1_000_000 + int(micros)


async def _write_into_index(client: Redis, age_us: int, thread: ThreadKey = THREAD) -> None:
    await client.zadd(keys.work(thread), {str(thread): await _now_us(client) - age_us})


async def _is_in_index(client: Redis, thread: ThreadKey = THREAD) -> bool:
    return await client.zscore(keys.work(thread), str(thread)) is not None


async def test_a_sweep_drops_an_old_entry_without_work(client: Redis, store: Store) -> None:
    await _write_into_index(client, MINUTE_US)
    assert await store.inbox.abandoned(10) == []
    assert not await _is_in_index(client)


async def test_a_sweep_keeps_a_young_entry_since_its_message_may_be_on_its_way(client: Redis, store: Store) -> None:
    await _write_into_index(client, 0)
    assert await store.inbox.abandoned(10) == []
    assert await _is_in_index(client)


async def test_a_sweep_keeps_a_held_thread(client: Redis, store: Store) -> None:
    await _write_into_index(client, MINUTE_US)
    await leased(store)
    assert await store.inbox.abandoned(10) == []
    assert await _is_in_index(client)


async def test_a_thread_without_work_leaves_the_index_with_the_next_sweep_of_its_worker(
    client: Redis, store: Store
) -> None:
    await answered(store, message())
    assert await _is_in_index(client)
    await store.inbox.abandoned(10)
    assert not await _is_in_index(client)


async def test_many_threads_without_work_leave_the_index_at_once(
    client: Redis, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "SETTLED_AT_ONCE", 1)
    await answered(store, message())
    assert not await _is_in_index(client)


async def test_a_message_that_came_since_keeps_the_thread_in_the_index(client: Redis, store: Store) -> None:
    await answered(store, message())
    await Store(client, "w2", ttl_s=1_000).inbox.accept(message("1700000000.000950"), "s1")
    assert list(await store.inbox.abandoned(10)) == [THREAD]
    assert await _is_in_index(client)


async def test_a_message_whose_entry_may_have_been_dropped_writes_it_again(
    client: Redis, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = WorkIndex(Database(client), 1_000)
    early = await slow.marking(THREAD)
    await answered(store, message())
    await store.inbox.abandoned(10)

    async def as_reckoned_early(index: WorkIndex, thread: ThreadKey) -> tuple[int, Sequence[Sequence[Argument]]]:
        monkeypatch.undo()
        await client.zrem(keys.work(thread), str(thread))
        return early[0], ()

    monkeypatch.setattr(WorkIndex, "marking", as_reckoned_early)
    await store.inbox.accept(message("1700000000.000950"), "s1")
    assert await _is_in_index(client)


async def test_an_entry_written_again_is_not_dropped_by_who_looked_before(client: Redis) -> None:
    index = WorkIndex(Database(client), 1_000)
    marked_us = await index.mark(THREAD)
    await index.settle({THREAD: marked_us - 1})
    assert await _is_in_index(client)
    await index.settle({THREAD: marked_us})
    assert not await _is_in_index(client)


async def test_abandoned_threads_behind_many_held_ones_are_found(client: Redis, store: Store) -> None:
    others = [ThreadKey("T1", "C9", f"17{number:08}.000100") for number in range(1_000)]
    for other in others:
        await _write_into_index(client, MINUTE_US, other)
        await client.set(ThreadKeys(other).lease, "1 w2", ex=100)
    await store.inbox.accept(message(), "s1")
    assert list(await store.inbox.abandoned(10)) == [THREAD]


async def test_a_message_is_not_stored_long_after_the_index_was_written(
    client: Redis, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    marking, marks = WorkIndex.marking, 0

    async def frozen_at_first(index: WorkIndex, thread: ThreadKey) -> tuple[int, Sequence[Sequence[Argument]]]:
        nonlocal marks
        marks += 1
        marked_us, commands = await marking(index, thread)
        return marked_us - (MINUTE_US if marks == 1 else 0), commands

    monkeypatch.setattr(WorkIndex, "marking", frozen_at_first)
    assert (await store.inbox.accept(message(), "s1")).taken is Taken.PROMPT
    assert marks == 2


async def test_going_on_after_the_index_was_settled_writes_the_entry_again(
    client: Redis, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.inbox.accept(message(), "s1")
    await store.inbox.stop(THREAD, hold_back=True)
    mark, marks = WorkIndex.mark, 0

    async def settled_at_first(index: WorkIndex, thread: ThreadKey) -> int:
        nonlocal marks
        marks += 1
        marked_us = await mark(index, thread)
        if marks == 1:
            await client.hset(ThreadKeys(THREAD).record, "settled_us", marked_us)
            await client.zrem(keys.work(THREAD), str(THREAD))
        return marked_us

    monkeypatch.setattr(WorkIndex, "mark", settled_at_first)
    await store.inbox.go_on(THREAD)
    assert marks == 2
    assert list(await store.inbox.abandoned(10)) == [THREAD]


async def test_a_message_not_for_us_writes_no_key(client: Redis, store: Store) -> None:
    for address in ("open", "other"):
        await store.inbox.accept(message(address=Address(address)), "s1", counted=False)
    assert await client.dbsize() == 0


async def test_a_thread_that_is_gone_takes_no_reply(client: Redis, store: Store) -> None:
    await store.inbox.accept(message("1.1"), "s1")
    kept = await store.inbox.accept(message("1.2", address=Address.OPEN), "s2")
    await client.delete(*ThreadKeys(THREAD).state)
    gone = await store.inbox.accept(message("1.3", address=Address.OPEN), "s3")
    assert (kept.taken, gone.taken) == (Taken.PROMPT, Taken.NOT_FOR_US)
    assert not await client.exists(*ThreadKeys(THREAD).state)


async def test_a_message_is_kept_in_one_round_trip(
    client: Redis, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.inbox.accept(message("1.1"), "s1")
    trips: list[int] = []
    send = Convoys.send

    async def counted(convoys: Convoys, commands: Sequence[Command], *, alone: bool = False) -> list[Any]:
        trips.append(len(commands))
        return await send(convoys, commands, alone=alone)

    monkeypatch.setattr(Convoys, "send", counted)
    receipt = await store.inbox.accept(message("1.2", address=Address.OPEN), "s2")
    assert receipt.taken is Taken.PROMPT
    assert len(trips) == 1


async def test_lists_drop_threads_that_are_gone(client: Redis, store: Store) -> None:
    await answered(store, message(), session_id="abcd")
    await client.delete(ThreadKeys(THREAD).record)
    for query in (ThreadFilter("T1"), ThreadFilter("T1", channel="C1"), ThreadFilter("T1", user="U1")):
        assert (await store.threads.page(query)).threads == ()
    assert list(await store.threads.find("T1", "ab")) == []
    left = [name.decode() async for name in client.scan_iter() if not name.startswith(b"bot:{")]
    assert left == [keys.work(THREAD)]


async def test_lists_are_trimmed_of_what_is_older_than_a_thread_lives(client: Redis, store: Store) -> None:
    old = (await _now_us(client)) - 2_000 * 1_000_000
    await client.zadd(keys.channel_threads("T1", "C1"), {"T1:C1:1.1": old})
    await client.zadd(keys.sessions("T1", "s"), {"s-old T1:C1:1.1": 0})
    await client.zadd(keys.session_ages("T1", "s"), {"s-old T1:C1:1.1": old})
    await answered(store, message())
    assert await client.zrange(keys.channel_threads("T1", "C1"), 0, -1) == [str(THREAD).encode()]
    for key in (keys.sessions("T1", "s"), keys.session_ages("T1", "s")):
        assert await client.zrange(key, 0, -1) == [f"s1 {THREAD}".encode()]


async def test_a_turn_writes_the_thread_into_its_lists_again(client: Redis, store: Store) -> None:
    await answered(store, message())
    for name in [name async for name in client.scan_iter() if not name.startswith(b"bot:{")]:
        await client.delete(name)
    await answered(store, message("1700000000.000950"), entry="e2")
    assert len((await store.threads.page(ThreadFilter("T1", user="U1"))).threads) == 1
    assert list(await store.threads.find("T1", "s1")) == [(THREAD, "s1")]


async def test_a_thread_ends_with_its_lifetime(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=1)
    await answered(store, message())
    async with asyncio.timeout(WAIT_S):
        while await store.threads.get(THREAD) is not None or await store.transcripts.load(THREAD, "s1", ""):
            await asyncio.sleep(0.05)
    assert (await store.threads.page(ThreadFilter("T1"))).threads == ()


async def test_a_lease_really_runs_out(client: Redis) -> None:
    store, other = (Store(client, name, ttl_s=100, lease_s=0.05) for name in ("w1", "w2"))
    lease = await leased(store)
    async with asyncio.timeout(WAIT_S):
        while await other.inbox.acquire(THREAD) is None:
            await asyncio.sleep(0.01)
    assert not await store.inbox.renew(lease)


@pytest.mark.parametrize("lease_s", [0, 10.1])
def test_a_lease_longer_than_a_takeover_may_take_is_refused(client: Redis, lease_s: float) -> None:
    with pytest.raises(ValueError, match="lease"):
        Store(client, "w1", ttl_s=100, lease_s=lease_s)


class FlakyDatabase(Database):
    """Away for its first calls."""

    def __init__(self, client: Redis, failures: int) -> None:
        super().__init__(client)
        self.failures = failures

    async def call(self, *command: Argument) -> object:
        if self.failures:
            self.failures -= 1
            raise StoreAway("gone")
        return await super().call(*command)


async def test_listening_goes_on_when_redis_is_back(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_module, "RETRY_FIRST_S", 0.001)
    database = FlakyDatabase(client, failures=3)
    streams = SignalStreams(database, "w1")
    heard: AsyncIterator[Signal] = streams.receive()
    first = asyncio.ensure_future(anext(heard))
    async with asyncio.timeout(WAIT_S):
        while not first.done():
            await SignalStreams(Database(client), "w2").send("w1", Signal(SignalKind.STOP, THREAD))
            await asyncio.sleep(0.01)
    assert await first == Signal(SignalKind.STOP, THREAD)
    assert database.failures == 0


async def test_a_kind_of_signal_that_only_newer_workers_know_is_passed_over(client: Redis) -> None:
    streams = SignalStreams(Database(client), "w1")
    first = asyncio.ensure_future(anext(aiter(streams.receive())))
    async with asyncio.timeout(WAIT_S):
        while not first.done():
            await client.xadd(keys.signals("w1"), {"signal": '{"v":2,"kind":"dance","thread":"T1:C1:1.1"}'})
            await streams.send("w1", Signal(SignalKind.WORK, THREAD))
            await asyncio.sleep(0.01)
    assert await first == Signal(SignalKind.WORK, THREAD)
