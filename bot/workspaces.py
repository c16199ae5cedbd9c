"""Which workspaces the bot serves: the one of its token, or those that install it. A part of the composition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

import aiohttp
import structlog
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import StartError, StoreAway
from bot.ports import Telemetry
from bot.slack.api.installations import Installations, OneInstallation, identify
from bot.slack.api.rates import SharedBuckets
from bot.slack.api.web import SlackApi, Web, web_client
from bot.slack.oauth.flow import OAuthPages
from bot.slack.oauth.installed import StoredInstallations
from bot.store.sealing import Seal
from bot.store.store import Store

log = structlog.get_logger(__name__)

AUTHORIZE_PATH = "../oauth/v2/authorize"
"""Slack's page that asks whether to install, seen from its Web API."""


@dataclass(frozen=True, slots=True)
class Workspaces:
    """The way to the workspaces.

    Args:
        client: Slack's Web API, with the bot's own token if there is one.
        routes: the pages of an installation; none where there is one token.
        team: the one workspace; empty where there may be many.
    """

    installations: Installations
    client: AsyncWebClient
    routes: Sequence[web.RouteDef] = ()
    team: str = ""


async def open_workspaces(
    settings: Settings, store: Store, session: aiohttp.ClientSession, clock: SystemClock, telemetry: Telemetry
) -> Workspaces:
    """Raises StartError: Slack doesn't take the token, or what installations left can't be read."""
    buckets = SharedBuckets(store.rates, clock)
    client = web_client(settings.slack_bot_token, settings.slack_api_url, session)
    if settings.slack_client_id:
        return await _installed(settings, store, session, clock, buckets, client, telemetry)
    found = await identify(Web(client, clock), settings.slack_bot_token)
    web_api = Web(client, clock, team=found.team, buckets=buckets, telemetry=telemetry)
    found = replace(found, web=web_api)
    await _returned(store, found.team)
    return Workspaces(OneInstallation(found), client, team=found.team)


async def _installed(
    settings: Settings,
    store: Store,
    session: aiohttp.ClientSession,
    clock: SystemClock,
    buckets: SharedBuckets,
    client: AsyncWebClient,
    telemetry: Telemetry,
) -> Workspaces:
    def connect(team: str, token: str) -> SlackApi:
        own = web_client(token, settings.slack_api_url, session)
        return Web(own, clock, team=team, buckets=buckets, telemetry=telemetry)

    async def back(team: str) -> None:
        await _returned(store, team)

    records = store.installations(Seal(settings.encryption_keys))
    installations = StoredInstallations(records, clock, connect, back)
    try:
        log.info("workspaces_installed", readable=await records.reseal())
    except StoreAway as away:
        raise StartError(f"Redis can't be reached at REDIS_URL ({away}).") from away

    async def welcome(owner: str) -> None:
        installations.forget(owner)
        await back(owner)
        for team in await records.served(owner):
            if await records.served_by(team) == owner:
                await back(team)

    pages = OAuthPages(
        client=client,
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret,
        records=records,
        states=store.oauth_states,
        connect=connect,
        allowed=settings.workspaces,
        welcome=welcome,
        authorize_url=urljoin(settings.slack_api_url, AUTHORIZE_PATH),
    )
    return Workspaces(installations, client, pages.routes())


async def _returned(store: Store, team: str) -> None:
    """A workspace has the app: should it have removed it before, its data stays."""
    if await store.departures.stay(team):
        log.info("workspace_returned", team=team)
