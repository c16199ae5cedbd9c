"""A short run of what `make chaos` does at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import chaos
from tests.chaos.stage import Plan
from tests.requirements_of_machine import needs


@pytest.mark.redis
@pytest.mark.slow
async def test_workers_and_redis_break_and_no_word_is_lost_or_doubled(tmp_path: Path) -> None:
    needs("redis-server")
    plan = Plan(seed=11, workers=3, threads=12, seconds=12, messages_per_s=3, every_s=2, longest_s=3, lease_s=2)
    verdict = await chaos(plan, tmp_path)
    assert verdict.flawless, verdict.table()
    assert not verdict.not_taken
    assert verdict.sent == verdict.answered + len(verdict.given_up)
