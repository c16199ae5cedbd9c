"""Forgetting a thread knows every kind of key that a thread can have."""

from __future__ import annotations

import re

from fakeredis import FakeAsyncRedis, FakeServer

from bot.model import ThreadKey
from bot.store.keys import PATTERNS, ThreadKeys
from bot.store.store import Store

THREAD = ThreadKey("T1", "C1", "1700000000.000100")
SESSION, SUBPATH = "5f0c", "subagents/one"


def name_of(pattern: str) -> str:
    name = pattern.replace("<thread>", str(THREAD)).replace("<session>", SESSION).replace("<subpath>", SUBPATH)
    assert not re.search(r"<\w+>", name), f"{pattern}: say here what stands for it"
    return name


async def test_a_key_of_every_form_that_a_thread_has_is_removed() -> None:
    redis = FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0)), protocol=2)
    store = Store(redis, "w1", ttl_s=3_600)
    lease = await store.inbox.acquire(THREAD)
    assert lease is not None
    names = [name_of(pattern) for pattern in PATTERNS if "{<thread>}" in pattern]
    await redis.hset(ThreadKeys(THREAD).tails, SESSION, "e1")
    await redis.sadd(ThreadKeys(THREAD).subpaths(SESSION), SUBPATH)
    for name in names:
        if name.endswith((":thread", ":points", ":turn", ":decisions")):
            await redis.hset(name, "x", '{"session_id":"5f0c","entry":"","kind":"reply"}')
        elif not await redis.exists(name):
            await redis.set(name, "1")
    assert await redis.exists(*names) == len(names)

    await store.erasure.forget(lease)
    await store.inbox.release(lease)

    assert [name async for name in redis.scan_iter()] == []
    await redis.aclose()
