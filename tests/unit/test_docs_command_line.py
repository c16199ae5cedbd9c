"""docs/command-line.md names every command and option, and every command line on any page is one that is understood."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import click
import pytest

from bot.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMAND_LINE = re.compile(r"^ *(?:[A-Z_]+=\S+ )*(?:\$ )?(?:\.venv/bin/)?python -m bot (.+)$", re.MULTILINE)
LINES = sorted({line for page in PAGES for line in COMMAND_LINE.findall(page.read_text(encoding="utf-8"))})


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS = dict(commands(main))
DESCRIBED = dict(re.findall(r"^\| `((?:sessions )?[a-z]+)[^`]*` \| (.+) \|$", PAGE, re.MULTILINE))


def options(command: click.Command) -> set[str]:
    return {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts}


def test_every_command_is_described_and_no_other() -> None:
    assert sorted(DESCRIBED) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_named_and_no_other(name: str) -> None:
    named = set(re.findall(r"`(--[a-z-]+)", DESCRIBED[name]))

    assert named == options(COMMANDS[name]) - {"--env-file"}


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_on_any_page_is_understood(line: str) -> None:
    words = shlex.split(line, comments=True)
    name = " ".join(words[:2]) if words[0] == "sessions" else words[0]
    command = COMMANDS[name]

    with click.Context(command) as context:
        assert command.parse_args(context, words[len(name.split()) :]) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_modules_that_command_lines_name_are_there(page: Path) -> None:
    blocks = re.findall(r"^ *```\n(.+?)^ *```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    words = [word for block in blocks for line in block.splitlines() for word in line.split()]
    modules = [name for before, name in pairwise(words) if before == "-m" and name.startswith(("bot", "tests"))]

    assert [word for word in words if re.match(r"(deploy|docs|tests)/", word) and not (ROOT / word).exists()] == []
    assert [name for name in modules if find_spec(name) is None] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does(name: str) -> None:
    assert COMMANDS[name].get_short_help_str()
