"""Sessions are managed by the people they belong to, and by admins."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Reason, Refusal
from bot.model import Ending, Person, ThreadFilter, ThreadKey
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, TEAM, Worker, World
from tests.unit.core.test_forks import stored, talk
from tests.waiting import until

EVERYBODY = ThreadFilter(TEAM)


async def test_reset_forgets_and_restore_remembers(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    before = (await stored(worker, first.thread)).session_id
    assert await worker.admin.reset(ANA, first.thread) == before
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    assert not world.agent.requests[-1].resume
    assert world.agent.requests[-1].session_id != before
    async with worker.inbox.exclusive(first.thread):
        pass
    assert await worker.admin.restore(ANA, first.thread) == before
    await worker.inbox.take(world.message("third", root=first.ts))
    await until(lambda: len(world.chat.posted) == 3)
    assert (world.agent.requests[-1].resume, world.agent.requests[-1].session_id) == (True, before)


async def test_reset_stops_the_turn_that_runs(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    message = world.message("long")
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    await worker.admin.reset(ANA, message.thread)
    closing = world.chat.replies[0].closing
    assert closing is not None
    assert closing.outcome.ending is Ending.STOPPED


async def test_restore_without_an_earlier_session_is_refused(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    with pytest.raises(Refusal) as refused:
        await worker.admin.restore(ANA, first.thread)
    assert refused.value.reason is Reason.NOTHING_ARCHIVED


@pytest.mark.parametrize("act", ["show", "reset", "restore", "stop", "rename", "tag"])
async def test_others_are_refused_and_admins_are_not(world: World, worker: Worker, act: str) -> None:
    (first,) = await talk(world, worker, "first")
    await worker.admin.reset(ANA, first.thread)
    more = {"rename": ("title",), "tag": ("tag",)}.get(act, ())
    with pytest.raises(Refusal) as refused:
        await getattr(worker.admin, act)(BEN, first.thread, *more)
    assert refused.value.reason is Reason.NOT_YOURS
    world.chat.admins.add("U_BEN")
    try:
        await getattr(worker.admin, act)(BEN, first.thread, *more)
    except Refusal as other:
        assert other.reason is Reason.NOTHING_RUNNING  # noqa: PT017 - only stop has nothing to do


async def test_another_workspace_is_another_world(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "first")
    stranger = Person("T2", "U_ANA")
    world.chat.admins.add("U_ANA")
    with pytest.raises(Refusal) as refused:
        await worker.admin.show(stranger, first.thread)
    assert refused.value.reason is Reason.NO_SESSION_HERE
    assert (await worker.admin.page(stranger, EVERYBODY)).threads == ()


async def test_a_list_shows_ones_own_and_to_admins_all(world: World, worker: Worker) -> None:
    (mine,) = await talk(world, worker, "mine")
    theirs = world.message("theirs", user="U_BEN")
    await worker.inbox.take(theirs)
    await until(lambda: len(world.chat.posted) == 2)

    async def listed(person: Person, query: ThreadFilter = EVERYBODY) -> list[ThreadKey]:
        return [thread.key for thread in (await worker.admin.page(person, query)).threads]

    assert await listed(BEN) == [theirs.thread]
    with pytest.raises(Refusal):
        await listed(BEN, ThreadFilter(TEAM, user="U_ANA"))
    world.chat.admins.add("U_ANA")
    assert await listed(ANA) == [theirs.thread, mine.thread]
    assert await listed(ANA, ThreadFilter(TEAM, user="U_ANA")) == [mine.thread]


async def test_show_tells_lineage_and_last_exchanges(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "second")
    branch = await worker.forks.branch(ANA, first.thread, second.ts)
    view = await worker.admin.show(ANA, branch.thread)
    assert [thread.key for thread in view.lineage] == [first.thread]
    source = await worker.admin.show(ANA, (await stored(worker, first.thread)).session_id[:8])
    assert [exchange.prompt for exchange in source.exchanges] == ["user:first", "user:second"]


async def test_titles_come_from_the_first_prompt_until_renamed(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "How do I bake bread?")
    assert (await stored(worker, first.thread)).title == "How do I bake bread?"
    await worker.admin.rename(ANA, first.thread, "  Bread \n  ")
    await worker.admin.tag(ANA, first.thread, "kitchen")
    thread = await stored(worker, first.thread)
    assert (thread.title, thread.tag) == ("Bread", "kitchen")
    entries = await worker.store.transcripts.load(first.thread, thread.session_id, "") or ()
    assert list(entries[-2:]) == ["title:Bread", "tag:kitchen"]
    await worker.admin.tag(ANA, first.thread, "")
    assert (await stored(worker, first.thread)).tag == ""


@pytest.mark.parametrize("title", ["", "   ", "x" * 81])
async def test_a_title_that_cannot_be_is_refused(world: World, worker: Worker, title: str) -> None:
    (first,) = await talk(world, worker, "first")
    with pytest.raises(Refusal) as refused:
        await worker.admin.rename(ANA, first.thread, title)
    assert refused.value.reason is Reason.BAD_ARGUMENT
    assert (await stored(worker, first.thread)).title == "first"


async def test_an_id_that_several_sessions_share_is_ambiguous(world: World, worker: Worker) -> None:
    for number in (1, 2):
        message = world.message("x")
        session_id = f"abcd000{number}-0000-4000-8000-000000000000"
        await worker.store.inbox.accept(message, session_id)
        await worker.store.inbox.enlist(message, session_id)
    with pytest.raises(Refusal) as refused:
        await worker.admin.show(ANA, "abcd")
    assert refused.value.reason is Reason.AMBIGUOUS_SESSION
