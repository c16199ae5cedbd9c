"""What is written about the bot is true of it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.config import SETTINGS, Settings
from bot.configuration_page import page
from tests.docs_lines import PAGES

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
LIVE_TESTS = ["tests/live/test_claude.py", "tests/live/test_slack.py"]


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# --- settings -------------------------------------------------------------------------------------------------------


def test_the_configuration_page_is_that_of_the_code() -> None:
    assert text_of("docs/configuration.md") == page(), "run: make configuration-page"


def test_settings_of_a_group_stand_together() -> None:
    groups = [setting.group for setting in SETTINGS]

    assert sum(before != after for before, after in pairwise(groups)) == len(set(groups)) - 1


def test_the_example_has_every_setting_with_its_default() -> None:
    lines = re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", text_of("deploy/env.example"), re.MULTILINE)

    assert dict(lines) == {setting.name: setting.default for setting in SETTINGS} | {"ANTHROPIC_API_KEY": ""}
    assert len(lines) == len(SETTINGS) + 1


def test_the_example_works_once_it_is_filled_in() -> None:
    example = {name: value or "" for name, value in dotenv_values(ROOT / "deploy/env.example").items()}

    Settings.parse(example | {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"})


# --- pages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_links_only_to_what_is_there(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_only_settings_that_exist(path: Path) -> None:
    others = {"BOT_ADMIN", "BOT_DEMO_PORT", "BOT_TEST_REQUIRE"}  # a misspelt one, the demo's and the tests'
    live = set(re.findall(r"\bBOT_LIVE_[A-Z_]+[A-Z]\b", "".join(map(text_of, LIVE_TESTS))))
    known = {setting.name for setting in SETTINGS} | others | live

    assert set(re.findall(r"\bBOT_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))) <= known


# --- pins -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_file_names_an_index(lock: str) -> None:
    text = text_of(lock)

    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), line
    assert "://" not in text


def test_the_tests_run_on_what_is_deployed() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==\S+)", text_of(lock), re.MULTILINE))

    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_each_attack_in_the_threat_model_names_tests_that_there_are() -> None:
    attacks = text_of("docs/security.md").partition("## Attacks tried")[2].partition("\n## ")[0]
    rows = [line for line in attacks.splitlines() if line.startswith("|") and not line.startswith(("|---", "| attack"))]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }

    assert rows
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    assert {test for tests in named for test in tests} - there == set()
