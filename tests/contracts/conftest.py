"""Every contract runs over memory, fakeredis, a real Redis, and one in cluster mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contracts.world import AnyStore, World, open_world
from tests.redis_server import RedisServer, cluster_node, redis_server


@pytest.fixture(scope="session")
def real_redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisServer]:
    with cluster_node() as server:
        yield server


REAL = {"redis": "real_redis", "cluster": "redis_cluster"}


@pytest.fixture(params=["memory", "fakeredis", *(pytest.param(kind, marks=pytest.mark.redis) for kind in REAL)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    url = request.getfixturevalue(REAL[request.param]).url if request.param in REAL else ""
    async with open_world(request.param, url) as opened:
        yield opened


@pytest.fixture
def store(world: World) -> AnyStore:
    return world.worker("w1")
