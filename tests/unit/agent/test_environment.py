"""What of the bot's environment reaches the CLI."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.agent.environment import RUN_MARK, cli_environment, passes


def made(**environ: str) -> dict[str, str]:
    data, temp = Path("/data"), Path("/tmp/x")
    return cli_environment(environ, config_dir=data / "config", scratch_dir=data / "scratch", temp_dir=temp, mark="m")


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "HOME",
        "LC_ALL",
        "TZ",
        "ANTHROPIC_API_KEY",
        "CLAUDE_CODE_USE_BEDROCK",
        "AWS_REGION",
        "https_proxy",
        "HTTPS_PROXY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUD_ML_REGION",
        "NODE_EXTRA_CA_CERTS",
    ],
)
def test_what_the_cli_needs_passes(name: str) -> None:
    assert made(**{name: "value"}).get(name, "value") == "value"
    assert passes(name)


@pytest.mark.parametrize(
    "name",
    [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "REDIS_URL",
        "DATABASE_URL",
        "BOT_ADMINS",
        "GITHUB_TOKEN",
        "path_extra",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDECODE",
        "PYTHONPATH",
        "LD_PRELOAD",
        "NODE_OPTIONS",
    ],
)
def test_everything_else_is_blanked(name: str) -> None:
    assert made(**{name: "secret"})[name] == ""


def test_the_entry_point_is_the_sdks_own() -> None:
    assert "CLAUDE_CODE_ENTRYPOINT" not in made(CLAUDE_CODE_ENTRYPOINT="cli")


def test_retries_are_bounded_unless_the_operator_says_otherwise() -> None:
    assert made()["CLAUDE_CODE_MAX_RETRIES"] == "3"
    assert made(CLAUDE_CODE_MAX_RETRIES="7")["CLAUDE_CODE_MAX_RETRIES"] == "7"
    assert made()["API_TIMEOUT_MS"] == "120000"


def test_telemetry_and_updates_are_off_whatever_the_host_says() -> None:
    env = made(CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="0")
    assert env["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] == "1"
    assert env["DISABLE_AUTOUPDATER"] == "1"


def test_the_clis_own_files_are_under_the_data_directory_unless_the_operator_names_a_place() -> None:
    assert made()["CLAUDE_CONFIG_DIR"] == "/data/config"
    assert made(CLAUDE_CONFIG_DIR="/home/bot/.claude")["CLAUDE_CONFIG_DIR"] == "/home/bot/.claude"
    assert made()[RUN_MARK] == "m"
