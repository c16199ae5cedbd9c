"""What docs/install.md says about Docker and Redis. That its steps work: tests/e2e/test_install.py."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import yaml

from bot.store.health import MINIMUM_VERSION

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
COMPOSE_LINES = re.findall(r"^docker compose -f (\S+) (.+)$", PAGE, re.MULTILINE)


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
