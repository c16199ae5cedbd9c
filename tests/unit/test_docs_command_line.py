"""docs/command-line.md names every command and option; command lines on all pages are of kinds that tests run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bot.cli import main
from tests.docs_lines import LINES, Kind, Line, lines, lines_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")


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


def test_no_command_line_on_any_page_is_of_an_unknown_kind() -> None:
    assert [line for line in LINES if line.kind is Kind.UNKNOWN] == []


@pytest.mark.parametrize(
    "text", ["```\nhelm install bot\n```", "- Then\n\n  ```\n  ls # all\n  ```", "Try `helm ls` | there"]
)
def test_what_is_new_on_a_page_is_unknown_until_it_is_classed(text: str) -> None:
    assert [line.kind for line in lines_of("new.md", text)] == [Kind.UNKNOWN]


@pytest.mark.parametrize("text", ["```sh\nmake test # all\n```", "| a | b |\n|---|---|\n| a | try `make test` |"])
def test_a_command_line_is_found_wherever_it_stands(text: str) -> None:
    assert list(lines_of("new.md", text)) == [Line("new.md", "make test")]


def test_it_is_said_what_a_test_does_with_each_kind() -> None:
    rows = re.findall(r"^\| (`.+`) \| .+ \|$", CONTRIBUTING.partition("\n## Docs\n")[2], re.MULTILINE)

    assert sorted(name for row in rows for name in re.findall(r"`([^`]+)`", row)) == sorted(set(Kind) - {Kind.UNKNOWN})


@pytest.mark.parametrize("line", lines(Kind.BOT), ids=lambda line: line.text)
def test_a_command_line_is_understood(line: Line) -> None:
    name = " ".join(line.arguments[: 2 if line.arguments[0] == "sessions" else 1])
    if name == "--version":
        return
    command = COMMANDS[name]

    with click.Context(command) as context:
        assert command.parse_args(context, line.arguments[len(name.split()) :]) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does(name: str) -> None:
    assert COMMANDS[name].get_short_help_str()
