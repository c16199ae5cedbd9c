"""Which Redis it is, and whether it can be trusted with sessions."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.errors import StoreAway
from bot.store.client import connect
from bot.store.health import health
from bot.store.store import Store
from tests.contracts.world import THREAD, message
from tests.redis_server import redis_server


@pytest.mark.redis
async def test_a_redis_that_keeps_nothing_is_told(client: Redis) -> None:
    found = await health(client)
    assert (found.supported, found.in_process, found.persistent, found.can_evict) == (True, False, False, False)
    assert found.version.split(".")[0].isdigit()
    assert found.used_memory_bytes > 0


@pytest.mark.redis
@pytest.mark.parametrize("setting", [("--appendonly", "yes"), ("--save", "3600 1")])
async def test_a_redis_that_writes_to_disk_is_told(setting: tuple[str, str]) -> None:
    with redis_server(setting) as server:
        async with connect(server.url) as client:
            assert (await health(client)).persistent is True


@pytest.mark.redis
async def test_a_redis_that_may_drop_keys_is_told() -> None:
    with redis_server(("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")) as server:
        async with connect(server.url) as client:
            found = await health(client)
    assert (found.can_evict, found.eviction_policy, found.max_memory_bytes) == (True, "allkeys-lru", 104_857_600)


@pytest.mark.redis
async def test_a_redis_that_hides_its_settings_is_told_as_far_as_it_tells() -> None:
    with redis_server(("--rename-command", "CONFIG", "")) as server:
        async with connect(server.url) as client:
            assert (await health(client)).persistent is None


async def test_a_redis_that_is_not_there_is_away() -> None:
    async with connect("redis://127.0.0.1:1/0") as client:
        with pytest.raises(StoreAway):
            await health(client)


async def test_the_redis_in_the_process_is_one_for_all_and_says_so() -> None:
    async with connect("memory:") as one, connect("memory:") as other:
        await one.flushall()
        await Store(one, "w1", ttl_s=100).inbox.accept(message(), "s1")
        assert await Store(other, "w2", ttl_s=100).threads.get(THREAD) is not None
        found = await health(one)
        await one.flushall()
    assert (found.in_process, found.persistent, found.can_evict) == (True, False, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1",
        "nonsense",
        "redis+sentinel://127.0.0.1:26379",
        "rediss+sentinel://127.0.0.1:26379/?db=1",
        "redis+cluster://",
        "redis+cluster://host/3",
        "",
    ],
)
def test_a_url_of_no_known_form_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        connect(url)


async def test_tls_sentinel_and_cluster_urls_are_taken() -> None:
    for url in (
        "rediss://:secret@127.0.0.1:6380/0",
        "redis+sentinel://:secret@127.0.0.1:1,127.0.0.1/service?db=2",
        "rediss+sentinel://user:secret@127.0.0.1:1/service?ssl_ca_certs=/ca.pem",
        "redis+cluster://127.0.0.1",
        "rediss+cluster://user:secret@127.0.0.1:1,host2:2?ssl_ca_certs=/ca.pem",
    ):
        await connect(url).aclose()
