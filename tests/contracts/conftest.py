"""Every contract runs over memory, fakeredis, a real Redis, and a cluster of three."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contracts.world import AnyStore, World, open_world
from tests.redis_server import redis_cluster, redis_server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    with redis_cluster() as url:
        yield url


REAL = {"redis": "redis_url", "cluster": "cluster_url"}


@pytest.fixture(params=["memory", "fakeredis", *(pytest.param(kind, marks=pytest.mark.redis) for kind in REAL)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    url = request.getfixturevalue(REAL[request.param]) if request.param in REAL else ""
    async with open_world(request.param, url) as opened:
        yield opened


@pytest.fixture
def store(world: World) -> AnyStore:
    return world.worker("w1")
