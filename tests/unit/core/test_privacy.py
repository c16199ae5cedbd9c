"""People have their own conversations forgotten, and their words in those of others."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Reason, Refusal
from bot.model import Address, Message, Person, PointKind, Verdict
from bot.privacy import Forgotten
from bot.store import keys
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, TEAM, Worker, World
from tests.unit.core.test_decisions import ask, asking, settled, the_card
from tests.unit.core.test_forks import stored, talk
from tests.waiting import until

ADMIN = Person(TEAM, "U_ADMIN")


READ = {
    b"hash": ("HGETALL",),
    b"list": ("LRANGE", 0, -1),
    b"zset": ("ZRANGE", 0, -1),
    b"set": ("SMEMBERS",),
    b"string": ("GET",),
    b"stream": ("XRANGE", "-", "+"),
}


async def everything(world: World) -> str:
    """All that Redis holds, names and values, as one text."""
    found: list[object] = []
    async for name in world.redis.scan_iter():
        command, *more = READ[await world.redis.type(name)]  # type: ignore[index]
        if name.startswith(b"bot:audit:"):
            continue  # who allowed what stays for its time, without words
        found += [name, await world.redis.execute_command(command, name, *more)]  # type: ignore[no-untyped-call]
    return repr(found)


async def say(
    world: World, worker: Worker, text: str, root: Message, user: str, address: Address = Address.BOT
) -> Message:
    """A message in a thread, answered where it asks for that."""
    posted = len(world.chat.posted)
    message = world.message(text, root=root.ts, user=user, address=address)
    await worker.inbox.take(message)
    if message.address is not Address.OTHER:
        await until(lambda: len(world.chat.posted) > posted)
        await at_rest(worker, root)
    return message


async def at_rest(worker: Worker, root: Message) -> None:
    async with worker.inbox.exclusive(root.thread):
        pass


async def reply_to(worker: Worker, root: Message) -> str:
    """The ts of an answer in the thread."""
    points = await worker.store.erasure.points(root.thread)
    return next(ts for ts, point in points.items() if point.kind is PointKind.REPLY)


async def bodies(worker: Worker, root: Message) -> list[str]:
    thread = await stored(worker, root.thread)
    return list(await worker.store.transcripts.load(root.thread, thread.session_id, "") or ())


async def test_of_a_person_who_is_forgotten_nothing_is_left(world: World, worker: Worker) -> None:
    one, two = await talk(world, worker, "my first secret"), await talk(world, worker, "my second secret")
    await worker.forks.branch(ANA, one[0].thread, one[0].ts)
    await worker.admin.reset(ANA, two[0].thread)
    world.chat.admins = {ADMIN.user}
    assert await worker.privacy.forget(ADMIN, ANA.user) == Forgotten(threads=3)
    await until(lambda: len(worker.forgotten) == 3)
    left = await everything(world)
    assert [trace for trace in ("secret", "U_ANA", one[0].ts, two[0].ts) if trace in left] == [], left
    own, shared = await worker.privacy.about(ANA, ANA.user)
    assert (own, shared) == ([], [])


async def test_who_forgets_themselves_does_not_lift_their_own_limits(world: World, worker: Worker) -> None:
    await talk(world, worker, "my secret")
    spent = keys.spend(TEAM, "user", ANA.user)
    before = await world.redis.hgetall(spent)
    assert before
    assert await worker.privacy.forget(ANA, ANA.user) == Forgotten(threads=1)
    assert await world.redis.hgetall(spent) == before


async def test_in_a_thread_of_somebody_else_only_their_turns_lose_their_words(world: World, worker: Worker) -> None:
    (root,) = await talk(world, worker, "what ana asks")
    await say(world, worker, "what ben asks", root, "U_BEN")
    await say(world, worker, "what ana asks then", root, "U_ANA")
    world.chat.admins = {ADMIN.user}
    assert await worker.privacy.forget(ADMIN, BEN.user) == Forgotten(turns=1)
    assert "what ben asks" not in await everything(world)
    assert "U_BEN" not in await everything(world)
    said = await bodies(worker, root)
    assert next(body for body in said if body.startswith("user:")).endswith("what ana asks")
    assert said[2:4] == ["removed", "removed"]
    thread = await stored(worker, root.thread)
    assert thread.people == (ANA.user,)
    assert thread.title == "what ana asks"
    await say(world, worker, "and now?", root, "U_ANA")


async def test_who_was_only_overheard_is_forgotten_too(world: World, worker: Worker) -> None:
    (root,) = await talk(world, worker, "what ana asks")
    await say(world, worker, "what ben mentions", root, "U_BEN", address=Address.OTHER)
    await say(world, worker, "and then?", root, "U_ANA")
    await say(world, worker, "what ben adds", root, "U_BEN", address=Address.OTHER)
    await at_rest(worker, root)
    assert await worker.privacy.forget(BEN, BEN.user) == Forgotten(turns=1)
    left = await everything(world)
    assert all(trace not in left for trace in ("ben mentions", "ben adds", "U_BEN"))


async def test_a_turn_that_runs_is_stopped_first(world: World, worker: Worker) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    message = world.message("my secret")
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    assert await worker.privacy.forget(ANA, ANA.user) == Forgotten(threads=1)
    assert "secret" not in await everything(world)


async def test_a_branch_that_somebody_else_made_stays(world: World, worker: Worker) -> None:
    (root,) = await talk(world, worker, "what ana asks")
    branch = await worker.forks.branch(BEN, root.thread, await reply_to(worker, root))
    await worker.privacy.forget(ANA, ANA.user)
    assert await worker.store.threads.get(root.thread) is None
    kept = await stored(worker, branch.thread)
    copied = await worker.store.transcripts.load(branch.thread, kept.session_id, "") or ()
    assert any("what ana asks" in body for body in copied)


async def test_all_workers_are_told_to_let_go(world: World, worker: Worker) -> None:
    other = world.start_worker()
    await world.enter.enter_async_context(other.inbox)
    (root,) = await talk(world, worker, "hello")
    await until(lambda: True)
    await worker.privacy.forget_thread(ANA, root.thread)
    await until(lambda: worker.forgotten == other.forgotten == [root.thread])


async def test_nobody_but_admins_has_others_forgotten(world: World, worker: Worker) -> None:
    (root,) = await talk(world, worker, "hello")
    await say(world, worker, "me too", root, BEN.user)
    for attempt in (worker.privacy.forget(BEN, ANA.user), worker.privacy.forget_thread(BEN, root.thread)):
        with pytest.raises(Refusal) as refused:
            await attempt
        assert refused.value.reason is Reason.NOT_YOURS
    world.chat.admins = {ADMIN.user}
    assert await worker.privacy.forget(ADMIN, ANA.user) == Forgotten(threads=1)


async def test_a_deleted_message_takes_the_words_out_of_its_turn(world: World, worker: Worker) -> None:
    (root,) = await talk(world, worker, "my secret")
    await say(world, worker, "and then?", root, "U_ANA")
    assert await worker.erasing.message_deleted(root.thread, root.ts)
    assert "secret" not in await everything(world)
    said = await bodies(worker, root)
    assert said[:2] == ["removed", "removed"]
    assert said[2].endswith("and then?")
    assert (await stored(worker, root.thread)).title == ""
    await until(lambda: worker.forgotten == [root.thread])


async def test_a_deleted_reply_or_a_message_of_nobodys_changes_nothing(world: World, worker: Worker) -> None:
    (root,) = await talk(world, worker, "hello")
    before = await bodies(worker, root)
    assert not await worker.erasing.message_deleted(root.thread, await reply_to(worker, root))
    assert not await worker.erasing.message_deleted(root.thread, "1600000000.000001")
    assert await bodies(worker, root) == before


async def test_a_message_that_is_deleted_while_its_turn_runs_stops_that_and_is_gone(
    world: World, worker: Worker
) -> None:
    world.agent.scripts = [Script(gate=asyncio.Event())]
    message = world.message("my secret")
    await worker.inbox.take(message)
    await world.agent.wait_for_runs(1)
    assert await worker.erasing.message_deleted(message.thread, message.ts)
    assert "secret" not in await everything(world)


async def test_what_waits_for_a_decision_is_forgotten_with_it(world: World, worker: Worker) -> None:
    decision = await ask(world, worker)
    assert "rm -r build" in await everything(world)
    world.chat.admins = {ADMIN.user}
    assert await worker.privacy.forget(ADMIN, ANA.user) == Forgotten(threads=1)
    left = await everything(world)
    assert [trace for trace in ("rm -r build", "U_ANA", decision.id) if trace in left] == [], left


async def test_in_the_thread_of_another_what_waits_for_somebodys_decision_is_a_no_and_then_gone(
    world: World, worker: Worker
) -> None:
    root, *_ = await talk(world, worker, "what ana says")
    world.agent.scripts.append(asking())
    await worker.inbox.take(world.message("clean up", root=root.ts, user=BEN.user))
    decision = await the_card(world, root.thread)
    world.chat.admins = {ADMIN.user}
    assert await worker.privacy.forget(ADMIN, BEN.user) == Forgotten(turns=1)
    assert await settled(world, decision) is Verdict.STOPPED
    left = await everything(world)
    assert [trace for trace in ("clean up", "rm -r build", "U_BEN") if trace in left] == [], left
    assert (await stored(worker, root.thread)).people == (ANA.user,)
