"""Slack: is the token taken, what was it granted, do events arrive?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings, Transport
from bot.doctor.finding import Finding, fail, ok, warn
from bot.slack.oauth.flow import INSTALL_PATH
from bot.slack.scopes import SCOPE_NAMES

INSTALL_MEND: Final = "copy SLACK_BOT_TOKEN from the app's OAuth & Permissions page, or install the app again"
SCOPES_MEND: Final = "put what `bot manifest` prints into the app's App Manifest page, and install the app again"
SOCKET_MEND: Final = (
    "turn Socket Mode on, make an app-level token with the scope connections:write on the app's Basic Information "
    "page, and set SLACK_APP_TOKEN to it"
)


async def check_token(settings: Settings) -> Sequence[Finding]:
    """Whether the bot token is taken, and what it was granted. Where workspaces install the app there is none."""
    if settings.slack_client_id:
        allowed = ", ".join(sorted(settings.workspaces)) or "anybody"
        return [ok("Slack", f"workspaces install the app from {INSTALL_PATH}; allowed: {allowed}")]
    client = AsyncWebClient(settings.slack_bot_token, base_url=settings.slack_api_url)
    try:
        answer = await client.auth_test()
    except SlackApiError as refused:
        return [fail("Slack", f"auth.test: {_code(refused)}", INSTALL_MEND)]
    signed_in = f"signed in as {answer.get('user')} ({answer.get('user_id')}) in {answer.get('team')}"
    return [ok("Slack", f"{signed_in} ({answer.get('team_id')})"), _scopes(answer.headers.get("x-oauth-scopes"))]


async def check_events(settings: Settings) -> Sequence[Finding]:
    """Whether a Socket Mode connection can be had. Over HTTP nothing can be asked from here."""
    if not settings.ingress:
        return [ok("Slack events", "other workers take them")]
    if settings.transport is Transport.HTTP:
        where = f"http://{settings.http_host}:{settings.http_port}/slack/events"
        return [ok("Slack events", f"over HTTP at {where}; whether Slack reaches it can't be seen from here")]
    client = AsyncWebClient(base_url=settings.slack_api_url)
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token)
    except SlackApiError as refused:
        return [fail("Slack events", f"apps.connections.open: {_code(refused)}", SOCKET_MEND)]
    return [ok("Slack events", "Socket Mode connections are given: ten to an app; others need BOT_INGRESS=false")]


def _scopes(granted: str | None) -> Finding:
    if granted is None:
        return warn(
            "Slack scopes",
            "Slack did not say what was granted",
            "compare the app's OAuth & Permissions page with what `bot manifest` prints",
        )
    missing = SCOPE_NAMES - {scope.strip() for scope in granted.split(",")}
    if missing:
        return fail("Slack scopes", f"not granted: {', '.join(sorted(missing))}", SCOPES_MEND)
    return ok("Slack scopes", "all granted")


def _code(refused: SlackApiError) -> str:
    """Slack's error code; what the SDK says when the answer was not Slack's."""
    response = refused.response
    code = response.get("error") if hasattr(response, "get") else None
    return str(code or f"not an answer of Slack's ({refused})")
