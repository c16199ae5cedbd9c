"""docs/watching.md names the numbers that a worker has, all of them and no others."""

from __future__ import annotations

import re
from pathlib import Path

from bot.model import Stage
from tests.numbers import NUMBERS

PAGE = (Path(__file__).parents[2] / "docs/watching.md").read_text(encoding="utf-8")


def test_every_number_is_described_as_the_worker_itself_does() -> None:
    rows = re.findall(r"^\| `(bot_\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", PAGE, re.MULTILINE)
    ours = [number for number in NUMBERS.values() if number.name.startswith("bot_")]

    assert sorted(
        (name, kind, ", ".join(re.findall(r"\w+", labels)), meaning) for name, kind, labels, meaning in rows
    ) == (sorted((one.name, one.kind, ", ".join(sorted(one.labels)), one.meaning) for one in ours))


def test_every_stage_is_described() -> None:
    rows = re.findall(r"^\| `(\w+_to_\w+)` \|", PAGE, re.MULTILINE)

    assert sorted(rows) == sorted(Stage)


def test_the_numbers_of_the_process_are_there_too() -> None:
    assert any(name.startswith("process_") for name in NUMBERS)
