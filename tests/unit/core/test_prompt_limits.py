"""What one person may send: how much at once, how often, and how much of it waits."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Reason, Refusal
from bot.model import Address, Message, Receipt, Taken, ThreadKey
from bot.prompt_limits import BOTS_IN_CHANNEL, BOTS_IN_THREAD, PromptBounds
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, Worker, World
from tests.waiting import until


@pytest.fixture
async def strict(world: World) -> Worker:
    """A worker that takes two prompts a minute, of ten characters, and lets one wait."""
    worker = world.start_worker(prompt_bounds=PromptBounds(per_minute=2, chars=10, waiting=1))
    await world.enter.enter_async_context(worker.inbox)
    return worker


async def refused(worker: Worker, message: Message) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await worker.inbox.take(message)
    return raised.value


async def test_a_person_who_sends_too_many_is_told_when_to_go_on(world: World, strict: Worker) -> None:
    for _ in range(2):
        await strict.inbox.take(world.message("hello"))
    message = world.message("hello")
    refusal = await refused(strict, message)
    assert refusal.reason is Reason.TOO_MANY_PROMPTS
    assert 0 < int(refusal.detail) <= 60
    assert not await strict.store.inbox.knows(message.thread), "no thread is made for it"
    assert (await strict.inbox.take(world.message("hello", user="U_BEN"))).taken is Taken.PROMPT


async def test_a_second_delivery_does_not_count(world: World, strict: Worker) -> None:
    first = world.message("hello")
    taken = [(await strict.inbox.take(message)).taken for message in (first, first, first, world.message("and"))]
    assert taken == [Taken.PROMPT, Taken.DUPLICATE, Taken.DUPLICATE, Taken.PROMPT]


async def test_all_workers_count_together(world: World, strict: Worker) -> None:
    other = world.start_worker(prompt_bounds=PromptBounds(per_minute=2))
    await world.enter.enter_async_context(other.inbox)
    for worker in (strict, other):
        await worker.inbox.take(world.message("hello"))
    for worker in (strict, other):
        assert (await refused(worker, world.message("hello"))).reason is Reason.TOO_MANY_PROMPTS


async def test_only_prompts_count(world: World, strict: Worker) -> None:
    first = world.message("hello")
    await strict.inbox.take(first)
    for _ in range(5):
        aside = world.message("x" * 50, root=first.ts, address=Address.OTHER)
        assert (await strict.inbox.take(aside)).taken is Taken.CONTEXT
        elsewhere = world.message("x" * 50, address=Address.OPEN)
        assert (await strict.inbox.take(elsewhere)).taken is Taken.NOT_FOR_US
    assert (await strict.inbox.take(world.message("and", root=first.ts, address=Address.OPEN))).taken is Taken.PROMPT


async def test_beyond_the_bounds_a_reply_without_a_mention_is_never_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for a moment: a turn that ends would take what waits, and answer it."""
    strict = world.start_worker(prompt_bounds=PromptBounds(per_minute=2, chars=10))
    await world.enter.enter_async_context(strict.inbox)
    accept, kept = strict.store.inbox.accept, []

    async def noted(message: Message, session_id: str, max_waiting: int, *, counted: bool) -> Receipt:
        receipt = await accept(message, session_id, max_waiting, counted=counted)
        if receipt.taken is not Taken.REFUSED:
            kept.append((message.text, receipt.taken))
        return receipt

    monkeypatch.setattr(strict.store.inbox, "accept", noted)
    first = world.message("hello")
    await strict.inbox.take(first)
    for _ in range(2):  # the worker learns what a reply is in this thread
        long = world.message("x" * 11, root=first.ts, address=Address.OPEN)
        assert (await refused(strict, long)).reason is Reason.PROMPT_TOO_LONG
        await strict.inbox.take(world.message("and", root=first.ts, address=Address.OPEN, user="U_BEN"))
    await strict.inbox.take(world.message("and", root=first.ts, address=Address.OPEN))
    for user in (ANA.user, "U_BEN"):
        more = world.message("more", root=first.ts, address=Address.OPEN, user=user)
        assert (await refused(strict, more)).reason is Reason.TOO_MANY_PROMPTS
    assert kept == [(text, Taken.PROMPT) for text in ("hello", "and", "and", "and")]


async def test_beyond_the_bounds_a_reply_is_still_context_where_only_mentions_are_prompts(
    world: World, strict: Worker
) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    first = world.message("hello")
    await strict.inbox.take(first)
    await world.agent.wait_for_runs(1)
    await strict.inbox.take(world.message("and", root=first.ts, address=Address.OPEN))
    await strict.store.threads.set_mentions_only(first.thread, True)
    for text in ("x" * 11, "more"):
        aside = world.message(text, root=first.ts, address=Address.OPEN)
        assert (await strict.inbox.take(aside)).taken is Taken.CONTEXT
    gate.set()


async def test_a_prompt_that_is_too_long_is_refused_with_what_is_taken(world: World, strict: Worker) -> None:
    refusal = await refused(strict, world.message("x" * 11))
    assert (refusal.reason, refusal.detail) == (Reason.PROMPT_TOO_LONG, "10")
    assert (await strict.inbox.take(world.message("x" * 10))).taken is Taken.PROMPT


async def test_a_waiting_message_that_is_edited_beyond_the_bound_stays_as_it_was(world: World, strict: Worker) -> None:
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    first = world.message("hello")
    await strict.inbox.take(first)
    await world.agent.wait_for_runs(1)
    second = world.message("second", root=first.ts)
    await strict.inbox.take(second)
    with pytest.raises(Refusal) as raised:
        await strict.inbox.amend(ANA, first.thread, second.ts, "x" * 11)
    assert raised.value.reason is Reason.PROMPT_TOO_LONG
    assert await strict.inbox.amend(ANA, first.thread, second.ts, "changed")
    elsewhere = ThreadKey("T1", "C1", "1900000000.000100")
    assert not await strict.inbox.amend(ANA, elsewhere, elsewhere.root_ts, "x" * 11), "that is none of ours"
    gate.set()
    await until(lambda: len(world.agent.requests) == 2)
    assert world.agent.requests[1].text == "changed"


async def test_in_a_full_thread_it_says_how_many_wait(world: World, strict: Worker) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    first = world.message("hello")
    await strict.inbox.take(first)
    await world.agent.wait_for_runs(1)
    await strict.inbox.take(world.message("second", root=first.ts))
    refusal = await refused(strict, world.message("third", root=first.ts, user="U_BEN"))
    assert (refusal.reason, refusal.detail) == (Reason.THREAD_FULL, "1")


async def test_two_bots_that_answer_one_another_come_to_an_end(world: World, worker: Worker) -> None:
    first = world.message("hello", by_bot=True, user="U_BOT")
    await worker.inbox.take(first)
    for _ in range(BOTS_IN_THREAD - 1):
        await worker.inbox.take(world.message("go on", root=first.ts, by_bot=True, user="U_BOT"))
    for _ in range(3):
        refusal = await refused(worker, world.message("go on", root=first.ts, by_bot=True, user="U_OTHER_BOT"))
        assert refusal.reason is Reason.BOTS_TALKING
    await until(lambda: world.chat.told_of_bots == [first.thread])
    assert (await worker.inbox.take(world.message("what is it?", root=first.ts))).taken is Taken.PROMPT


async def test_bots_that_open_a_thread_each_time_come_to_an_end_too(world: World, worker: Worker) -> None:
    for _ in range(BOTS_IN_CHANNEL):
        await worker.inbox.take(world.message("hello", by_bot=True, user="U_BOT"))
    assert (await refused(worker, world.message("hello", by_bot=True, user="U_BOT"))).reason is Reason.BOTS_TALKING
