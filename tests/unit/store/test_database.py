"""Redis's failures become the bot's errors, in one place."""

from __future__ import annotations

import asyncio
import signal

import pytest
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from bot.errors import LeaseLost, StoreAway
from bot.model import Ending, Lease, Outcome, Taken
from bot.store.client import connect
from bot.store.database import Database
from bot.store.store import Store
from tests.contracts.world import THREAD, answered, begun, entries, leased, message
from tests.redis_server import redis_server

pytestmark = pytest.mark.redis


async def test_a_redis_that_forgot_the_scripts_is_given_them_again(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=100)
    await store.inbox.accept(message(), "s1")
    await client.script_flush()
    assert (await store.inbox.accept(message(), "s1")).taken is Taken.DUPLICATE


async def test_a_full_redis_is_away() -> None:
    with redis_server(("--maxmemory", "1mb", "--maxmemory-policy", "noeviction")) as server:
        async with connect(server.url) as client:
            with pytest.raises(StoreAway):
                await Store(client, "w1", ttl_s=100).inbox.accept(message(), "s1")


async def test_a_replica_that_takes_no_writes_is_away() -> None:
    with redis_server(("--replicaof", "127.0.0.1 1", "--replica-read-only", "yes")) as server:
        async with connect(server.url) as client:
            with pytest.raises(StoreAway):
                await Store(client, "w1", ttl_s=100).inbox.accept(message(), "s1")


async def test_a_redis_that_died_is_away() -> None:
    with redis_server() as server:
        async with connect(server.url) as client:
            store = Store(client, "w1", ttl_s=100)
            await store.inbox.accept(message(), "s1")
            server.process.kill()
            server.process.wait()
            with pytest.raises(StoreAway):
                await store.inbox.accept(message(), "s1")
            with pytest.raises(StoreAway):
                await store.threads.get(THREAD)


async def test_a_redis_that_does_not_answer_is_away() -> None:
    with redis_server() as server:
        async with Redis.from_url(server.url, socket_timeout=0.1, protocol=2) as client:
            store = Store(client, "w1", ttl_s=100)
            await store.inbox.accept(message(), "s1")
            server.process.send_signal(signal.SIGSTOP)
            with pytest.raises(StoreAway):
                await store.threads.get(THREAD)
            server.process.send_signal(signal.SIGCONT)


async def test_a_burst_waits_for_its_turn(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=100)
    messages = [message(f"1700000000.{number:06}") for number in range(1, 1_001)]
    receipts = await asyncio.gather(*(store.inbox.accept(one, "s1") for one in messages))
    assert [receipt.taken for receipt in receipts].count(Taken.PROMPT) == 50
    assert len(await client.client_list()) < 40


async def test_a_wrong_password_is_away() -> None:
    with redis_server() as server:
        async with connect(server.url) as client:
            await client.config_set("requirepass", "right")
        async with connect(server.url.replace("unix://", "unix://:wrong@")) as client:
            with pytest.raises(StoreAway):
                await Store(client, "w1", ttl_s=100).threads.get(THREAD)
        async with connect(server.url.replace("unix://", "unix://:right@")) as client:
            assert await Store(client, "w1", ttl_s=100).threads.get(THREAD) is None


async def test_a_defect_of_ours_is_not_hidden(client: Redis) -> None:
    await client.set("text", "value")
    with pytest.raises(redis_errors.ResponseError):
        await Database(client).call("HGET", "text", "field")


async def test_a_lost_lease_is_told_from_other_refusals(client: Redis) -> None:
    with pytest.raises(LeaseLost):
        await Store(client, "w1", ttl_s=100).transcripts.append(Lease(THREAD, "w1", 1), "s1", "", entries("a"))


async def test_a_loop_of_calls_can_be_cancelled_at_any_moment(client: Redis) -> None:
    database = Database(client)

    async def call_for_ever() -> None:
        while True:
            await database.call("GET", "nothing")

    for steps in range(300):
        task = asyncio.create_task(call_for_ever())
        for _ in range(steps % 23):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, steps


class TwicePipeline(Pipeline):
    """Carries everything out twice and gives the second answers, as after an answer that got lost."""

    async def execute(self, raise_on_error: bool = True) -> list[object]:
        commands = list(self.command_stack)
        await super().execute(raise_on_error)
        self.command_stack = commands
        return await super().execute(raise_on_error)


class TwiceRedis(Redis):
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return TwicePipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


async def test_repeating_every_script_changes_nothing(client: Redis) -> None:
    repeating = TwiceRedis(connection_pool=client.connection_pool)
    store, once = Store(repeating, "w1", ttl_s=100), Store(client, "w1", ttl_s=100)
    await answered(once, message())  # all scripts are known from here on

    receipt = await store.inbox.accept(message("1700000000.001000"), "s1")
    assert receipt.taken is Taken.PROMPT
    lease = await leased(once)
    assert await store.inbox.renew(lease)
    turn = await begun(store, lease, "turn-2")
    assert (turn.attempt, len(turn.prompt.messages)) == (1, 1)
    await store.transcripts.append(lease, "s1", "", entries("e2"))
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "s1"), [])
    archived = await store.threads.reset(lease, "s2")
    assert (archived.session_id, archived.turns, archived.head) == ("s1", 2, "e2")
    assert (await store.threads.restore(lease)).session_id == "s1"
    thread = await once.threads.get(THREAD)
    assert thread is not None
    assert (thread.session_id, thread.turns, thread.archived) == ("s1", 2, ())
    assert await store.inbox.release(lease)
