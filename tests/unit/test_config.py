from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import SETTINGS, LogFormat, Settings, Streaming, Transport
from bot.errors import SettingsError

SOCKET = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_APP_TOKEN": "xapp-test"}
HTTP = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5"}


def problems_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.parse(environ)
    return caught.value.problems


def test_the_least_that_is_needed_leaves_everything_else_at_its_default() -> None:
    settings = Settings.parse(SOCKET)

    assert settings.slack_bot_token == "xoxb-test"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert (settings.http_host, settings.http_port) == ("0.0.0.0", 3000)
    assert settings.admins == frozenset()
    assert settings.workspace_admins is True
    assert settings.command == "/agent"
    assert settings.fork_emoji == ("twisted_rightwards_arrows",)
    assert settings.model == settings.system_prompt == ""
    assert settings.data_dir == Path("./.bot-data")
    assert settings.session_ttl_days == 90
    assert settings.log_format is LogFormat.JSON
    assert settings.streaming is Streaming.AUTO
    assert settings.show_usage is False
    assert (settings.drain_s, settings.lease_s) == (25, 10)
    assert (settings.max_turns, settings.max_budget_usd) == (50, 5)
    assert (settings.max_turns_running, settings.max_waiting) == (8, 50)
    assert (settings.workspace_max_mb, settings.attachment_max_mb) == (64, 25)


@pytest.mark.parametrize(
    ("environ", "transport"),
    [
        (SOCKET, Transport.SOCKET),
        (HTTP, Transport.HTTP),
        (SOCKET | HTTP, Transport.SOCKET),
        (SOCKET | HTTP | {"BOT_TRANSPORT": "http"}, Transport.HTTP),
        (SOCKET | HTTP | {"BOT_TRANSPORT": "Socket"}, Transport.SOCKET),
        (HTTP | {"SLACK_APP_TOKEN": "  "}, Transport.HTTP),
    ],
)
def test_the_transport_follows_from_what_is_set(environ: dict[str, str], transport: Transport) -> None:
    assert Settings.parse(environ).transport is transport


def test_nothing_at_all_names_both_ways_to_hear_from_slack() -> None:
    bot_token, transport = problems_of({})

    assert bot_token.startswith("SLACK_BOT_TOKEN is missing")
    assert transport.startswith("SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are missing")


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        (HTTP | {"BOT_TRANSPORT": "socket"}, "SLACK_APP_TOKEN"),
        (SOCKET | {"BOT_TRANSPORT": "http"}, "SLACK_SIGNING_SECRET"),
    ],
)
def test_a_chosen_transport_needs_its_own_secret(environ: dict[str, str], missing: str) -> None:
    (problem,) = problems_of(environ)

    assert problem.startswith(f"{missing} is missing")


def test_a_worker_without_ingress_needs_no_way_to_hear_from_slack() -> None:
    settings = Settings.parse({"SLACK_BOT_TOKEN": "xoxb-1", "BOT_INGRESS": "false", "BOT_TRANSPORT": "socket"})
    assert not settings.ingress


def test_a_blank_value_counts_as_missing() -> None:
    assert Settings.parse(SOCKET | {"BOT_HTTP_PORT": "", "BOT_COMMAND": " "}).command == "/agent"
    assert problems_of(SOCKET | {"SLACK_BOT_TOKEN": " "})[0].startswith("SLACK_BOT_TOKEN is missing")


def test_all_problems_are_reported_at_once() -> None:
    wrong = {
        "BOT_ADMINS": "@ana",
        "BOT_COMMAND": "agent",
        "BOT_FORK_EMOJI": "🔀",
        "BOT_HTTP_PORT": "http",
        "BOT_LEASE_S": "11",
        "BOT_LOG_FORMAT": "xml",
        "BOT_MAX_BUDGET_USD": "free",
        "BOT_MAX_TURNS": "0",
        "BOT_SESSION_TTL_DAYS": "-1",
        "BOT_WORKSPACE_ADMINS": "maybe",
        "REDIS_URL": "localhost:6379",
        "SLACK_API_URL": "slack.com/api",
    }

    assert {problem.split()[0] for problem in problems_of(SOCKET | wrong)} == wrong.keys()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-secret", "SLACK_BOT_TOKEN is an app-level token"),
        ("SLACK_APP_TOKEN", "xoxb-1-secret", "SLACK_APP_TOKEN is a bot or user token"),
        ("SLACK_SIGNING_SECRET", "xoxb-1-secret", "SLACK_SIGNING_SECRET is a token"),
        ("SLACK_BOT_TOKEN", "xoxb-…", "SLACK_BOT_TOKEN holds a character that no token has"),
        ("SLACK_BOT_TOKEN", "xoxb-se cret", "SLACK_BOT_TOKEN holds a character that no token has"),
        ("REDIS_URL", "http://:secret@host", "REDIS_URL must be an address such as redis://"),
        ("REDIS_URL", "redis+sentinel://:secret@host", "REDIS_URL must be an address such as redis://"),
        ("REDIS_URL", "rediss+sentinel://:secret@host/?db=1", "REDIS_URL must be an address such as redis://"),
        ("REDIS_URL", "redis+cluster://:secret@host/3", "REDIS_URL must be an address such as redis://"),
        ("REDIS_URL", "redis://:secret@host:port", "REDIS_URL must be an address such as redis://"),
    ],
)
def test_a_wrong_secret_is_explained_without_showing_it(name: str, value: str, told: str) -> None:
    (problem,) = problems_of(SOCKET | HTTP | {name: value})

    assert problem.startswith(told)
    assert "secret@" not in problem
    assert "1-secret" not in problem


@pytest.mark.parametrize("value", ["nan", "inf", "1e3", "-1", "$5", "5,00", "٣", "5 USD", "0x10", "9" * 30])
@pytest.mark.parametrize("name", ["BOT_BUDGET_USER_DAY_USD", "BOT_MAX_BUDGET_USD", "BOT_MAX_TURN_S", "BOT_MAX_TURNS"])
def test_an_odd_number_is_explained(name: str, value: str) -> None:
    (problem,) = problems_of(SOCKET | {name: value})

    assert problem.startswith(f"{name} must be a")


def test_tokens_of_unknown_shape_are_taken() -> None:
    assert Settings.parse({"SLACK_BOT_TOKEN": "anything", "SLACK_APP_TOKEN": "goes"}).slack_app_token == "goes"


def test_secrets_do_not_show_in_the_repr() -> None:
    secrets = SOCKET | HTTP | {"SLACK_BOT_TOKEN": "xoxb-5ecret", "REDIS_URL": "redis://:5ecret@localhost"}
    shown = repr(Settings.parse(secrets))

    assert "5ecret" not in shown
    assert HTTP["SLACK_SIGNING_SECRET"] not in shown
    assert "xapp-test" not in shown


@pytest.mark.parametrize("url", ["http://127.0.0.1:8642/api", "http://127.0.0.1:8642/api/"])
def test_the_api_url_ends_in_a_slash(url: str) -> None:
    assert Settings.parse(SOCKET | {"SLACK_API_URL": url}).slack_api_url == "http://127.0.0.1:8642/api/"


def test_lists_take_commas_spaces_and_colons() -> None:
    settings = Settings.parse(SOCKET | {"BOT_ADMINS": "U1, W2 U3,", "BOT_FORK_EMOJI": ":fork_and_knife:, +1"})

    assert settings.admins == {"U1", "W2", "U3"}
    assert settings.fork_emoji == ("fork_and_knife", "+1")


@pytest.mark.parametrize(
    "url",
    [
        "rediss://user:pw@redis.example:6380/2",
        "unix:///run/redis.sock",
        "redis+sentinel://:pw@one:26379,two:26379/primary?db=1",
        "rediss+sentinel://:pw@one:26379/primary?ssl_ca_certs=/etc/ca.pem&sentinel_password=other",
        "redis+cluster://one:6379,two",
        "rediss+cluster://user:pw@one:6379,two:6379/?ssl_ca_certs=/ca.pem",
        "memory:",
    ],
)
def test_redis_may_be_anywhere_that_redis_can_be(url: str) -> None:
    assert Settings.parse(SOCKET | {"REDIS_URL": url}).redis_url == url


def test_a_misspelt_name_is_noticed() -> None:
    assert problems_of(SOCKET | {"BOT_ADMIN": "U1"}) == ("BOT_ADMIN is not a setting: did you mean BOT_ADMINS?",)


def test_variables_of_other_programs_are_left_alone() -> None:
    Settings.parse(SOCKET | {"BOT_NAME": "marvin", "SLACK_TEAM": "T1", "PATH": "/bin"})


def test_a_default_reads_as_if_it_had_been_written() -> None:
    written = {setting.name: setting.default for setting in SETTINGS if setting.default}

    assert Settings.parse(written | SOCKET) == Settings.parse(SOCKET)


def test_every_field_is_a_setting_with_a_name_of_its_own() -> None:
    assert [setting.attribute for setting in SETTINGS] == [item.name for item in dataclasses.fields(Settings)]
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)


@given(st.dictionaries(st.sampled_from([setting.name for setting in SETTINGS]), st.text(max_size=20)))
def test_whatever_is_written_either_parses_or_is_explained(environ: dict[str, str]) -> None:
    problems: tuple[str, ...] = ()
    try:
        Settings.parse(environ)
    except SettingsError as wrong:
        problems = wrong.problems

    assert all(problem.startswith(("SLACK_", "BOT_", "REDIS_", "OTEL_")) for problem in problems)


OAUTH = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "secret", "SLACK_SIGNING_SECRET": "secret"}
KEY = "A" * 43 + "="


def test_workspaces_that_install_the_app_bring_their_own_tokens() -> None:
    settings = Settings.parse(OAUTH | {"BOT_ENCRYPTION_KEY": f"{KEY},{KEY.replace('A', '/', 1)}"})
    assert settings.transport is Transport.HTTP
    assert settings.encryption_keys == (KEY, KEY.replace("A", "_", 1))


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (OAUTH, ["BOT_ENCRYPTION_KEY is missing"]),
        (OAUTH | {"BOT_ENCRYPTION_KEY": "short"}, ["BOT_ENCRYPTION_KEY must be 32 random bytes"]),
        (OAUTH | {"BOT_ENCRYPTION_KEY": KEY, "SLACK_BOT_TOKEN": "xoxb-1"}, ["SLACK_BOT_TOKEN must not be set"]),
        (
            OAUTH | {"BOT_ENCRYPTION_KEY": KEY, "SLACK_APP_TOKEN": "xapp-1", "BOT_TRANSPORT": "socket"},
            ["SLACK_APP_TOKEN must not be set", "BOT_TRANSPORT=socket can't be"],
        ),
        (SOCKET | {"BOT_ENCRYPTION_KEY": KEY}, ["BOT_ENCRYPTION_KEY needs SLACK_CLIENT_ID"]),
        (SOCKET | {"BOT_WORKSPACES": "acme"}, ["BOT_WORKSPACES must list ids"]),
    ],
)
def test_one_token_and_many_workspaces_are_kept_apart(environ: dict[str, str], told: list[str]) -> None:
    problems = problems_of(environ)
    assert [problem.startswith(start) for problem, start in zip(problems, told, strict=True)] == [True] * len(told)


def test_no_encryption_key_is_ever_shown() -> None:
    assert KEY not in repr(Settings.parse(OAUTH | {"BOT_ENCRYPTION_KEY": KEY}))
    assert "hunter2" not in "".join(problems_of(OAUTH | {"BOT_ENCRYPTION_KEY": "hunter2"}))
