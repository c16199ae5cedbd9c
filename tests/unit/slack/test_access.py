"""An organisation gives its workspaces the app, and takes it from them (Enterprise Grid)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.errors import ChatRefused, StoreAway
from bot.slack.oauth.installed import StoredInstallations
from bot.slack.oauth.records import Record
from tests.memory.installations import MemoryInstallations
from tests.memory.state import Memory
from tests.payloads import BOT_ID, BOT_USER, TEAM, payload
from tests.unit.slack.incoming import Incoming, ScriptedWeb, StillClock, incoming

ORGANISATION, ANOTHER, STRANGER = "E0ACMEORG", "T0ANOTHER", "T0STRANGE"
"""What the recorded payloads name, and a workspace that they don't."""


class Records(MemoryInstallations):
    """Records that can't be reached when `away`."""

    away = False

    async def served(self, organisation: str) -> frozenset[str]:
        if self.away:
            raise StoreAway("gone")
        return frozenset(await super().served(organisation))


class Grid:
    """Two organisations with the app; the first serves two workspaces, the second one."""

    def __init__(self) -> None:
        self.records = Records(Memory())
        self.back: list[str] = []
        web = ScriptedWeb({})
        self.installations = StoredInstallations(self.records, StillClock(), lambda _team, _token: web, self._came_back)

    async def _came_back(self, team: str) -> None:
        self.back.append(team)

    async def install(self, owner: str) -> None:
        await self.records.put(owner, Record(owner, "https://x.slack.com/", BOT_USER, BOT_ID, "xoxb-1").dump())

    async def open(self) -> None:
        for organisation, teams in ((ORGANISATION, (TEAM, ANOTHER)), ("E0OTHER", (STRANGER,))):
            await self.install(organisation)
            for team in teams:
                await self.records.serve(team, organisation)

    async def served(self) -> set[str]:
        """The workspaces in which the bot works."""
        found = set()
        for team in (TEAM, ANOTHER, STRANGER):
            try:
                await self.installations.of(team)
            except ChatRefused:
                continue
            found.add(team)
        return found


@pytest.fixture
async def grid() -> Grid:
    grid = Grid()
    await grid.open()
    return grid


@pytest.fixture
async def slack(grid: Grid) -> AsyncIterator[Incoming]:
    async with incoming(installations=grid.installations) as app:
        yield app


async def test_workspaces_that_lose_the_app_are_served_no_more_and_have_left(slack: Incoming, grid: Grid) -> None:
    assert (await slack.send(payload("team_access_revoked", team_ids=[ANOTHER]))).status == 200
    assert slack.departing.teams == [ANOTHER]
    assert await grid.served() == {TEAM, STRANGER}


async def test_one_that_installed_the_app_itself_goes_on(slack: Incoming, grid: Grid) -> None:
    await grid.install(TEAM)
    await slack.send(payload("team_access_revoked"))
    assert slack.departing.teams == [ANOTHER]
    assert await grid.served() == {TEAM, STRANGER}


async def test_a_word_that_comes_again_says_the_same(slack: Incoming, grid: Grid) -> None:
    for retry in range(2):
        await slack.send(payload("team_access_revoked"), retry=retry)
    assert set(slack.departing.teams) == {TEAM, ANOTHER}
    assert grid.back == []
    for retry in range(2):
        await slack.send(payload("team_access_granted"), retry=retry)
    assert set(grid.back) == {TEAM, ANOTHER}
    assert await grid.served() == {TEAM, ANOTHER, STRANGER}


ODD = pytest.mark.parametrize(
    "named",
    [None, [], "T0WORKSPC", {"T0WORKSPC": 1}, [None, 7, ["T0WORKSPC"], "T0 WORKSPC", "", ORGANISATION], [STRANGER]],
)


@ODD
async def test_an_odd_word_takes_nothing_from_anybody(slack: Incoming, grid: Grid, named: Any) -> None:
    assert (await slack.send(payload("team_access_revoked", team_ids=named))).status == 200
    assert slack.departing.teams == []
    assert await grid.served() == {TEAM, ANOTHER, STRANGER}


@ODD
async def test_an_odd_word_gives_nothing_to_anybody(slack: Incoming, grid: Grid, named: Any) -> None:
    await slack.send(payload("team_access_revoked"))
    body = payload("team_access_granted", team_ids=named) | {"team_id": None}
    assert (await slack.send(body)).status == 200
    assert grid.back == []
    assert await grid.served() == {STRANGER}
    assert await grid.records.served_by(STRANGER) == "E0OTHER"


async def test_a_word_of_no_organisation_does_nothing(slack: Incoming, grid: Grid) -> None:
    body = payload("team_access_revoked") | {"authorizations": [], "enterprise_id": None}
    assert (await slack.send(body)).status == 200
    assert await grid.served() == {TEAM, ANOTHER, STRANGER}


async def test_what_can_not_be_kept_slack_tells_again(slack: Incoming, grid: Grid) -> None:
    grid.records.away = True
    assert (await slack.send(payload("team_access_revoked"))).status != 200
    grid.records.away = False
    await slack.send(payload("team_access_revoked"), retry=1)
    assert set(slack.departing.teams) == {TEAM, ANOTHER}
