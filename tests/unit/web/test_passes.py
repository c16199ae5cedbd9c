"""Links to the transcript page: signed, good once, for a while, and for what they were made for."""

from __future__ import annotations

import itertools

import pytest
from cryptography.fernet import Fernet
from fakeredis import FakeAsyncRedis, FakeServer

from bot.model import Person, ThreadKey
from bot.store.store import Store
from bot.web.transcripts.passes import DAY_S, LINK_LIFE_S, SEAT_LIFE_S, Passes, PassRefused
from tests.fakes import ManualClock

ANA, BEN = Person("T1", "U_ANA"), Person("T1", "U_BEN")
THREAD, OTHER = ThreadKey("T1", "C1", "1.1"), ThreadKey("T1", "C1", "2.2")


class MemoryPasses:
    """`bot.web.transcripts.passes.PassStore` in memory."""

    def __init__(self) -> None:
        self.keys: dict[int, str] = {}
        self.used: set[str] = set()

    async def key(self, day: int, fresh: str) -> str:
        return self.keys.setdefault(day, fresh)

    async def first(self, pass_id: str, life_s: int) -> bool:
        first = pass_id not in self.used
        self.used.add(pass_id)
        return first


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def passes(clock: ManualClock) -> Passes:
    return Passes(MemoryPasses(), clock)


@pytest.fixture(params=["memory", "redis"])
def shared(request: pytest.FixtureRequest, clock: ManualClock) -> tuple[Passes, Passes]:
    """The passes of two workers."""
    if request.param == "memory":
        store = MemoryPasses()
        return Passes(store, clock), Passes(store, clock)
    server = FakeServer(server_type="redis", version=(7, 0))
    one, two = (Store(FakeAsyncRedis(server=server, protocol=2), name, ttl_s=60) for name in ("w1", "w2"))
    return Passes(one.passes, clock), Passes(two.passes, clock)


async def test_a_link_of_one_worker_is_known_to_another_and_opens_once(shared: tuple[Passes, Passes]) -> None:
    one, other = shared
    link = await one.link(ANA, THREAD, "s1")
    given, seat = await other.seat(link)
    assert (given.person, given.thread, given.session_id) == (ANA, THREAD, "s1")
    assert await one.seated(seat) == given
    for worker in shared:
        with pytest.raises(PassRefused):
            await worker.seat(link)


async def test_a_link_ends_and_so_does_a_seat(passes: Passes, clock: ManualClock) -> None:
    early, late = await passes.link(ANA, THREAD, "s1"), await passes.link(ANA, THREAD, "s1")
    clock.advance(LINK_LIFE_S - 1)
    _, seat = await passes.seat(early)
    clock.advance(2)
    with pytest.raises(PassRefused):
        await passes.seat(late)
    clock.advance(SEAT_LIFE_S - 4)
    assert (await passes.seated(seat)).person == ANA
    clock.advance(4)
    with pytest.raises(PassRefused):
        await passes.seated(seat)


async def test_going_on_to_other_sessions_does_not_make_a_seat_last_longer(passes: Passes, clock: ManualClock) -> None:
    held, seat = await passes.seat(await passes.link(ANA, THREAD, "s1"))
    for _ in range(3):
        clock.advance(SEAT_LIFE_S / 4)
        held, seat = await passes.moved(held, OTHER, "s2")
        assert (await passes.seated(seat)).thread == OTHER
    clock.advance(SEAT_LIFE_S / 4 + 1)
    with pytest.raises(PassRefused):
        await passes.seated(seat)


async def test_a_link_is_no_seat_and_a_seat_no_link(passes: Passes) -> None:
    link = await passes.link(ANA, THREAD, "s1")
    with pytest.raises(PassRefused):
        await passes.seated(link)
    _, seat = await passes.seat(link)
    with pytest.raises(PassRefused):
        await passes.seat(seat)


async def test_a_changed_letter_anywhere_makes_it_worthless(passes: Passes) -> None:
    link = await passes.link(ANA, THREAD, "s1")
    for place in range(0, len(link) - 2, 7):
        changed = link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]
        with pytest.raises(PassRefused):
            await passes.seat(changed)


@pytest.mark.parametrize("forged", ["", "x", "é", "\x00", "gAAAAA", "a" * 5_000, "foreign"])
async def test_what_was_made_elsewhere_is_refused(passes: Passes, forged: str) -> None:
    if forged == "foreign":
        forged = Fernet(Fernet.generate_key()).encrypt(b"[]").decode()
    for check in (passes.seat, passes.seated, passes.named):
        with pytest.raises(PassRefused):
            await check(forged)


async def test_a_link_works_over_midnight(passes: Passes, clock: ManualClock) -> None:
    clock.advance(DAY_S - clock.now() % DAY_S - 60)
    link = await passes.link(BEN, THREAD, "s1")
    clock.advance(120)
    assert (await passes.seat(link))[0].person == BEN


async def test_no_two_pages_have_the_same_name(passes: Passes) -> None:
    found = [(await passes.seat(await passes.link(ANA, THREAD, "s1")))[0].id for _ in range(5)]
    assert all(one != other for one, other in itertools.combinations(found, 2))
