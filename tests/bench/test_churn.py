"""The churn, shortened: `make churn` has the whole of it."""

from __future__ import annotations

import pytest

from tests.bench.churn import MB, churned


@pytest.mark.slow
async def test_a_bot_whose_people_come_and_go_and_whose_processes_die_leaves_nothing_behind() -> None:
    found = await churned(12.0, round_s=6.0, channels=3)
    assert found.deeds.turns > SPREAD
    assert found.deeds.processes > SPREAD
    assert [(rest.zombies, rest.left, rest.directories) for rest in found.rests] == [(0, 0, 0)] * len(found.rests)
    assert max(rest.descriptors for rest in found.rests) <= found.rests[0].descriptors + FEW
    assert max(rest.own_bytes for rest in found.rests) <= found.rests[0].own_bytes + 10 * MB
    assert (found.orphans, found.directories) == (0, 0)


SPREAD = 5
"""So many turns and processes at least, or it was no churn."""
FEW = 3
"""Descriptors that may come and go: connections to Redis and Slack."""
