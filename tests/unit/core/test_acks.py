"""Acks come before turns, within bounds."""

from __future__ import annotations

from bot.acks import AcksFirst, Work
from tests.waiting import until


class Desk:
    """Notes what was started, without running it."""

    def __init__(self, longest_s: float = 60.0) -> None:
        self.started: list[Work] = []
        self.acks = AcksFirst(self._start, longest_s)

    def _start(self, work: Work) -> None:
        self.started.append(work)
        work.close()


async def turn() -> None:
    """What follows a message."""


async def test_what_follows_a_lone_message_follows_at_once() -> None:
    desk = Desk()
    with desk.acks.taking():
        desk.acks.then(turn())
    assert len(desk.started) == 1


async def test_in_a_burst_what_follows_waits_for_the_last_to_be_taken() -> None:
    desk = Desk()
    first, second = turn(), turn()
    with desk.acks.taking():
        with desk.acks.taking():
            desk.acks.then(first)
        with desk.acks.taking():
            desk.acks.then(second)
        assert desk.started == []
    assert desk.started == [first, second]


async def test_a_burst_without_end_does_not_put_off_for_ever() -> None:
    desk = Desk(longest_s=0.01)
    with desk.acks.taking():
        desk.acks.then(turn())
        await until(lambda: bool(desk.started))


async def test_nothing_is_left_behind_at_the_end() -> None:
    desk = Desk()
    with desk.acks.taking():
        desk.acks.then(turn())
        desk.acks.go_on()
        assert len(desk.started) == 1
    assert len(desk.started) == 1
