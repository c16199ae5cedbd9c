"""A minute of the load test: `make load` has two of them, more crowds, and writes down how it went."""

from __future__ import annotations

import pytest

from tests.load.__main__ import leapt
from tests.load.crowd import Crowd
from tests.sections import with_section

AT_ONCE = 100


@pytest.mark.slow
def test_a_hundred_threads_at_once_are_all_updated_every_ten_seconds_without_a_429() -> None:
    found = leapt(Crowd(AT_ONCE, channels=25, seconds=60.0))
    assert found.refused_429 == 0
    assert found.complete == AT_ONCE
    assert found.sign_waits_s[-1] <= 10.0
    assert found.first_text_s[-1] <= 11.0
    assert found.text_waits_s[AT_ONCE // 2] <= 11.0


@pytest.mark.slow
def test_a_hundred_threads_in_one_channel_share_what_slack_allows_there() -> None:
    found = leapt(Crowd(AT_ONCE, channels=1, seconds=60.0))
    assert found.refused_429 == 0
    assert found.complete == AT_ONCE
    assert found.sign_waits_s[-1] <= 11.0
    assert found.first_text_s[-1] <= 90.0


def test_a_command_replaces_its_own_section_and_no_other() -> None:
    page = with_section(with_section("# Page\n\nMine.\n", "a", "one"), "b", "two")
    changed = with_section(page, "a", "three")
    assert changed == page.replace("one", "three")
    assert changed.startswith("# Page\n\nMine.\n")
