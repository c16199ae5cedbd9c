"""What docs/install.md says about the command line and about Docker. That its steps work: tests/e2e/test_install.py."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from bot.cli import main
from bot.store.health import MINIMUM_VERSION

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
BOT_LINES = re.findall(r"^ *\.venv/bin/python -m bot (.+)$", PAGE, re.MULTILINE)
COMPOSE_LINES = re.findall(r"^docker compose -f (\S+) (.+)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("line", BOT_LINES)
def test_a_command_line_is_one_that_the_bot_takes(line: str) -> None:
    name, *words = shlex.split(line)
    command = main.commands[name]

    with click.Context(command) as context:
        assert command.parse_args(context, words) == []


def test_every_command_for_docker_names_a_file_and_services_that_are_there() -> None:
    assert COMPOSE_LINES
    for file, rest in COMPOSE_LINES:
        verb, *words = rest.split()
        assert (ROOT / file).is_file()
        named = [word for word in words if not word.startswith("--")]
        assert verb == "run" or set(named) <= set(COMPOSE["services"])


def test_a_check_in_docker_runs_the_bots_own_command() -> None:
    (words,) = (rest.split() for _, rest in COMPOSE_LINES if rest.startswith("run "))
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert words == ["run", "--rm", "bot", "doctor"]
    assert yaml.safe_load(entry)[-3:] == ["python", "-m", "bot"]


def test_redis_in_docker_keeps_what_it_is_given_and_is_where_the_bot_looks() -> None:
    (started,) = re.findall(r"^redis-server (.+)$", PAGE, re.MULTILINE)

    assert COMPOSE["services"]["redis"]["command"] == ["redis-server", *shlex.split(started)]
    assert COMPOSE["services"]["bot"]["environment"]["REDIS_URL"].startswith("redis://redis:")


def test_it_asks_for_the_redis_that_the_bot_needs() -> None:
    assert f"Redis {'.'.join(map(str, MINIMUM_VERSION))} or newer" in PAGE
