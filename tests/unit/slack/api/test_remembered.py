"""Answers of Slack that stay true for a while."""

from __future__ import annotations

import pytest

from bot.slack.api.remembered import Remembered
from tests.unit.slack.incoming import StillClock


class Question:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    async def ask(self, key: str) -> str:
        self.asked.append(key)
        if self.fails:
            raise OSError(key)
        return f"{key} {len(self.asked)}"


async def test_an_answer_counts_for_its_life_and_is_asked_for_again_afterwards() -> None:
    clock, question = StillClock(), Question()
    names = Remembered(question.ask, clock, life_s=10.0)
    assert [await names.get("a"), await names.get("a")] == ["a 1", "a 1"]
    clock.time += 10.0
    assert await names.get("a") == "a 2"


async def test_a_failure_is_not_remembered() -> None:
    question = Question()
    names = Remembered(question.ask, StillClock(), life_s=10.0)
    question.fails = True
    with pytest.raises(OSError, match="a"):
        await names.get("a")
    question.fails = False
    assert await names.get("a") == "a 2"


async def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    question = Question()
    names = Remembered(question.ask, StillClock(), life_s=10.0, bound=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        await names.get(key)
    assert question.asked == ["a", "b", "c", "b"]
