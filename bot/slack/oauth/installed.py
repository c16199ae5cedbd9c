"""The workspaces that have installed the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import structlog

from bot.errors import ChatRefused
from bot.ports import Clock
from bot.slack.api.installations import NOT_INSTALLED, Installation, works
from bot.slack.api.remembered import Remembered
from bot.slack.api.web import SlackApi
from bot.slack.normalise import Own
from bot.slack.oauth.records import InstallationRecords, Record

log = structlog.get_logger(__name__)

RECORD_LIFE_S = 60.0
"""How long an installation is remembered: so late another worker follows a new token. A revoked one fails by itself."""

SERVED_LIFE_S = 3600.0
"""How often it is written down, at most, that a workspace is served by its organisation."""


class StoredInstallations:
    """Implements `bot.slack.api.installations.Installations` over what OAuth left in the store.

    A workspace is served by its own installation, or by that of its organisation (Enterprise Grid).

    Args:
        web: makes Slack's Web API for a workspace and a token.
        back: told now and then that a workspace is served by its organisation, and always when it is so again.
    """

    def __init__(
        self,
        records: InstallationRecords,
        clock: Clock,
        web: Callable[[str, str], SlackApi],
        back: Callable[[str], Awaitable[None]],
    ) -> None:
        self._records = records
        self._web = web
        self._back = back
        self._known = Remembered(self._find, clock, life_s=RECORD_LIFE_S)
        self._served = Remembered(self._serve, clock, life_s=SERVED_LIFE_S)

    async def of(self, team: str) -> Installation:
        """Raises ChatRefused(NOT_INSTALLED), and StoreAway."""
        return await self._known.get(team)

    async def at(self, team: str, organisation: str) -> Installation:
        """Raises ChatRefused(NOT_INSTALLED), and StoreAway.

        What is learned of the organisation is kept, for the workers that run the workspace's turns.
        """
        if not (organisation and team.startswith("T")):
            return await self.of(team or organisation)
        served = (team, organisation)
        await self._served.get(served)
        try:
            return await self.of(team)
        except ChatRefused:
            if await self._records.get(organisation) is None:
                raise
        # It was taken from the workspace, by another worker, after this one had written down that it is served.
        self._served.forget(served)
        await self._served.get(served)
        return await self.of(team)

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

    async def revoke(self, organisation: str, teams: Collection[str]) -> Collection[str]:
        """Raises StoreAway."""
        known = sorted(set(teams) & set(await self._records.served(organisation)))
        for team in known:
            await self._records.unserve(team, organisation)
            self._served.forget((team, organisation))
            self._known.forget(team)
        return [team for team in known if not await self._served_still(team)]

    async def grant(self, organisation: str, teams: Collection[str]) -> Collection[str]:
        """Raises StoreAway."""
        if await self._records.get(organisation) is None:
            return ()
        given = [team for team in sorted(teams) if await self._may_serve(organisation, team)]
        for team in given:
            self._served.forget((team, organisation))
            await self._served.get((team, organisation))
        return given

    async def _may_serve(self, organisation: str, team: str) -> bool:
        return team.startswith("T") and await self._records.served_by(team) in ("", organisation)

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
        # What is late may still come from an organisation that has removed the app.
        if await self._records.get(organisation) is not None:
            await self._back(team)

    async def _find(self, team: str) -> Installation:
        line = await self._records.get(team)
        if line is None and (organisation := await self._records.served_by(team)):
            line = await self._records.get(organisation)
        if line is None:
            raise ChatRefused("installation", NOT_INSTALLED)
        record = Record.parse(line)
        own = Own(user=record.user, bot=record.bot)
        return Installation(team, record.url, own, self._web(team, record.token), record.token)
