"""Every command line in the docs, run. Those that start the bot: tests/e2e/test_install.py and test_process.py."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from bot import __version__
from bot.settings_values import encryption_keys
from bot.store import keys
from tests.deploy.documents import DEPLOY, tool
from tests.deploy.steps import steps_of
from tests.docs_lines import ROOT, Kind, Line, lines
from tests.recorded.record import IDLE, TEAM
from tests.recorded.replay import RELEASES, replay
from tests.redis_server import RedisServer, redis_server
from tests.requirements_of_machine import needs

START_THE_BOT = {"run", "doctor", "demo"}
EXAMPLES = {"U012AB3CD": "U_ANA", "T012AB3CD": TEAM, "4f1d2c3b": f"session-{IDLE.root_ts}", "SESSION": str(IDLE)}
"""Ids on the pages, and what stands for them in the recording."""
NOWHERE = "127.0.0.1:1"
END_S = 60


def each(found: list[Line]) -> pytest.MarkDecorator:
    assert found
    return pytest.mark.parametrize("line", found, ids=lambda line: line.text)


def run(words: list[str], cwd: Path, says: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """In an environment that has nothing but what programs are found by."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        words, check=False, cwd=cwd, env=environment, capture_output=True, text=True, timeout=END_S, input=says
    )


def ran(words: list[str], cwd: Path, says: str = "", **env: str) -> str:
    """What it printed. It has to end well."""
    done = run(words, cwd, says, **env)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the repository was put, with a filled-in .env."""
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    shutil.copy(DEPLOY / "env.example", tmp_path / ".env")
    return tmp_path


# --- the bot's own --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept() -> Iterator[str]:
    """The URL of a Redis with sessions in it."""
    with redis_server() as server:
        asyncio.run(_replayed(server.url))
        yield server.url


async def _replayed(url: str) -> None:
    async with AsyncRedis.from_url(url, protocol=2) as client:
        await replay(client, RELEASES[-1])


OF_SESSIONS = [line for line in lines(Kind.BOT) if line.arguments[:1] in (["workers"], ["sessions"])]
FOLLOWING = [line for line in lines(Kind.BOT) if line.arguments[:1] == ["top"]]
OTHERS = [
    line
    for line in lines(Kind.BOT)
    if line not in OF_SESSIONS and line not in FOLLOWING and line.arguments[:1] not in [[one] for one in START_THE_BOT]
]


@pytest.mark.redis
@each(sorted(OF_SESSIONS, key=lambda line: "forget" in line.text))
def test_what_operators_ask_of_redis_is_answered(line: Line, kept: str, tmp_path: Path) -> None:
    words = [EXAMPLES.get(word, word) for word in line.arguments]

    said = ran([sys.executable, "-m", "bot", *words], tmp_path, says="y\n", REDIS_URL=kept)

    assert said


@pytest.mark.redis
@each(FOLLOWING)
def test_what_is_followed_live_ends_well_when_it_is_interrupted(line: Line, kept: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", "PYTHONPATH": str(ROOT), "REDIS_URL": kept}
    words = [sys.executable, "-m", "bot", *line.arguments]
    with subprocess.Popen(words, cwd=tmp_path, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while b"threads" not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        threading.Thread(target=_read_to_the_end, args=[ours]).start()
        assert process.wait(END_S) == 0


def _read_to_the_end(terminal: int) -> None:
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # so Linux says that the other side is closed
        os.close(terminal)


@each(OTHERS)
def test_what_needs_no_redis_is_printed(line: Line, tmp_path: Path) -> None:
    said = ran([sys.executable, "-m", "bot", *line.arguments], tmp_path)

    assert said == (ROOT / line.output).read_text("utf-8") if line.output else said
    assert __version__ in said or line.arguments != ["--version"]


@each(lines(Kind.TESTS))
def test_what_the_tests_bring_along_runs(line: Line, tmp_path: Path) -> None:
    module, *words = line.arguments

    assert ran([sys.executable, "-m", f"tests.{module}", *words], tmp_path)
    assert (ROOT / line.output).parent.is_dir()


# --- make -----------------------------------------------------------------------------------------------------------


@each(lines(Kind.MAKE))
def test_make_knows_how_and_has_what_it_takes(line: Line) -> None:
    recipe = ran(["make", "--dry-run", *line.arguments], ROOT)

    assert subprocess.run(["sh", "-n"], input=recipe, text=True, check=False).returncode == 0
    programs = re.findall(r"\.venv/bin/([\w-]+)", recipe)
    modules = re.findall(r"\.venv/bin/python -m ([\w.]+)", recipe)
    assert [program for program in programs if not tool(program).exists()] == []
    assert [module for module in modules if find_spec(module) is None] == []


# --- what it is deployed with -----------------------------------------------------------------------------------------


@each(lines(Kind.COMPOSE))
def test_compose_goes_as_far_as_it_can_without_an_engine(line: Line, place: Path) -> None:
    """It has read the file by then, and looked for the services and options that the line names."""
    said = run([str(tool("docker-compose")), *line.arguments], place, DOCKER_HOST="unix:///nowhere").stderr

    assert said.splitlines()[-1].startswith("failed to connect to the docker API"), said


@each(lines(Kind.DOCKER))
def test_the_image_is_built_from_the_file_whose_steps_are_tried(line: Line) -> None:
    assert line.arguments == ["-f", "deploy/Dockerfile", "-t", "bot", "."]
    assert [step.name for step in steps_of(DEPLOY / "Dockerfile")].count("FROM") == 2


@each(lines(Kind.KUBECTL))
def test_kubectl_goes_as_far_as_it_can_without_a_cluster(line: Line, place: Path) -> None:
    kubectl = str(needs("kubectl"))
    said = run([kubectl, "--server", f"http://{NOWHERE}", *line.arguments], place).stderr
    built = ran([kubectl, "kustomize", line.arguments[-1]], place)

    assert "refused" in said.splitlines()[-1], said
    assert "kind: Deployment" in built


@each(lines(Kind.SYSTEMCTL))
def test_systemd_knows_the_unit_once_it_is_in_its_directory(line: Line, tmp_path: Path) -> None:
    needs("systemd-analyze")
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    shutil.copy(DEPLOY / "bot.service", units)
    verb, *words = (word for word in line.arguments if word != "--now")  # there is no systemd to start it in
    offline = {"restart": "is-enabled"}

    ran(["systemctl", f"--root={tmp_path}", "enable", "bot"], tmp_path)
    ran(["systemctl", f"--root={tmp_path}", offline.get(verb, verb), *words], tmp_path)

    assert (units / "multi-user.target.wants/bot.service").is_symlink()


@each(lines(Kind.CP))
def test_what_is_copied_is_there_and_so_is_where_it_goes(line: Line, place: Path) -> None:
    (place / "etc/systemd/system").mkdir(parents=True)
    source, target = line.arguments

    ran(["cp", source, str(place / target.lstrip("/"))], place)


@each(lines(Kind.CHMOD))
def test_settings_are_locked_away_from_others(line: Line, place: Path) -> None:
    mode, path = line.arguments
    file = place / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()

    ran(["chmod", mode, str(file)], place)

    assert file.stat().st_mode & 0o777 == 0o600


# --- Redis and keys ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as server, Redis.from_url(server.url) as client:
        client.xadd(keys.audit("T0123ABCD"), {"decision": "D1", "verdict": "allow_once"})
        yield server


@pytest.mark.redis
@each(lines(Kind.REDIS_CLI))
def test_redis_answers_what_operators_type(line: Line, server: RedisServer, tmp_path: Path) -> None:
    said = ran(["redis-cli", "-s", server.url.removeprefix("unix://"), *line.arguments], tmp_path)

    assert said
    assert "ERR" not in said
    assert "allow_once" in said or "XREVRANGE" not in line.arguments


@pytest.mark.redis
@each(lines(Kind.REDIS_SERVER))
def test_redis_starts_as_it_is_told(line: Line) -> None:
    with redis_server(line.arguments) as server, Redis.from_url(server.url, decode_responses=True) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


@each(lines(Kind.OPENSSL))
def test_a_key_that_is_made_so_seals(line: Line, tmp_path: Path) -> None:
    made = ran(["openssl", *line.arguments], tmp_path).strip()

    assert len(encryption_keys(made)) == 1
