"""Who has the app: workspaces by themselves, or through their organisation, until they remove it."""

from __future__ import annotations

import pytest

from bot.errors import ChatAway, ChatRefused
from bot.slack.api.web import SlackApi
from bot.slack.oauth.installed import RECORD_LIFE_S, SERVED_LIFE_S, StoredInstallations
from bot.slack.oauth.records import Record
from tests.memory.installations import MemoryInstallations
from tests.memory.state import Memory
from tests.unit.slack.incoming import ScriptedWeb, StillClock

ORGANISATION, HERE, THERE = "E0ACME", "T0HERE", "T0THERE"
ANOTHER_ORGANISATION = "E0OTHER"
REVOKED = ChatRefused("auth.test", "token_revoked")


class CountedRecords(MemoryInstallations):
    """Says how often it was written down who serves whom."""

    writes = 0

    async def serve(self, team: str, organisation: str) -> None:
        self.writes += 1
        await super().serve(team, organisation)


class Scene:
    def __init__(self) -> None:
        self.records, self.clock = CountedRecords(Memory()), StillClock()
        self.web = ScriptedWeb({"auth.test": REVOKED})
        self.back: list[str] = []
        self.installations = self.worker()

    def worker(self) -> StoredInstallations:
        """Another worker."""
        return StoredInstallations(self.records, self.clock, self._connect, self._came_back)

    async def _came_back(self, team: str) -> None:
        self.back.append(team)

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
    elsewhere = scene.worker()
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


async def _served(scene: Scene, *teams: str) -> None:
    """The organisation has the app and has given it to these workspaces."""
    await scene.install(ORGANISATION)
    for team in teams:
        await scene.installations.at(team, ORGANISATION)
    scene.back.clear()


async def test_an_organisation_takes_the_app_from_one_of_its_workspaces(scene: Scene) -> None:
    await _served(scene, HERE, THERE)
    for _ in range(2):  # Slack may say so again
        assert await scene.installations.revoke(ORGANISATION, [HERE]) == [HERE]
        with pytest.raises(ChatRefused, match="not_installed"):
            await scene.installations.of(HERE)
        assert (await scene.installations.of(THERE)).team == THERE


async def test_what_is_taken_from_a_workspace_is_not_what_it_installed_by_itself(scene: Scene) -> None:
    await _served(scene, HERE)
    await scene.install(HERE)
    assert await scene.installations.revoke(ORGANISATION, [HERE]) == []
    assert (await scene.installations.of(HERE)).team == HERE


async def test_an_organisation_takes_nothing_from_those_that_it_does_not_serve(scene: Scene) -> None:
    await _served(scene, HERE)
    await scene.install(ANOTHER_ORGANISATION)
    assert await scene.installations.revoke(ANOTHER_ORGANISATION, [HERE, THERE, ORGANISATION, ""]) == []
    assert await scene.installations.revoke("", [HERE]) == []
    assert (await scene.installations.of(HERE)).team == HERE


async def test_a_workspace_that_has_gone_to_another_organisation_stays_with_that(scene: Scene) -> None:
    await _served(scene, HERE)
    await scene.install(ANOTHER_ORGANISATION)
    await scene.installations.at(HERE, ANOTHER_ORGANISATION)
    assert await scene.installations.revoke(ORGANISATION, [HERE]) == []
    assert await scene.records.served_by(HERE) == ANOTHER_ORGANISATION


async def test_a_workspace_that_gets_the_app_again_is_served_and_told_of(scene: Scene) -> None:
    await _served(scene, HERE)
    await scene.installations.revoke(ORGANISATION, [HERE])
    elsewhere = scene.worker()
    for _ in range(2):  # Slack may say so again
        assert await elsewhere.grant(ORGANISATION, [HERE]) == [HERE]
    assert set(scene.back) == {HERE}
    assert (await scene.installations.of(HERE)).team == HERE


async def test_its_next_event_says_the_same_on_workers_that_never_heard_it_was_taken(scene: Scene) -> None:
    await _served(scene, HERE)
    elsewhere = scene.worker()
    await elsewhere.at(HERE, ORGANISATION)
    await scene.installations.revoke(ORGANISATION, [HERE])
    scene.back.clear()
    await scene.clock.sleep(RECORD_LIFE_S)
    assert (await elsewhere.at(HERE, ORGANISATION)).team == HERE
    assert scene.back == [HERE]
    assert await scene.records.served_by(HERE) == ORGANISATION


async def test_nobody_gives_what_they_do_not_have(scene: Scene) -> None:
    assert await scene.installations.grant(ORGANISATION, [HERE]) == ()
    await _served(scene, HERE)
    await scene.install(ANOTHER_ORGANISATION)
    assert await scene.installations.grant(ANOTHER_ORGANISATION, [HERE, "U0NOTEAM"]) == []
    assert await scene.records.served_by(HERE) == ORGANISATION
    assert scene.back == []


async def test_a_late_event_through_an_organisation_without_the_app_brings_nobody_back(scene: Scene) -> None:
    await _served(scene, HERE)
    await scene.installations.remove(ORGANISATION)
    with pytest.raises(ChatRefused, match="not_installed"):
        await scene.worker().at(HERE, ORGANISATION)
    assert scene.back == []


async def test_an_event_that_names_no_workspace_serves_none(scene: Scene) -> None:
    await scene.install(ORGANISATION)
    for named in ("", ORGANISATION):
        assert (await scene.installations.at(named, ORGANISATION)).own.user == "U0BOT"
    assert scene.records.writes == 0
