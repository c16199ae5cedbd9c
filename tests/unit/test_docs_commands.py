"""docs/commands.md says what the code can do, all of it and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import SETTINGS
from bot.model import Person
from bot.prompts import HISTORY_MESSAGES
from bot.slack.commands import VERBS, Unclear, parse
from bot.slack.interactions import COMMAND, SHORTCUTS
from bot.slack.normalise import WordKind
from tests.docs_lines import Kind, Line, lines

PAGE = (Path(__file__).parents[2] / "docs/commands.md").read_text(encoding="utf-8")
ANA = Person("T0PLAYGROUN", "U0ANA1ADMIN")
DOCUMENTED = re.findall(r"^\| `/agent (?P<usage>[^`]+)` \|", PAGE, re.MULTILINE)


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_verb_is_described_and_no_other() -> None:
    assert sorted(usage.split()[0] for usage in DOCUMENTED) == sorted(VERBS)
    assert sorted(COMMAND.usage_hint.split(" | ")) == sorted(VERBS)


@pytest.mark.parametrize("line", lines(Kind.IN_SLACK), ids=lambda line: line.text)
def test_a_command_on_any_page_is_understood_as_it_stands_and_without_what_is_optional(line: Line) -> None:
    usage = line.text.removeprefix("/agent ")

    def typed(text: str) -> str:
        for word, example in (("ID", "4f1d2c3b"), ("#channel", "<#C0GENERAL01>"), ("@person", "<@U0BEN2USERS>")):
            text = text.replace(word, example)
        return re.sub(r"[\[\]]", "", text)

    assert not isinstance(parse(typed(usage), ANA, "/agent"), Unclear)
    assert not isinstance(parse(typed(re.sub(r"\[[^\]]*\]", "", usage)), ANA, "/agent"), Unclear)


def test_every_shortcut_is_described_in_slacks_own_words() -> None:
    rows = re.findall(r"^\| (?!shortcut|---)(.+?) \| (.+) \|$", section("Shortcuts"), re.MULTILINE)

    assert rows == [(row.name, row.description) for row in SHORTCUTS]


def test_every_word_is_described_and_no_other() -> None:
    words = re.findall(r"^\| `@Claude ?(\w*)` \|", section("Words in a thread"), re.MULTILINE)

    assert sorted(words) == sorted(WordKind)


def test_the_defaults_it_names_are_those_of_the_settings() -> None:
    defaults = {setting.name: setting.default for setting in SETTINGS}

    assert f"`{defaults['BOT_COMMAND']}` here" in PAGE
    assert f":{defaults['BOT_FORK_EMOJI']}:" in PAGE
    assert f"({defaults['BOT_SESSION_TTL_DAYS']} days" in PAGE
    assert f"the last {HISTORY_MESSAGES} messages" in PAGE
