"""What `make scale` measures, where it can be held to a number on any machine."""

from __future__ import annotations

import pytest

from tests.bench.scale import cost_of_turns
from tests.redis_server import redis_server

MOST_ROUND_TRIPS = 12.0


@pytest.mark.redis
async def test_a_turn_takes_few_round_trips() -> None:
    with redis_server() as server:
        cost = await cost_of_turns(server.url, 0, turns=20)
    assert 0 < cost.round_trips <= MOST_ROUND_TRIPS
