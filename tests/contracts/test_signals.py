"""Workers hear what others tell them, from when they began to listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.model import Signal, SignalKind, ThreadKey
from tests.contracts.world import OTHER_THREAD, THREAD, AnyStore, World
from tests.waiting import WAIT_S, until

WORK = Signal(SignalKind.WORK, THREAD)
STOP = Signal(SignalKind.STOP, OTHER_THREAD)


@asynccontextmanager
async def listening(store: AnyStore, teller: AnyStore) -> AsyncIterator[list[Signal]]:
    """What the worker hears. It surely listens when the block begins."""
    heard: list[Signal] = []
    test_sound = Signal(SignalKind.WORK, ThreadKey("T0", "C0", "0.0"))

    async def listen() -> None:
        async for signal in store.signals.receive():
            heard.append(signal)

    task = asyncio.create_task(listen())
    async with asyncio.timeout(WAIT_S):
        while not heard:
            assert not task.done(), "it stopped listening"
            await teller.signals.send(store.signals.worker, test_sound)
            await asyncio.sleep(0.01)
    await teller.signals.send(store.signals.worker, Signal(SignalKind.STOP, test_sound.thread))
    await until(lambda: heard[-1].kind is SignalKind.STOP)
    heard.clear()
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_signals_arrive_in_order(world: World, store: AnyStore) -> None:
    teller = world.worker("w2")
    async with listening(store, teller) as heard:
        for signal in (WORK, STOP, WORK):
            await teller.signals.send("w1", signal)
        await until(lambda: len(heard) == 3)
        assert heard == [WORK, STOP, WORK]


async def test_only_the_worker_that_is_told_hears_it(world: World, store: AnyStore) -> None:
    teller = world.worker("w2")
    async with listening(store, teller) as heard, listening(world.worker("w3"), teller) as others:
        await teller.signals.send("w1", WORK)
        await teller.signals.send("w3", STOP)
        await until(lambda: bool(heard and others))
        assert (heard, others) == ([WORK], [STOP])


async def test_a_worker_that_is_not_there_can_be_told(store: AnyStore) -> None:
    await store.signals.send("nobody", WORK)


async def test_what_was_told_before_it_listened_is_not_heard(world: World, store: AnyStore) -> None:
    teller = world.worker("w2")
    await teller.signals.send("w1", STOP)
    async with listening(store, teller) as heard:
        await teller.signals.send("w1", WORK)
        await until(lambda: bool(heard))
        assert heard == [WORK]
