"""Pages of threads: newest first, filtered, and steady while things change."""

from __future__ import annotations

from bot.model import Ending, Outcome, Thread, ThreadFilter, ThreadKey
from tests.contracts.world import AnyStore, World, arrived, begun, leased, message

ALL = ThreadFilter("T1")


def key(number: int, channel: str = "C1", team: str = "T1") -> ThreadKey:
    return ThreadKey(team, channel, f"17000{number:05}.000100")


async def _time_passes(world: World) -> None:
    """In memory time stands still; in Redis every command has a time of its own."""
    if (memory := getattr(world, "memory", None)) is not None:
        memory.clock.advance(1)


async def said(world: World, thread: ThreadKey, text: str = "hello", user: str = "U1") -> None:
    """A whole turn in a thread."""
    store = world.worker("w1")
    await _time_passes(world)
    taken = await store.threads.get(thread)
    ts = f"1700000000.{(taken.turns if taken else 0) + 1:06}"
    await store.inbox.accept(message(ts, text, user=user, thread=thread), f"s{thread.root_ts}")
    lease = await leased(store, thread)
    turn = await begun(store, lease, f"turn {thread} {ts}")
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, turn.thread.session_id), [])
    assert await store.inbox.release(lease)


async def pages(store: AnyStore, query: ThreadFilter, limit: int) -> list[list[str]]:
    """The root ts of every thread, page by page."""
    found: list[list[str]] = []
    cursor = ""
    while True:
        page = await store.threads.page(query, cursor, limit)
        found.append([thread.key.root_ts for thread in page.threads])
        cursor = page.cursor
        if not cursor:
            return found


def roots(*numbers: int) -> list[str]:
    return [key(number).root_ts for number in numbers]


async def test_there_is_nothing_to_list_at_first(store: AnyStore) -> None:
    assert await pages(store, ALL, 10) == [[]]


async def test_the_most_recently_active_comes_first(world: World, store: AnyStore) -> None:
    for number in (1, 2, 3):
        await said(world, key(number))
    await said(world, key(1), "again")
    assert await pages(store, ALL, 10) == [roots(1, 3, 2)]


async def test_a_listed_thread_is_the_thread(world: World, store: AnyStore) -> None:
    await said(world, key(1))
    page = await store.threads.page(ALL)
    assert page.threads == (await store.threads.get(key(1)),)


async def test_pages_hold_every_thread_once(world: World, store: AnyStore) -> None:
    for number in range(7):
        await said(world, key(number))
    assert await pages(store, ALL, 3) == [roots(6, 5, 4), roots(3, 2, 1), roots(0)]
    assert await pages(store, ALL, 7) == [roots(6, 5, 4, 3, 2, 1, 0)]


async def test_many_threads_are_paged_through(world: World, store: AnyStore) -> None:
    for number in range(130):
        await _time_passes(world)
        await arrived(store, message(thread=key(number)), f"s{number}")
    shown = [root for page in await pages(store, ALL, 25) for root in page]
    assert shown == roots(*reversed(range(130)))


async def test_activity_between_two_pages_neither_repeats_nor_skips_the_others(world: World, store: AnyStore) -> None:
    for number in range(6):
        await said(world, key(number))
    first = await store.threads.page(ALL, limit=2)
    await said(world, key(4), "again")
    await said(world, key(9))
    second = await store.threads.page(ALL, first.cursor, limit=10)
    assert [thread.key.root_ts for thread in second.threads] == roots(3, 2, 1, 0)


async def test_teams_never_see_one_another(world: World, store: AnyStore) -> None:
    await said(world, key(1, team="T2"))
    assert await pages(store, ALL, 10) == [[]]
    assert await pages(store, ThreadFilter("T1", channel="C1"), 10) == [[]]
    assert await pages(store, ThreadFilter("T1", user="U1"), 10) == [[]]


async def test_threads_are_filtered_by_channel_user_tag_and_text(world: World, store: AnyStore) -> None:
    await said(world, key(1, "C1"), "Plan the PARTY", user="U1")
    await said(world, key(2, "C2"), "Write a song", user="U1")
    await said(world, key(3, "C2"), "party again", user="U2")
    await said(world, key(1, "C1"), "me too", user="U2")
    await store.threads.tag(key(2, "C2"), "fun")
    for query, numbers in (
        (ThreadFilter("T1", channel="C2"), (3, 2)),
        (ThreadFilter("T1", user="U1"), (1, 2)),
        (ThreadFilter("T1", user="U2"), (1, 3)),
        (ThreadFilter("T1", user="U2", channel="C2"), (3,)),
        (ThreadFilter("T1", tag="fun"), (2,)),
        (ThreadFilter("T1", tag="other"), ()),
        (ThreadFilter("T1", text="Party"), (1, 3)),
        (ThreadFilter("T1", text="party", user="U2", channel="C1"), (1,)),
        (ThreadFilter("T1", channel="C3"), ()),
        (ThreadFilter("T1", user="U3"), ()),
    ):
        assert await pages(store, query, 10) == [roots(*numbers)], query


async def test_filtered_threads_are_paged_through(world: World, store: AnyStore) -> None:
    for number in range(9):
        await said(world, key(number), "even" if number % 2 == 0 else "odd")
    assert await pages(store, ThreadFilter("T1", text="even"), 2) == [roots(8, 6), roots(4, 2), roots(0)]


async def test_a_new_thread_a_branch_and_a_reset_are_listed_at_once(world: World, store: AnyStore) -> None:
    await arrived(store, message(thread=key(1)))
    await _time_passes(world)
    lease = await leased(store, key(2))
    await store.threads.create(lease, Thread(key(2), "b1", owner="U2"), {})
    assert await pages(store, ALL, 10) == [roots(2, 1)]
    assert await pages(store, ThreadFilter("T1", user="U2"), 10) == [roots(2)]
    await _time_passes(world)
    await store.threads.reset(await leased(store, key(1)), "s2")
    assert await pages(store, ALL, 10) == [roots(1, 2)]


async def test_a_cursor_that_is_none_starts_at_the_beginning(world: World, store: AnyStore) -> None:
    await said(world, key(1))
    assert len((await store.threads.page(ALL, "", 10)).threads) == 1
