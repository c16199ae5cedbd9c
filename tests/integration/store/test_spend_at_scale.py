"""What a turn's accounts cost Redis, however many turns there were in the last minutes."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.model import Budget, Periods, Scope, ScopeKind
from bot.ports import SpendRun
from bot.store.client import connect
from bot.store.store import Store
from tests.redis_server import redis_server
from tests.requirements_of_machine import needs

WORKSPACE, TODAY = Scope(ScopeKind.WORKSPACE, "T1", ""), Periods("2026-11-21", "2026-11")


async def test_an_account_is_not_read_whole_for_each_turn() -> None:
    needs("redis-server")
    with redis_server() as server:
        client = connect(server.url)
        store = Store(client, "w-1", ttl_s=86_400)
        async with Redis.from_url(server.url) as probe:
            for number in range(100):
                run = SpendRun(f"turn-{number}", f"run-{number}")
                await store.spend.reserve(WORKSPACE, TODAY, run, 0.5, Budget(day_usd=1e6), lasts_s=3600.0)
                await store.spend.settle(WORKSPACE, TODAY, run, 0.25)
            calls = (await probe.info("commandstats")).get("cmdstat_hgetall", {}).get("calls", 0)
        [spent] = await store.spend.spent([WORKSPACE], TODAY)
        await store.aclose()
        await client.aclose()
    assert (spent.day_usd, spent.reserved_usd) == (25.0, 0.0)
    assert calls == 1, "for the first, when nothing is known of the account"
