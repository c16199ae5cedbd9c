"""Nothing that can happen is without words."""

from __future__ import annotations

import pytest

from bot.errors import Reason
from bot.model import Ending, Outcome, Usage
from bot.slack import wording


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_says_what_happened(ending: Ending) -> None:
    notice = wording.ending_notice(Outcome(ending, "session-1", detail="http 500"))
    assert (notice == "") == (ending is Ending.DONE)
    assert len(notice) < 400


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("detail", ["", "abc123"])
def test_every_refusal_says_why_in_whole_sentences(reason: Reason, detail: str) -> None:
    text = wording.refusal(reason, detail)
    assert text.endswith(".")
    assert "{}" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (12.3, "12 s"), (72, "1 min 12 s"), (7_500, "2 h 5 min"), (59.7, "1 min 0 s")],
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_a_tiny_cost_is_not_shown_as_nothing() -> None:
    assert wording.usage_line(Usage("m", 1.0, 0.001)) == "m · 1.0 s · under 1 ¢"


def test_what_cost_nothing_is_not_called_cheap() -> None:
    assert wording.usage_line(Usage("m", 1.0, 0.0)) == "m · 1.0 s · $0.00"


def test_help_names_the_command_and_the_emoji() -> None:
    text = wording.help_text("/bot", ["twisted_rightwards_arrows"], admin=False)
    assert "`/bot list`" in text
    assert ":twisted_rightwards_arrows:" in text
    assert "admin" not in text
    assert "admin" in wording.help_text("/bot", [], admin=True)
