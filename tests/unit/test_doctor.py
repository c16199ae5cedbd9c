from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import psutil
import pytest
import redis.asyncio as redis
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.agent import sandbox
from bot.config import Settings
from bot.doctor import Finding, Verdict, bounded, examine
from bot.doctor.claude import check_cli, check_model
from bot.doctor.policy import check_policy
from bot.doctor.sandbox import check_sandbox
from bot.doctor.slack import check_events, check_token
from bot.doctor.store import check_redis
from bot.playground.model import ScriptedModel
from bot.playground.redis_server import RedisServer
from bot.slack.scopes import SCOPE_NAMES
from tests.requirements_of_machine import needs, needs_sandbox

OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL
NOBODY = "http://127.0.0.1:9/"
HOST = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
SANDBOX = WARN if sandbox.missing(HOST) else OK

Answers = dict[str, object]


class SlackAnswers:
    """As much of Slack's Web API as the doctor asks."""

    def __init__(self) -> None:
        self.auth: Answers = {"ok": True, "user": "claude", "user_id": "U1", "team": "Acme", "team_id": "T1"}
        self.connections: Answers = {"ok": True, "url": "wss://127.0.0.1/link"}
        self.scopes: str | None = ",".join(SCOPE_NAMES)
        self.tokens: dict[str, str] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/api/auth.test", self._auth_test)
        app.router.add_post("/api/apps.connections.open", self._connections_open)
        return app

    async def _auth_test(self, request: web.Request) -> web.Response:
        self.tokens["auth.test"] = request.headers["Authorization"]
        headers = {} if self.scopes is None else {"X-OAuth-Scopes": self.scopes}
        return web.json_response(self.auth, headers=headers)

    async def _connections_open(self, request: web.Request) -> web.Response:
        self.tokens["apps.connections.open"] = request.headers["Authorization"]
        return web.json_response(self.connections)


@pytest.fixture
def answers() -> SlackAnswers:
    return SlackAnswers()


@pytest.fixture
async def settings(answers: SlackAnswers) -> AsyncIterator[Settings]:
    async with TestServer(answers.app()) as server:
        yield settings_at(str(server.make_url("/api/")))


def settings_at(api_url: str, **more: str) -> Settings:
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"}
    return Settings.parse({**tokens, "SLACK_API_URL": api_url, **more})


def verdicts(findings: Sequence[Finding]) -> dict[str, Verdict]:
    return {finding.name: finding.verdict for finding in findings}


# --- Slack ----------------------------------------------------------------------------------------------------------


async def test_a_good_token_shows_who_and_where_the_bot_is(settings: Settings, answers: SlackAnswers) -> None:
    who, scopes = await check_token(settings)

    assert (who.verdict, who.detail) == (OK, "signed in as claude (U1) in Acme (T1)")
    assert scopes.verdict is OK
    assert answers.tokens["auth.test"] == "Bearer xoxb-1"


async def test_a_refused_token_is_named_with_where_to_get_one(settings: Settings, answers: SlackAnswers) -> None:
    answers.auth = {"ok": False, "error": "invalid_auth"}

    (finding,) = await check_token(settings)

    assert (finding.verdict, finding.detail) == (FAIL, "auth.test: invalid_auth")
    assert "SLACK_BOT_TOKEN" in finding.mend


async def test_missing_scopes_are_listed(settings: Settings, answers: SlackAnswers) -> None:
    answers.scopes = ", ".join(SCOPE_NAMES - {"files:read", "commands"})

    _, scopes = await check_token(settings)

    assert (scopes.verdict, scopes.detail) == (FAIL, "not granted: commands, files:read")


async def test_scopes_that_slack_does_not_show_are_a_warning(settings: Settings, answers: SlackAnswers) -> None:
    answers.scopes = None

    assert verdicts(await check_token(settings))["Slack scopes"] is WARN


async def test_socket_mode_is_tried_with_the_app_token(settings: Settings, answers: SlackAnswers) -> None:
    assert verdicts(await check_events(settings)) == {"Slack events": OK}
    assert answers.tokens["apps.connections.open"] == "Bearer xapp-1"

    answers.connections = {"ok": False, "error": "not_allowed_token_type"}
    (finding,) = await check_events(settings)
    assert (finding.verdict, finding.detail) == (FAIL, "apps.connections.open: not_allowed_token_type")
    assert "connections:write" in finding.mend
    assert "SLACK_APP_TOKEN" in finding.mend


async def test_where_workspaces_install_the_app_there_is_no_token_to_try() -> None:
    environ = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s", "SLACK_SIGNING_SECRET": "s"}
    many = Settings.parse(environ | {"BOT_ENCRYPTION_KEY": "A" * 43 + "=", "BOT_WORKSPACES": "T1,E2"})
    (finding,) = await check_token(many)
    assert finding.detail == "workspaces install the app from /slack/install; allowed: E2, T1"


async def test_over_http_nothing_is_asked() -> None:
    (finding,) = await check_events(settings_at(NOBODY, BOT_TRANSPORT="http", BOT_HTTP_PORT="8080"))

    assert finding.verdict is OK
    assert ":8080/slack/events" in finding.detail


async def test_a_page_that_is_not_slack_is_a_finding_and_no_crash() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>welcome</html>", content_type="text/html")

    app = web.Application()
    app.router.add_post("/{path:.*}", page)
    async with TestServer(app) as server:
        elsewhere = settings_at(str(server.make_url("/")))
        (finding,) = await bounded("Slack", lambda: check_token(elsewhere), 5)

    assert finding.verdict is FAIL


# --- bounds ---------------------------------------------------------------------------------------------------------


async def test_a_check_that_hangs_ends_at_its_bound() -> None:
    async def hang() -> Sequence[Finding]:
        await asyncio.Event().wait()
        return []

    (finding,) = await bounded("Slack", hang, 0.01)

    assert (finding.verdict, finding.detail) == (FAIL, "no answer within 0.01 s")


async def test_a_host_that_is_not_there_is_named() -> None:
    (finding,) = await bounded("Slack", lambda: check_token(settings_at(NOBODY)), 5)

    assert finding.verdict is FAIL
    assert "127.0.0.1:9" in finding.detail


async def test_a_check_that_breaks_is_a_finding_too() -> None:
    async def broken() -> Sequence[Finding]:
        raise KeyError("surprise")

    (finding,) = await bounded("Slack", broken, 5)

    assert (finding.verdict, finding.detail) == (FAIL, "KeyError: 'surprise'")


# --- Redis ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with RedisServer(str(needs("redis-server")), tmp_path) as running:
        yield running


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[redis.Redis]:
    async with redis.Redis.from_url(server.url) as connected:
        yield connected


@pytest.mark.redis
async def test_a_redis_that_keeps_everything_is_all_right(server: RedisServer) -> None:
    findings = await check_redis(server.url)

    assert verdicts(findings) == {"Redis": OK, "Redis writes": OK, "Redis persistence": OK, "Redis memory": OK}


@pytest.mark.redis
@pytest.mark.parametrize(
    ("settings", "name", "mend"),
    [
        ({"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, "Redis memory", "noeviction"),
        ({"appendonly": "no"}, "Redis persistence", "appendonly yes"),
    ],
)
async def test_a_redis_that_may_forget_is_a_warning(
    server: RedisServer, client: redis.Redis, settings: dict[str, str], name: str, mend: str
) -> None:
    for setting, value in settings.items():
        await client.config_set(setting, value)

    (finding,) = [finding for finding in await check_redis(server.url) if finding.name == name]

    assert finding.verdict is WARN
    assert mend in finding.mend


@pytest.mark.redis
async def test_a_redis_that_refuses_writes_fails(server: RedisServer, client: redis.Redis) -> None:
    await client.config_set("min-replicas-to-write", 1)

    assert verdicts(await check_redis(server.url))["Redis writes"] is FAIL


@pytest.mark.redis
async def test_a_wrong_password_is_told_from_an_absent_redis(server: RedisServer, client: redis.Redis) -> None:
    await client.config_set("requirepass", "right")

    (finding,) = await check_redis(server.url.replace("redis://", "redis://:wrong@"))

    assert finding.verdict is FAIL
    assert "REDIS_URL" in finding.mend
    assert "wrong@" not in finding.detail


async def test_an_absent_redis_fails_without_showing_the_password() -> None:
    (finding,) = await check_redis("redis://:5ecret@127.0.0.1:9/0")

    assert finding.verdict is FAIL
    assert finding.detail.startswith("127.0.0.1:9: ")
    assert "5ecret" not in finding.detail


async def test_a_store_in_memory_is_a_warning() -> None:
    assert verdicts(await check_redis("memory:")) == {"Redis": WARN}


# --- Claude ---------------------------------------------------------------------------------------------------------


async def test_the_bundled_cli_tells_its_version() -> None:
    (finding,) = await check_cli()

    assert finding.verdict is OK
    assert "Claude Code" in finding.detail


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    def write(script: str) -> Path:
        path = tmp_path / "claude"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return write


async def test_a_cli_that_breaks_fails_with_its_own_words(program: Callable[[str], Path]) -> None:
    (finding,) = await check_cli(program("echo no such library >&2; exit 127"))

    assert finding.verdict is FAIL
    assert "status 127 (no such library)" in finding.detail


async def test_a_cli_that_hangs_is_ended(program: Callable[[str], Path]) -> None:
    path = program("exec sleep 60")
    before = psutil.Process().children()

    (finding,) = await bounded("Claude CLI", lambda: check_cli(path), 0.5)

    assert finding.verdict is FAIL
    assert psutil.Process().children() == before


async def test_a_model_that_answers_is_all_right_and_is_asked_once() -> None:
    async with ScriptedModel() as model:
        (finding,) = await check_model(HOST | model.env, "claude-sonnet-4-5")

    assert finding.verdict is OK
    assert finding.detail.startswith("claude-sonnet-4-5 answered in ")
    assert len(model.requests) + len(model.side_requests) == 1


@pytest.mark.parametrize(
    ("status", "detail", "mend"),
    [
        (401, "the credentials were rejected (401)", "ANTHROPIC_API_KEY"),
        (404, "unknown model or address (404)", "BOT_MODEL"),
        (529, "overloaded or limited (529)", "try again"),
    ],
)
async def test_a_model_that_refuses_is_explained(status: int, detail: str, mend: str) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.json_response({"type": "error", "error": {"type": "api_error", "message": "no"}}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    async with TestServer(app) as server:
        environ = HOST | {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": str(server.make_url(""))}
        (finding,) = await check_model(environ, "")

    assert finding.verdict is FAIL
    assert finding.detail.startswith(detail)
    assert mend in finding.mend


@pytest.mark.parametrize(
    ("environ", "detail", "mend"),
    [
        ({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": NOBODY}, "not reachable", "ANTHROPIC_BASE_URL"),
        ({}, "no credentials", "ANTHROPIC_API_KEY"),
    ],
)
async def test_what_keeps_the_model_away_is_told_apart(environ: dict[str, str], detail: str, mend: str) -> None:
    (finding,) = await check_model(HOST | environ, "")

    assert finding.verdict is FAIL
    assert finding.detail.startswith(detail)
    assert mend in finding.mend


async def test_a_model_that_hangs_leaves_no_process_behind() -> None:
    asked = asyncio.Event()
    before = psutil.Process().children()

    async def hang(_request: web.Request) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hang)
    async with TestServer(app) as server:
        environ = HOST | {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": str(server.make_url(""))}
        check = asyncio.create_task(check_model(environ, ""))
        async with asyncio.timeout(20):
            await asked.wait()
        check.cancel()
        with pytest.raises(asyncio.CancelledError):
            await check

    assert psutil.Process().children() == before


# --- the policy -----------------------------------------------------------------------------------------------------


async def test_without_a_file_the_policy_is_what_is_built_in() -> None:
    (finding,) = await check_policy(None, {})
    assert (finding.verdict, "built in" in finding.detail) == (OK, True)


async def test_each_problem_of_the_policy_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('modle = "x"\n[tools]\nallow = ["Raed"]\n')
    findings = await check_policy(file, {})
    assert [finding.verdict for finding in findings] == [FAIL, FAIL]
    assert "did you mean Read?" in findings[0].detail


async def test_what_the_policy_names_must_be_on_the_machine(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        f"""
        repositories = ["{tmp_path}", "/nowhere/handbook"]
        [mcp_servers.github]
        command = "no-such-program"
        env = {{ TOKEN = "TOKEN_FOR_BOT" }}
        """
    )
    told = [finding.detail for finding in await check_policy(file, {"PATH": "/usr/bin"})]
    assert [
        next(word for word in ("/nowhere", "TOKEN_FOR_BOT", "no-such-program") if word in line) for line in told
    ] == [
        "/nowhere",
        "TOKEN_FOR_BOT",
        "no-such-program",
    ]
    (finding,) = await check_policy(_with_channel(tmp_path), {})
    assert (finding.verdict, "1 channels of their own" in finding.detail) == (OK, True)


def _with_channel(folder: Path) -> Path:
    file = folder / "channel.toml"
    file.write_text('[channels.C1]\nmodel = "x"\n')
    return file


# --- the sandbox ----------------------------------------------------------------------------------------------------


async def test_a_sandbox_that_is_missing_is_said_with_what_to_install(tmp_path: Path) -> None:
    [finding] = await check_sandbox({"PATH": str(tmp_path)})
    assert (finding.verdict, finding.name) == (WARN, "sandbox")
    assert "bubblewrap and socat must be installed" in finding.detail
    assert "a person is asked before each command" in finding.mend


async def test_a_machine_that_forbids_namespaces_has_no_sandbox(tmp_path: Path) -> None:
    for program, body in {"bwrap": "echo 'bwrap: No permissions' >&2; exit 1", "socat": ""}.items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / program).chmod(0o755)
    [finding] = await check_sandbox({"PATH": str(tmp_path)})
    assert finding.verdict is WARN
    assert "may not make namespaces here (bwrap: No permissions)" in finding.detail


async def test_a_sandbox_is_tried_and_said_to_be_in_force() -> None:
    needs_sandbox()
    [finding] = await check_sandbox(os.environ)
    assert finding.verdict is OK


# --- all of it ------------------------------------------------------------------------------------------------------


async def test_wrong_settings_leave_the_rest_to_be_examined() -> None:
    async with ScriptedModel() as model:
        findings = [finding async for finding in examine(HOST | model.env)]

    assert verdicts(findings) == {"settings": FAIL, "Claude CLI": OK, "sandbox": SANDBOX, "model": OK}


async def test_everything_is_examined(answers: SlackAnswers) -> None:
    async with TestServer(answers.app()) as server, ScriptedModel() as model:
        slack = {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_API_URL": str(server.make_url("/api")),
            "REDIS_URL": "memory:",
        }
        findings = [finding async for finding in examine(HOST | model.env | slack)]

    assert list(verdicts(findings).items()) == [
        ("settings", OK),
        ("policy", OK),
        ("Slack", OK),
        ("Slack scopes", OK),
        ("Slack events", OK),
        ("Redis", WARN),
        ("Claude CLI", OK),
        ("sandbox", SANDBOX),
        ("model", OK),
    ]
