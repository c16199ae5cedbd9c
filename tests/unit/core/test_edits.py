"""A message that was answered can be asked again as it reads after an edit."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Reason, Refusal
from bot.model import Message, Spoken, ThreadKey
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.unit.core.test_forks import stored, talk
from tests.waiting import until


def edited(world: World, message: Message, text: str) -> None:
    """Slack shows the message like this from now on."""
    kept = [spoken for spoken in world.chat.past if spoken.ts != message.ts]
    world.chat.past = sorted([*kept, Spoken(message.ts, message.user, text)], key=lambda spoken: spoken.ts)


async def test_an_edited_message_is_asked_again_in_a_branch_from_before_it(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "secnod")
    edited(world, second, "second")
    assert await worker.edits.can_ask_again(first.thread, second.ts)
    branch = await worker.edits.ask_again(ANA, first.thread, second.ts)
    await until(lambda: len(world.chat.posted) == 3)
    request = world.agent.requests[-1]
    assert (request.text, request.resume) == ("second", True)
    assert request.session_id == (await stored(worker, branch.thread)).session_id
    assert world.chat.branch_roots == [("C1", second.ts, False)]
    assert world.chat.asked_again == [(branch.thread, "second")]


async def test_the_same_text_is_asked_once_and_another_text_in_another_branch(world: World, worker: Worker) -> None:
    (first,) = await talk(world, worker, "frist")
    edited(world, first, "first")
    branches = [await worker.edits.ask_again(ANA, first.thread, first.ts) for _ in range(2)]
    assert branches[0].thread == branches[1].thread
    assert [branch.again for branch in branches] == [False, True]
    edited(world, first, "first of all")
    other = await worker.edits.ask_again(ANA, first.thread, first.ts)
    assert other.thread != branches[0].thread
    await until(lambda: len(world.chat.posted) == 3)
    assert sorted(request.text for request in world.agent.requests) == ["first", "first of all", "frist"]


@pytest.mark.parametrize("gone", [True, False])
async def test_only_the_author_can_and_only_while_the_message_is_there(
    world: World, worker: Worker, gone: bool
) -> None:
    (first,) = await talk(world, worker, "frist")
    if not gone:
        edited(world, first, "first")
    with pytest.raises(Refusal) as refused:
        await worker.edits.ask_again(ANA if gone else BEN, first.thread, first.ts)
    assert refused.value.reason is Reason.NOT_YOUR_MESSAGE
    assert world.chat.branch_roots == []


async def test_what_was_not_answered_cannot_be_asked_again(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    assert not await worker.edits.can_ask_again(first.thread, first.ts)
    stray = ThreadKey("T1", "C1", "1600000000.000100")
    with pytest.raises(Refusal) as refused:
        await worker.edits.ask_again(ANA, stray, stray.root_ts)
    assert refused.value.reason is Reason.NO_POINT_HERE


async def test_a_turn_of_several_messages_is_asked_again_whole(world: World, worker: Worker) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    first = world.message("first")
    await worker.inbox.take(first)
    await world.agent.wait_for_runs(1)
    bens, anas = world.message("bens", root=first.ts, user="U_BEN"), world.message("anas", root=first.ts)
    for message in (bens, anas):
        await worker.inbox.take(message)
        edited(world, message, message.text)
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)
    async with worker.inbox.exclusive(first.thread):
        pass
    edited(world, anas, "mine")
    await worker.edits.ask_again(ANA, first.thread, anas.ts)
    await until(lambda: len(world.chat.posted) == 3)
    assert world.agent.requests[-1].text == "@U_BEN: bens\n\nmine"


async def test_after_a_reset_the_branch_is_of_the_session_that_answered(world: World, worker: Worker) -> None:
    first, second = await talk(world, worker, "first", "secnod")
    before = await stored(worker, first.thread)
    await worker.admin.reset(ANA, first.thread)
    edited(world, second, "second")
    branch = await worker.edits.ask_again(ANA, first.thread, second.ts)
    made = await stored(worker, branch.thread)
    assert made.source is not None
    assert made.source.session_id == before.session_id
    await until(lambda: len(world.chat.posted) == 3)
    assert world.agent.requests[-1].resume
