"""Installing the app from a browser: `/slack/install` leads to Slack, which leads back to `/slack/oauth_redirect`.

The steps are slack_bolt's own; here is what they store, and who may install.
"""

from __future__ import annotations

import logging
from typing import Protocol
from uuid import uuid4

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import Installation as Granted
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotError, StoreAway
from bot.slack.api.installations import identify
from bot.slack.api.web import SlackApi
from bot.slack.oauth.records import InstallationRecords, Record
from bot.slack.scopes import SCOPE_NAMES

log = structlog.get_logger(__name__)

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"


class States(Protocol):
    """Where the states of installations under way are kept: see `bot.store.installations.OAuthStates`."""

    async def keep(self, state: str) -> None: ...

    async def take(self, state: str) -> bool: ...


class Welcome(Protocol):
    """What else happens when a workspace installs the app."""

    async def __call__(self, owner: str) -> None: ...


class Connect(Protocol):
    """Makes Slack's Web API for a workspace and a token."""

    def __call__(self, team: str, token: str) -> SlackApi: ...


class _NotWelcome(BoltError):
    """This workspace may not install the app."""


class _KeptStates(AsyncOAuthStateStore):
    def __init__(self, states: States) -> None:
        self._states = states

    async def async_issue(self, *_args: object, **_named: object) -> str:
        state = uuid4().hex
        await self._states.keep(state)
        return state

    async def async_consume(self, state: str) -> bool:
        return await self._states.take(state)


class _KeptInstallations(AsyncInstallationStore):
    """Keeps what Slack granted.

    Args:
        allowed: ids of the workspaces and organisations that may install; everybody when empty.
    """

    def __init__(
        self, records: InstallationRecords, connect: Connect, allowed: frozenset[str], welcome: Welcome
    ) -> None:
        self._records = records
        self._connect = connect
        self._allowed = allowed
        self._welcome = welcome

    async def async_save(self, installation: Granted) -> None:
        """Raises BoltError, which the person in the browser is told, and BotError."""
        team, organisation = installation.team_id or "", installation.enterprise_id or ""
        owner = organisation if installation.is_enterprise_install else team
        token = installation.bot_token or ""
        api = self._connect(owner, token)
        if self._allowed and not self._allowed & {team, organisation}:
            log.warning("installation_not_allowed", owner=owner, user=installation.user_id)
            await api.call("auth.revoke", safe_to_repeat=True, urgent=True)
            raise _NotWelcome("this workspace may not install the app: ask whoever runs it")
        if installation.bot_refresh_token:
            log.error("installation_rotates", owner=owner, mend="switch token rotation off in the app's settings")
            raise BoltError("the app's settings rotate tokens, which the bot doesn't do")
        who = await identify(api, token)
        record = Record(owner, who.url, who.own.user, who.own.bot, token, installation.user_id or "")
        await self._records.put(owner, record.dump())
        await self._welcome(owner)
        missing = SCOPE_NAMES - set(installation.bot_scopes or ())
        log.info("installed", owner=owner, by=installation.user_id, missing_scopes=sorted(missing))


class OAuthPages:
    """The two pages of an installation.

    Args:
        client: leads to Slack's Web API.
        authorize_url: Slack's page that asks the person; Slack's own when empty.
        allowed: ids of the workspaces and organisations that may install; everybody when empty.
        welcome: called with the id of whoever installed.
    """

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        client_id: str,
        client_secret: str,
        records: InstallationRecords,
        states: States,
        connect: Connect,
        allowed: frozenset[str],
        welcome: Welcome,
        authorize_url: str = "",
    ) -> None:
        # Below ERROR Bolt logs the code that Slack gave, which is as good as a token for ten minutes.
        logger = logging.getLogger("bot.slack.oauth")
        logger.setLevel(logging.ERROR)
        settings = AsyncOAuthSettings(
            client_id=client_id,
            client_secret=client_secret,
            scopes=sorted(SCOPE_NAMES),
            user_scopes=[],
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            authorization_url=authorize_url or None,
            installation_store=_KeptInstallations(records, connect, allowed, welcome),
            state_store=_KeptStates(states),
            logger=logger,
        )
        self._flow = AsyncOAuthFlow(client=client, logger=logger, settings=settings)

    def routes(self) -> list[web.RouteDef]:
        """Both pages."""
        return [web.get(INSTALL_PATH, self._install), web.get(REDIRECT_PATH, self._redirected)]

    async def _install(self, request: web.Request) -> web.StreamResponse:
        try:
            return await to_aiohttp_response(await self._flow.handle_installation(await to_bolt_request(request)))
        except StoreAway:
            return _sorry("The bot can't store an installation right now. Try again in a minute.", 503)

    async def _redirected(self, request: web.Request) -> web.StreamResponse:
        try:
            return await to_aiohttp_response(await self._flow.handle_callback(await to_bolt_request(request)))
        except BotError as error:
            log.warning("installation_failed", error=type(error).__name__, detail=str(error))
            return _sorry("The installation could not be finished. Start again from /slack/install.", 503)


def _sorry(said: str, status: int) -> web.Response:
    return web.Response(text=said, status=status)
