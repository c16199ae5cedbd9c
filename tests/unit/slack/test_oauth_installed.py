"""Who has the app: workspaces by themselves, or through their organisation, until they remove it."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from bot.errors import ChatAway, ChatRefused
from bot.slack.oauth.installed import SERVED_LIFE_S, StoredInstallations
from bot.slack.oauth.records import Record
from bot.slack.web import SlackApi
from tests.unit.slack.incoming import ScriptedWeb, StillClock

ORGANISATION, HERE, THERE = "E0ACME", "T0HERE", "T0THERE"
REVOKED = ChatRefused("auth.test", "token_revoked")


class MemoryRecords:
    """`bot.slack.oauth.records.InstallationRecords` in memory."""

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.serving: dict[str, str] = {}
        self.writes = 0

    async def put(self, owner: str, record: str) -> None:
        self.lines[owner] = record

    async def get(self, owner: str) -> str | None:
        return self.lines.get(owner)

    async def delete(self, owner: str) -> None:
        self.lines.pop(owner, None)

    async def serve(self, team: str, organisation: str) -> None:
        self.serving[team] = organisation
        self.writes += 1

    async def served(self, organisation: str) -> Collection[str]:
        return [team for team, of in self.serving.items() if of == organisation]

    async def served_by(self, team: str) -> str:
        return self.serving.get(team, "")


class Scene:
    def __init__(self) -> None:
        self.records, self.clock, self.web = MemoryRecords(), StillClock(), ScriptedWeb({"auth.test": REVOKED})
        self.installations = StoredInstallations(self.records, self.clock, self._connect)

    def _connect(self, _team: str, _token: str) -> SlackApi:
        return self.web

    async def install(self, owner: str) -> None:
        await self.records.put(owner, Record(owner, "https://x.slack.com/", "U0BOT", "B0BOT", "xoxb-1").dump())


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_workspace_is_served_by_its_organisation_on_workers_that_saw_no_event_of_it(scene: Scene) -> None:
    await scene.install(ORGANISATION)
    await scene.installations.at(HERE, ORGANISATION)
    elsewhere = StoredInstallations(scene.records, scene.clock, lambda _team, _token: scene.web)
    assert (await elsewhere.of(HERE)).own.user == "U0BOT"
    with pytest.raises(ChatRefused, match="not_installed"):
        await elsewhere.of(THERE)


async def test_that_it_does_is_written_again_now_and_then_and_not_with_every_event(scene: Scene) -> None:
    await scene.install(ORGANISATION)
    for _ in range(3):
        await scene.installations.at(HERE, ORGANISATION)
    assert scene.records.writes == 1
    await scene.clock.sleep(SERVED_LIFE_S)
    await scene.installations.at(HERE, ORGANISATION)
    assert scene.records.writes == 2


async def test_an_organisation_that_removes_the_app_takes_it_from_its_workspaces(scene: Scene) -> None:
    await scene.install(ORGANISATION)
    for team in (HERE, THERE):
        await scene.installations.at(team, ORGANISATION)
    assert await scene.installations.remove(ORGANISATION) == [HERE, THERE]
    with pytest.raises(ChatRefused, match="not_installed"):
        await scene.installations.of(HERE)


async def test_a_workspace_with_an_installation_of_its_own_keeps_it(scene: Scene) -> None:
    await scene.install(ORGANISATION)
    for team in (HERE, THERE):
        await scene.installations.at(team, ORGANISATION)
    await scene.install(THERE)
    assert await scene.installations.remove(ORGANISATION) == [HERE]
    assert (await scene.installations.of(THERE)).team == THERE


async def test_a_workspace_that_its_organisation_serves_too_goes_on_through_that(scene: Scene) -> None:
    await scene.install(ORGANISATION)
    await scene.install(HERE)
    await scene.installations.at(HERE, ORGANISATION)
    assert await scene.installations.remove(HERE) == []


async def test_a_late_word_of_a_removal_takes_nothing_from_who_installed_again(scene: Scene) -> None:
    await scene.install(HERE)
    scene.web.answers["auth.test"] = {}
    assert await scene.installations.remove(HERE) == ()
    assert (await scene.installations.of(HERE)).team == HERE


@pytest.mark.parametrize("answer", [ChatAway("auth.test", sent=False), ChatRefused("auth.test", "team_added_to_org")])
async def test_nothing_is_removed_while_slack_does_not_say_that_the_token_is_gone(
    scene: Scene, answer: Exception
) -> None:
    await scene.install(HERE)
    scene.web.answers["auth.test"] = answer
    with pytest.raises(type(answer)):
        await scene.installations.remove(HERE)
    assert (await scene.installations.of(HERE)).team == HERE
