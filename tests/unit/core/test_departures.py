"""A workspace removes the app, and comes back in time or not."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from bot.departures import Departures
from bot.errors import Reason, Refusal
from bot.model import ThreadKey
from tests.contracts.world import answered, message
from tests.fakes import ManualClock, MemoryStore

GRACE_S = 1_000.0
HERE, ELSEWHERE = ThreadKey("T1", "C1", "1.1"), ThreadKey("T2", "C1", "1.1")


class Stops:
    def __init__(self) -> None:
        self.stopped: list[ThreadKey] = []

    async def stop(self, thread: ThreadKey) -> bool:
        self.stopped.append(thread)
        return True


class Forgets:
    def __init__(self) -> None:
        self.forgotten: list[ThreadKey] = []
        self.busy = False
        self.then: Awaitable[object] | None = None
        """What happens while the first thread is being forgotten."""

    async def forget_thread(self, key: ThreadKey) -> None:
        if self.busy:
            raise Refusal(Reason.BUSY)
        self.forgotten.append(key)
        if self.then is not None:
            await self.then
            self.then = None


class Scene:
    def __init__(self) -> None:
        self.clock, self.store = ManualClock(), MemoryStore()
        self.stops, self.forgets = Stops(), Forgets()
        self.departures = Departures(
            self.store.threads, self.store.departures, self.stops, self.forgets, self.clock, grace_s=GRACE_S
        )

    async def later(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.departures.remove_due()


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    for key in (HERE, ELSEWHERE):
        await answered(scene.store, message("1.1", thread=key), session_id=f"session-{key.team}")
    return scene


async def test_its_data_goes_when_the_time_is_over_and_nobody_elses(scene: Scene) -> None:
    await scene.departures.left("T1")
    await scene.later(GRACE_S - 1)
    assert scene.forgets.forgotten == []
    await scene.later(1)
    assert scene.forgets.forgotten == [HERE]
    await scene.later(GRACE_S * 10)
    assert scene.forgets.forgotten == [HERE]


async def test_who_comes_back_in_time_finds_everything(scene: Scene) -> None:
    await scene.departures.left("T1")
    await scene.store.departures.stay("T1")
    await scene.later(GRACE_S * 2)
    assert scene.forgets.forgotten == []


async def test_who_comes_back_while_its_data_is_being_removed_keeps_what_is_left(scene: Scene) -> None:
    await answered(scene.store, message("2.1", thread=ThreadKey("T1", "C1", "2.1")), session_id="another")
    await scene.departures.left("T1")
    scene.forgets.then = scene.store.departures.stay("T1")
    await scene.later(GRACE_S)
    assert len(scene.forgets.forgotten) == 1
    await scene.later(GRACE_S)
    assert len(scene.forgets.forgotten) == 1


async def test_only_what_is_at_work_is_stopped(scene: Scene) -> None:
    await scene.store.inbox.accept(message("1.2", thread=HERE), "unused")
    await answered(scene.store, message("2.1", thread=ThreadKey("T1", "C1", "2.1")), session_id="another")
    await scene.departures.left("T1")
    assert scene.stops.stopped == [HERE]


async def test_a_thread_that_is_busy_is_tried_again(scene: Scene) -> None:
    await scene.departures.left("T1")
    scene.forgets.busy = True
    await scene.later(GRACE_S)
    scene.forgets.busy = False
    await scene.later(3_600.0)
    assert scene.forgets.forgotten == [HERE]
