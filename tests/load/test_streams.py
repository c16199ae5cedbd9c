"""The load test on a clock that leaps: `make load` has it in real time, with counts in Redis."""

from __future__ import annotations

import pytest

from bot.slack.rates import LocalBuckets
from tests.leaping import LeapingClock, leap
from tests.load.crowd import Crowd, Figures, stream_all
from tests.sections import with_section

AT_ONCE = 100


def streamed(crowd: Crowd) -> Figures:
    clock = LeapingClock()
    return leap(stream_all(crowd, [LocalBuckets(clock)] * crowd.workers, clock))


@pytest.mark.slow
def test_a_hundred_threads_at_once_are_all_updated_every_ten_seconds_without_a_429() -> None:
    found = streamed(Crowd(AT_ONCE, channels=25))
    assert found.refused_429 == 0
    assert found.complete == AT_ONCE
    assert found.sign_waits_s[-1] <= 10.0
    assert found.first_text_s[-1] <= 11.0
    assert found.text_waits_s[AT_ONCE // 2] <= 11.0


@pytest.mark.slow
def test_a_hundred_threads_in_one_channel_share_what_slack_allows_there() -> None:
    found = streamed(Crowd(AT_ONCE, channels=1, seconds=60.0))
    assert found.refused_429 == 0
    assert found.complete == AT_ONCE
    assert found.sign_waits_s[-1] <= 11.0
    assert found.first_text_s[-1] <= 90.0


def test_a_command_replaces_its_own_section_and_no_other() -> None:
    page = with_section(with_section("# Page\n\nMine.\n", "a", "one"), "b", "two")
    changed = with_section(page, "a", "three")
    assert changed == page.replace("one", "three")
    assert changed.startswith("# Page\n\nMine.\n")
