"""Turns find a place, or wait in order and know where they stand."""

from __future__ import annotations

import asyncio

import pytest

from bot.slots import TurnSlots
from tests.waiting import until


class Turn:
    """Somebody who wants a place."""

    def __init__(self, slots: TurnSlots) -> None:
        self.told: list[int] = []
        self.running = False
        self._end = asyncio.Event()
        self.task = asyncio.create_task(self._run(slots))

    async def _run(self, slots: TurnSlots) -> None:
        async with slots.place(self.told.append):
            self.running = True
            await self._end.wait()
        self.running = False

    async def end(self) -> None:
        self._end.set()
        await self.task


async def several(slots: TurnSlots, count: int) -> list[Turn]:
    turns = [Turn(slots) for _ in range(count)]
    await asyncio.sleep(0)
    return turns


async def test_turns_wait_in_order_and_are_told_where_they_stand() -> None:
    turns = await several(TurnSlots(2), 5)
    assert [turn.running for turn in turns] == [True, True, False, False, False]
    assert [turn.told for turn in turns] == [[], [], [1], [2], [3]]
    await turns[1].end()
    await until(lambda: turns[2].running)
    assert [turn.told for turn in turns[3:]] == [[2, 1], [3, 2]]
    for turn in (turns[0], *turns[2:]):
        await turn.end()


async def test_who_waits_far_behind_is_told_once_and_again_near_the_front() -> None:
    turns = await several(TurnSlots(1), 7)
    for turn in turns[:-1]:
        await turn.end()
        await asyncio.sleep(0)
    assert turns[-1].told == [6, 3, 2, 1]
    await turns[-1].end()


async def test_who_waits_can_be_told_again_where_it_stands() -> None:
    slots = TurnSlots(1)
    turns = await several(slots, 6)
    await turns[0].end()
    await until(lambda: turns[1].running)
    slots.tell_again()
    assert [turn.told[-1] for turn in turns[2:]] == [1, 2, 3, 4]
    for turn in turns[1:]:
        await turn.end()


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    turns = await several(TurnSlots(1), 3)
    turns[1].task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turns[1].task
    await turns[0].end()
    await until(lambda: turns[2].running)
    await turns[2].end()


async def test_who_is_called_up_while_it_gives_up_passes_its_place_on() -> None:
    turns = await several(TurnSlots(1), 3)
    turns[0]._end.set()
    await turns[0].task
    turns[1].task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turns[1].task
    await until(lambda: turns[2].running)
    await turns[2].end()


async def test_there_are_as_many_places_as_there_is_capacity() -> None:
    capacity = 1
    slots = TurnSlots(4, lambda: capacity)
    turns = await several(slots, 3)
    assert [turn.running for turn in turns] == [True, False, False]
    capacity = 9
    slots.admit()
    await until(lambda: all(turn.running for turn in turns))
    for turn in turns:
        await turn.end()


async def test_who_gives_up_as_a_place_becomes_free_takes_nothing_and_disturbs_nobody() -> None:
    """It leaves the queue a moment after it was cancelled, and the turn that ends in between comes upon it there."""
    slots = TurnSlots(1)
    first, second, third = await several(slots, 3)
    ending = asyncio.create_task(first.end())
    await asyncio.sleep(0)  # the first has heard of its end, which comes in the next round of the loop
    second.task.cancel()
    await ending
    await until(lambda: third.running)
    with pytest.raises(asyncio.CancelledError):
        await second.task
    await third.end()
    [fourth] = await several(slots, 1)
    assert fourth.running
    await fourth.end()
