"""The load test, shortened: `make load` has the whole of it."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from tests.load.crowd import Crowd, stream_all
from tests.sections import with_section


@pytest.mark.slow
async def test_forty_threads_at_once_all_progress_without_a_429_and_lose_nothing() -> None:
    redis = FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0)), protocol=2)
    found = await stream_all(Crowd(threads=40, channels=20, seconds=6.0), redis)
    await redis.aclose()
    assert found.refused_429 == 0
    assert found.complete == 40
    assert found.first_text_s[-1] < 10.0
    assert found.text_waits_s[-1] < 10.0


def test_a_command_replaces_its_own_section_and_no_other() -> None:
    page = with_section(with_section("# Page\n\nMine.\n", "a", "one"), "b", "two")
    changed = with_section(page, "a", "three")
    assert changed == page.replace("one", "three")
    assert changed.startswith("# Page\n\nMine.\n")
