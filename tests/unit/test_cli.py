from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

import bot
from bot import __version__
from bot.cli import line_of, main
from bot.command_line import environment
from bot.config import SETTINGS, Settings
from bot.doctor import Finding, Verdict
from bot.errors import BotError, SettingsError, StartError

ROOT = Path(__file__).parents[2]
SOCKET = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
BOUND_S = 20.0


@pytest.fixture(autouse=True)
def _an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for setting in SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
    # The commands set logging up for a process that is theirs.
    monkeypatch.setattr("bot.logs.set_up", lambda *_args, **_more: None)


class App(ModuleType):
    """Stands for bot.app: notes what it is started with."""

    def __init__(self, problem: str = "") -> None:
        super().__init__("bot.app")
        self.problem = problem
        self.served: list[tuple[Settings, Mapping[str, str]]] = []

    async def serve(self, settings: Settings, stop: asyncio.Event, environ: Mapping[str, str]) -> None:
        assert not stop.is_set()
        self.served.append((settings, environ))
        if self.problem:
            raise StartError(self.problem)


def install(monkeypatch: pytest.MonkeyPatch, app: App) -> App:
    monkeypatch.setitem(sys.modules, "bot.app", app)
    monkeypatch.setattr(bot, "app", app, raising=False)
    return app


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    return install(monkeypatch, App())


def bot_command(*words: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, words, env=env)


# --- run ------------------------------------------------------------------------------------------------------------


def test_help_names_every_command() -> None:
    result = bot_command("--help")

    assert result.exit_code == 0
    assert all(
        command in result.stdout for command in ("run", "demo", "doctor", "top", "workers", "sessions", "manifest")
    )


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["version"] == __version__
    assert bot_command("--version").stdout.strip() == f"bot, version {__version__}"


def test_run_serves_with_the_settings_and_ends_well(app: App) -> None:
    result = bot_command("run", env=SOCKET | {"BOT_COMMAND": "/claude"})

    ((settings, environ),) = app.served
    assert result.exit_code == 0
    assert settings.command == "/claude"
    assert environ["SLACK_BOT_TOKEN"] == "xoxb-1"


def test_wrong_settings_are_listed_one_a_line_before_anything_starts(app: App) -> None:
    result = bot_command("run", env={"BOT_HTTP_PORT": "x", "BOT_LEASE_S": "99"})

    assert result.exit_code == 2
    assert app.served == []
    assert [line.split()[0] for line in result.stderr.splitlines()] == [
        "BOT_HTTP_PORT",
        "BOT_LEASE_S",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    ]
    assert result.stdout == ""


def test_what_is_away_at_the_start_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, App("Redis at redis://:5ecret@host does not answer"))

    result = bot_command("run", env=SOCKET)

    assert result.exit_code == 1
    assert result.stderr == "Redis at redis://[redacted]@host does not answer\n"


# --- demo -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "status", "told"),
    [
        (None, 0, ""),
        (StartError("Port 8642 is taken."), 1, "Port 8642 is taken.\n"),
        (
            SettingsError(["BOT_LEASE_S must be a number", "BOT_COMMAND must be a word"]),
            2,
            "BOT_LEASE_S must be a number\n",
        ),
    ],
)
def test_the_demo_needs_no_settings_and_ends_like_run(
    problem: BotError | None, status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(_stop: asyncio.Event, _environ: Mapping[str, str]) -> None:
        if problem:
            raise problem

    monkeypatch.setattr("bot.demo.run", run)

    result = bot_command("demo")

    assert result.exit_code == status
    assert result.stderr.startswith(told)


# --- the .env file --------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(app: App) -> None:
    Path(".env").write_text("SLACK_BOT_TOKEN=xoxb-file\nSLACK_APP_TOKEN='xapp-$file'\nBOT_MODEL=\n", encoding="utf-8")

    assert bot_command("run", env={"SLACK_BOT_TOKEN": "xoxb-real"}).exit_code == 0

    ((settings, _),) = app.served
    assert (settings.slack_bot_token, settings.slack_app_token) == ("xoxb-real", "xapp-$file")


def test_another_file_can_be_named(app: App) -> None:
    Path("other.env").write_text("SLACK_BOT_TOKEN=xoxb-other\nSLACK_SIGNING_SECRET=s\n", encoding="utf-8")

    assert bot_command("run", "--env-file", "other.env").exit_code == 0

    assert app.served[0][0].slack_bot_token == "xoxb-other"


def test_a_named_file_must_be_there(app: App) -> None:
    result = bot_command("run", "--env-file", "nowhere.env")

    assert result.exit_code == 2
    assert "nowhere.env" in result.stderr


def test_reading_the_file_leaves_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("BOT_MODEL=from-file\nno_value\n", encoding="utf-8")

    assert environment(None)["BOT_MODEL"] == "from-file"
    assert "no_value" not in environment(None)
    monkeypatch.setenv("BOT_MODEL", "from-environment")
    assert environment(None)["BOT_MODEL"] == "from-environment"


# --- doctor ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [((Verdict.OK, Verdict.WARN), 0), ((Verdict.OK, Verdict.FAIL, Verdict.OK), 1)],
)
def test_doctor_prints_a_line_each_and_ends_by_the_result(
    verdicts: tuple[Verdict, ...], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def examine(_environ: Mapping[str, str], channel: str, user: str) -> AsyncIterator[Finding]:
        assert (channel, user) == ("", "")
        for verdict in verdicts:
            yield Finding("Redis", verdict, "version 7.0")

    monkeypatch.setattr("bot.doctor.examine", examine)

    result = bot_command("doctor")

    assert result.exit_code == status
    assert result.stdout.splitlines() == [f"{verdict:4}  Redis: version 7.0" for verdict in verdicts]


def test_a_policy_is_shown_for_a_channel_and_a_user_together_or_not_at_all() -> None:
    result = bot_command("doctor", "--channel", "C1")
    assert result.exit_code == 2
    assert "--channel and --user go together" in result.stderr


def test_a_finding_ends_with_how_to_mend_it() -> None:
    line = line_of(Finding("Redis", Verdict.WARN, "off", "set appendonly yes"))

    assert line.endswith("Redis: off → set appendonly yes")


def test_the_package_can_be_run_as_a_module() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "bot", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=BOUND_S,
    )

    assert shown.stdout.strip() == f"bot, version {__version__}"


def test_a_worker_loads_nothing_that_only_others_use() -> None:
    """What is imported stays in memory for as long as the worker lives."""
    unused = ("fakeredis", "lupa", "jinja2", "markdown_it", "bot.demo", "bot.playground", "bot.top", "bot.doctor")
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, bot.app; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=BOUND_S,
    ).stdout.split()

    assert "bot.app" in loaded
    assert [name for name in loaded if name.startswith(unused)] == []


def test_what_is_followed_live_in_a_terminal_is_shown_once_in_a_pipe() -> None:
    result = bot_command("top", env={"REDIS_URL": "memory:"})

    assert (result.exit_code, result.stdout.startswith("0 workers, 0 threads with work")) == (0, True)


# --- manifest -------------------------------------------------------------------------------------------------------


def test_the_manifest_needs_no_settings() -> None:
    result = bot_command("manifest")

    assert result.exit_code == 0
    assert "socket_mode_enabled: true" in result.stdout
    assert "- command: /agent" in result.stdout


def test_the_manifest_is_made_for_the_operators_command_name_and_address() -> None:
    words = ("manifest", "--json", "--name", "Ask", "--http", "https://bot.example.com")
    document = json.loads(bot_command(*words, env={"BOT_COMMAND": "/ask"}).stdout)

    assert document["display_information"]["name"] == "Ask"
    (command,) = document["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/ask", "https://bot.example.com/slack/events")


@pytest.mark.parametrize(
    ("words", "environ", "problem"),
    [
        (("--http", "http://bot.example.com"), {}, "https://"),
        (("--name", "x" * 36), {}, "35 characters"),
        ((), {"BOT_COMMAND": "ask me"}, "BOT_COMMAND"),
    ],
)
def test_a_manifest_that_slack_would_refuse_is_not_printed(
    words: tuple[str, ...], environ: dict[str, str], problem: str
) -> None:
    result = bot_command("manifest", *words, env=environ)

    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr
