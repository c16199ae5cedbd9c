"""docs/slack-rules.md and the tests of the rules name one another."""

from __future__ import annotations

import re
from pathlib import Path

RULES = Path("docs/slack-rules.md")
FOLDER = Path("tests/rules")


def listed() -> list[str]:
    """The tests that the page names, in its order."""
    rows = [line for line in RULES.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [re.findall(r"`(\w+\.py)::(test_\w+)`", row) for row in rows]
    rules = [(row, named) for row, named in zip(rows, cells, strict=True) if not row.startswith("| rule |")]
    assert [row for row, named in rules if not named] == [], "a rule without a test"
    return [f"{file}::{name}" for _, named in rules for file, name in named]


def written() -> set[str]:
    """The tests that there are."""
    found = set()
    for path in FOLDER.glob("test_*.py"):
        if path != Path(__file__).relative_to(Path.cwd()):
            names = re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
            found |= {f"{path.name}::{name}" for name in names}
    return found


def test_every_rule_has_a_test_of_its_own_and_every_test_a_rule() -> None:
    assert len(listed()) == len(set(listed())), "a test stands for one rule"
    assert set(listed()) == written()
