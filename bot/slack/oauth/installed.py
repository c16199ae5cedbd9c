"""The workspaces that have installed the app."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.errors import ChatRefused
from bot.ports import Clock
from bot.slack.installations import NOT_INSTALLED, Installation
from bot.slack.normalise import Own
from bot.slack.oauth.records import InstallationRecords, Record
from bot.slack.remembered import Remembered
from bot.slack.web import SlackApi

log = structlog.get_logger(__name__)

RECORD_LIFE_S = 60.0
"""How long an installation is remembered: so late another worker follows a new token. A revoked one fails by itself."""


class StoredInstallations:
    """Implements `bot.slack.installations.Installations` over what OAuth left in the store.

    A workspace is served by its own installation, or by that of its organisation (Enterprise Grid).

    Args:
        web: makes Slack's Web API for a workspace and a token.
    """

    def __init__(self, records: InstallationRecords, clock: Clock, web: Callable[[str, str], SlackApi]) -> None:
        self._records = records
        self._web = web
        self._known = Remembered(self._find, clock, life_s=RECORD_LIFE_S)
        self._served: set[tuple[str, str]] = set()

    async def of(self, team: str) -> Installation:
        """Raises ChatRefused(NOT_INSTALLED), and StoreAway."""
        return await self._known.get(team)

    async def at(self, team: str, organisation: str) -> Installation:
        """Raises ChatRefused(NOT_INSTALLED), and StoreAway.

        What is learned of the organisation is kept, for the workers that run the workspace's turns.
        """
        if organisation and team and (team, organisation) not in self._served:
            await self._records.serve(team, organisation)
            self._served.add((team, organisation))
            self._known.forget(team)
        return await self.of(team or organisation)

    def forget(self, team: str) -> None:
        """The workspace's installation has changed."""
        self._known.forget(team)

    async def _find(self, team: str) -> Installation:
        line = await self._records.get(team)
        if line is None and (organisation := await self._records.served_by(team)):
            line = await self._records.get(organisation)
        if line is None:
            raise ChatRefused("installation", NOT_INSTALLED)
        record = Record.parse(line)
        own = Own(user=record.user, bot=record.bot)
        return Installation(team, record.url, own, self._web(team, record.token), record.token)
