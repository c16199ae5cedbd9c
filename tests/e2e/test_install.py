"""docs/install.md, followed word for word by somebody who has never seen this, on the emulated Slack."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from aiohttp import ClientSession
from dotenv import set_key

from bot.playground.model import ScriptedModel
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.values import Command, Shortcut
from bot.slack.http import PATH
from tests.docs_lines import LINES, Kind, Line, lines
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA
from tests.redis_server import redis_server
from tests.subprocesses import ended

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
COMMANDS = [line.text for line in LINES if line.page == "docs/install.md"]
(IN_ONE_LINE,) = (
    line.text for line in LINES if line.page == "README.md" and line.kind is Kind.BOT and "=" in line.text
)
(OF_A_POLICY,) = (line.text for line in LINES if line.page == "docs/policy.md" and "--channel" in line.text)
PYTHON = ".venv/bin/python "
END_S = 60.0

pytestmark = pytest.mark.slow


def the_command(beginning: str) -> list[str]:
    """The words of the one command on the page that begins so."""
    (line,) = {line for line in COMMANDS if line.startswith(beginning)}
    return shlex.split(line.replace(PYTHON, f"{sys.executable} "))


@asynccontextmanager
async def started(
    words: list[str], cwd: Path, more: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command in a shell that knows nothing but its PATH, and what more it is given."""
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(ROOT), **more}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, cwd=cwd, env=env, stdout=pipe, stderr=pipe)
    async with ended(process):
        yield process


async def said_by(words: list[str], cwd: Path) -> tuple[int | None, str]:
    """A command's exit status, and what it printed."""
    async with started(words, cwd) as process, asyncio.timeout(END_S):
        out, _ = await process.communicate()
        return process.returncode, out.decode()


def fill_in(env_file: Path, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        set_key(env_file, name, value, quote_mode="never")


def setup_of(manifest: str, retry_delays_s: tuple[float, ...] = (0.1, 0.5, 1.0)) -> Setup:
    """What Slack makes of a manifest."""
    app = yaml.safe_load(manifest)
    return Setup(
        scopes=tuple(app["oauth_config"]["scopes"]["bot"]),
        subscribed=frozenset(app["settings"]["event_subscriptions"]["bot_events"]),
        commands=[Command(one["command"], one["description"]) for one in app["features"]["slash_commands"]],
        shortcuts=[Shortcut(one["callback_id"], one["name"]) for one in app["features"]["shortcuts"]],
        retry_delays_s=retry_delays_s,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the repository was put, after `cp deploy/env.example .env`."""
    _, source, target = the_command("cp deploy/env.example")
    shutil.copy(ROOT / source, tmp_path / target)
    return tmp_path


async def test_the_first_answer_comes_after_the_last_step(place: Path) -> None:
    status, manifest = await said_by(the_command(f"{PYTHON}-m bot manifest --name"), place)
    assert status == 0
    assert "--appendonly yes" in " ".join(the_command("redis-server"))
    with redis_server(the_command("redis-server")[1:]) as redis:
        async with EmulatedSlack.start(setup_of(manifest)) as slack, ScriptedModel() as model:
            tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, **model.env}
            fill_in(place / ".env", {**tokens, "SLACK_API_URL": slack.api_url, "REDIS_URL": redis.url})

            status, findings = await said_by(the_command(f"{PYTHON}-m bot doctor"), place)
            assert status == 0, findings
            assert names(findings) == names(PAGE)
            status, findings = await said_by(the_policys_command(), place)
            assert (status, "WebSearch" in findings) == (0, True), findings

            async with started(the_command(f"{PYTHON}-m bot run"), place):
                await slack.connected(timeout_s=ANSWER_S)
                root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hello")
                await slack.wait_until(lambda: "ok" in texts(slack, root), ANSWER_S)


async def test_over_http_too(place: Path, unused_tcp_port: int) -> None:
    _, manifest = await said_by(the_command(f"{PYTHON}-m bot manifest --http"), place)
    app = yaml.safe_load(manifest)
    assert app["settings"]["event_subscriptions"]["request_url"] == f"https://bot.example.com{PATH}"
    async with EmulatedSlack.start(setup_of(manifest)) as slack, ScriptedModel() as model:
        secrets = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": slack.signing_secret, **model.env}
        here = {"BOT_HTTP_HOST": "127.0.0.1", "BOT_HTTP_PORT": str(unused_tcp_port), "REDIS_URL": "memory:"}
        fill_in(place / ".env", {**secrets, **here, "SLACK_API_URL": slack.api_url})
        slack.deliver_to(f"http://127.0.0.1:{unused_tcp_port}{PATH}")

        async with started(the_command(f"{PYTHON}-m bot run"), place) as process:
            assert process.stderr is not None
            async with asyncio.timeout(END_S):
                while b'"ready"' not in await process.stderr.readline():
                    assert process.returncode is None
            assert await slack.verify_url()
            root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hello")
            await slack.wait_until(lambda: "ok" in texts(slack, root), ANSWER_S)


async def test_the_readmes_one_line_answers(tmp_path: Path) -> None:
    async with EmulatedSlack.start() as slack, ScriptedModel() as model:
        line = IN_ONE_LINE.replace(PYTHON, f"exec {sys.executable} ")
        for secret, filled_in in (("xoxb-…", slack.bot_token), ("xapp-…", slack.app_token), ("sk-…", "sk-1")):
            assert secret in line
            line = line.replace(secret, filled_in)
        around = {**model.env, "SLACK_API_URL": slack.api_url, "REDIS_URL": "memory:"}

        async with started(["sh", "-c", line], tmp_path, around):
            await slack.connected(timeout_s=ANSWER_S)
            root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hello")
            await slack.wait_until(lambda: "ok" in texts(slack, root), ANSWER_S)


async def test_the_demo_shows_its_page_until_it_is_interrupted(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    words = [sys.executable, "-m", "bot", *lines_with("demo").arguments]
    page_port, transcripts_port = unused_tcp_port_factory(), unused_tcp_port_factory()
    ports = {"BOT_DEMO_PORT": str(page_port), "BOT_HTTP_PORT": str(transcripts_port)}
    async with started(words, tmp_path, ports) as process:
        assert process.stdout is not None
        async with asyncio.timeout(END_S):
            assert await process.stdout.readuntil(b"Open http://")
        async with ClientSession() as client, client.get(f"http://127.0.0.1:{page_port}") as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(END_S):
            assert await process.wait() == 0


def lines_with(command: str) -> Line:
    """The one command line on any page that runs this command of the bot's."""
    (line,) = (line for line in lines(Kind.BOT) if line.arguments[0] == command)
    return line


def the_policys_command() -> list[str]:
    line = OF_A_POLICY.replace("C0123ABCD", C_GENERAL).replace("U0123ABCD", U_ANA)
    return [sys.executable, "-m", *shlex.split(line)]


def texts(slack: EmulatedSlack, root: str) -> list[str]:
    return [reply.text.strip() for reply in slack.replies_of_bot(C_GENERAL, root)]


def names(findings: str) -> list[str]:
    """What was looked at, and found right, or good enough: not every machine has a sandbox."""
    return re.findall(r"^(?:ok|warn) +([^:]+):", findings, re.MULTILINE)
