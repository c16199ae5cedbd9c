"""Every contract runs over memory, fakeredis and a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contracts.world import AnyStore, World, open_world
from tests.redis_server import RedisServer, redis_server


@pytest.fixture(scope="session")
def real_redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["memory", "fakeredis", pytest.param("redis", marks=pytest.mark.redis)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    url = request.getfixturevalue("real_redis").url if request.param == "redis" else ""
    async with open_world(request.param, url) as opened:
        yield opened


@pytest.fixture
def store(world: World) -> AnyStore:
    return world.worker("w1")
