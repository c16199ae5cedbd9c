from __future__ import annotations

import asyncio

from bot.errors import StoreAway
from bot.rounds import STUCK_S, Rounds
from tests.fakes import ManualClock
from tests.waiting import until


async def test_a_round_that_fails_is_followed_by_the_next() -> None:
    rounds, begun = Rounds(ManualClock()), []

    async def deed() -> None:
        begun.append(1)
        await asyncio.sleep(0)
        if len(begun) == 1:
            raise StoreAway("away")
        if len(begun) == 2:
            raise RuntimeError("a defect")

    rounds.repeat(deed, 0.0)
    await until(lambda: len(begun) > 2)
    before = rounds.at_work
    await rounds.end(0.0)
    assert (before, rounds.at_work) == (True, False)


async def test_a_round_that_hangs_is_noticed() -> None:
    clock = ManualClock()
    rounds, hangs = Rounds(clock), asyncio.Event()

    async def deed() -> None:
        hangs.set()
        await asyncio.Event().wait()

    rounds.repeat(deed, 1.0)
    await hangs.wait()
    clock.advance(STUCK_S - 1)
    before = rounds.at_work
    clock.advance(1)
    assert (before, rounds.at_work) == (True, False)
    await rounds.end(0.0)


async def test_a_round_that_is_endless_by_nature_may_last() -> None:
    clock = ManualClock()
    rounds = Rounds(clock)

    async def deed() -> None:
        await asyncio.Event().wait()

    rounds.repeat(deed, 1.0, endless=True)
    clock.advance(STUCK_S * 10)
    assert rounds.at_work
    await rounds.end(0.0)


async def test_what_is_done_beside_gets_a_moment_to_end() -> None:
    rounds, done = Rounds(ManualClock()), []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    rounds.beside(work())
    await rounds.end(5.0)
    assert done == [1]
