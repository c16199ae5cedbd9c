"""A real Redis for each module's tests, empty for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from bot.store.client import connect
from tests.redis_server import RedisServer, redis_server


@pytest.fixture(scope="session")
def real_redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
async def client(real_redis: RedisServer) -> AsyncIterator[Redis]:
    async with connect(real_redis.url) as client:
        await client.flushall()
        yield client
