"""The workspaces that have installed the app."""

from __future__ import annotations

from collections.abc import Callable, Collection

import structlog

from bot.errors import ChatRefused
from bot.ports import Clock
from bot.slack.installations import NOT_INSTALLED, Installation, works
from bot.slack.normalise import Own
from bot.slack.oauth.records import InstallationRecords, Record
from bot.slack.remembered import Remembered
from bot.slack.web import SlackApi

log = structlog.get_logger(__name__)

RECORD_LIFE_S = 60.0
"""How long an installation is remembered: so late another worker follows a new token. A revoked one fails by itself."""

SERVED_LIFE_S = 3600.0
"""How often it is written down, at most, that a workspace is served by its organisation."""


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
        self._served = Remembered(self._serve, clock, life_s=SERVED_LIFE_S)

    async def of(self, team: str) -> Installation:
        """Raises ChatRefused(NOT_INSTALLED), and StoreAway."""
        return await self._known.get(team)

    async def at(self, team: str, organisation: str) -> Installation:
        """Raises ChatRefused(NOT_INSTALLED), and StoreAway.

        What is learned of the organisation is kept, for the workers that run the workspace's turns.
        """
        if organisation and team:
            await self._served.get((team, organisation))
        return await self.of(team or organisation)

    def forget(self, team: str) -> None:
        """The workspace's installation has changed."""
        self._known.forget(team)

    async def remove(self, owner: str) -> Collection[str]:
        """Raises StoreAway, ChatAway and ChatRefused."""
        line = await self._records.get(owner)
        if line is not None and await works(self._web(owner, Record.parse(line).token)):
            log.info("still_installed", owner=owner)
            return ()
        teams = {owner} if owner.startswith("T") else set(await self._records.served(owner))
        await self._records.delete(owner)
        for team in teams:
            self._known.forget(team)
        # A workspace may have the app by itself and through its organisation: one of the two is enough.
        return [team for team in sorted(teams) if not await self._served_still(team)]

    async def _served_still(self, team: str) -> bool:
        try:
            await self._find(team)
        except ChatRefused:
            return False
        return True

    async def _serve(self, served: tuple[str, str]) -> None:
        team, organisation = served
        await self._records.serve(team, organisation)
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
