"""People and places: names, admins, who can read what."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ChatAway, ChatRefused
from bot.model import Person, Standing
from bot.slack.api.directory import CHANNEL_LIFE_S, PROFILE_LIFE_S, Directory
from bot.slack.api.installations import OneInstallation
from tests.payloads import TEAM
from tests.unit.slack.incoming import ScriptedWeb, StillClock, installation

ANN = Person(TEAM, "U0ANN")


def user(**fields: Any) -> dict[str, Any]:
    return {"user": {"id": "U0ANN", "team_id": TEAM, "name": "ann", "profile": {}, **fields}}


def directory(web: ScriptedWeb, clock: StillClock | None = None, **how: Any) -> Directory:
    settings = {"admins": frozenset({"U0ROOT"}), "workspace_admins": True, **how}
    return Directory(OneInstallation(installation(web)), clock or StillClock(), **settings)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"profile": {"display_name": "Annie", "real_name": "Ann A."}}, "Annie"),
        ({"profile": {"display_name": "", "real_name": "Ann A."}}, "Ann A."),
        ({}, "ann"),
        ({"name": None}, "U0ANN"),
    ],
)
async def test_a_person_is_called_what_they_call_themselves(fields: dict[str, Any], name: str) -> None:
    assert await directory(ScriptedWeb({"users.info": user(**fields)})).name_of(ANN) == name


@pytest.mark.parametrize("failure", [ChatRefused("users.info", "user_not_found"), ChatAway("users.info", sent=True)])
async def test_a_person_slack_does_not_tell_of_is_called_by_their_id_and_is_no_admin(failure: Exception) -> None:
    lookups = directory(ScriptedWeb({"users.info": failure}))
    assert await lookups.name_of(ANN) == "U0ANN"
    assert not await lookups.is_admin(ANN)


async def test_people_are_asked_for_once() -> None:
    web = ScriptedWeb({"users.info": user()})
    lookups = directory(web)
    await lookups.name_of(ANN)
    await lookups.is_admin(ANN)
    assert len(web.to("users.info")) == 1


@pytest.mark.parametrize("role", ["is_admin", "is_owner", "is_primary_owner"])
async def test_admins_and_owners_of_the_workspace_are_admins_unless_that_is_turned_off(role: str) -> None:
    web = ScriptedWeb({"users.info": user(**{role: True})})
    assert await directory(web).is_admin(ANN)
    assert not await directory(web, workspace_admins=False).is_admin(ANN)


async def test_an_admin_of_another_workspace_is_none_here() -> None:
    assert not await directory(ScriptedWeb({"users.info": user(is_admin=True, team_id="T0PARTNER")})).is_admin(ANN)


async def test_named_admins_are_admins_without_asking_slack() -> None:
    web = ScriptedWeb()
    assert await directory(web, workspace_admins=False).is_admin(Person(TEAM, "U0ROOT"))
    assert web.calls == []


# --- what kind of user somebody is ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({}, Standing()),
        ({"team_id": ""}, Standing()),
        ({"is_restricted": True}, Standing(guest=True)),
        ({"is_ultra_restricted": True}, Standing(guest=True)),
        ({"is_bot": True}, Standing(bot=True)),
        ({"is_workflow_bot": True}, Standing(bot=True)),
        ({"team_id": "T0PARTNER"}, Standing(stranger=True)),
        ({"is_stranger": True}, Standing(stranger=True)),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER", TEAM]}}, Standing()),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": ["T0OTHER"]}}, Standing(stranger=True)),
        ({"team_id": "T0OTHER", "enterprise_user": {"teams": TEAM}}, Standing(stranger=True)),
    ],
)
async def test_users_are_members_guests_strangers_or_bots(fields: dict[str, Any], standing: Standing) -> None:
    assert await directory(ScriptedWeb({"users.info": user(**fields)})).standing(ANN) == standing


async def test_somebody_slack_does_not_know_is_a_stranger_and_its_silence_is_no_answer() -> None:
    unknown = ScriptedWeb({"users.info": ChatRefused("users.info", "user_not_found")})
    assert await directory(unknown).standing(ANN) == Standing(stranger=True)
    with pytest.raises(ChatAway):
        await directory(ScriptedWeb({"users.info": ChatAway("users.info", sent=True)})).standing(ANN)


async def test_what_kind_of_user_somebody_is_is_asked_again_after_a_while() -> None:
    clock, web = StillClock(), ScriptedWeb({"users.info": user()})
    lookups = directory(web, clock)
    assert await lookups.standing(ANN) == await lookups.standing(ANN) == Standing()
    assert len(web.to("users.info")) == 1
    web.answers["users.info"] = user(is_restricted=True)
    clock.time += PROFILE_LIFE_S
    assert await lookups.standing(ANN) == Standing(guest=True)


# --- who can read what ------------------------------------------------------------------------------


def place(members: list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return {"conversations.info": {"channel": fields}, "conversations.members": {"members": members or []}}


PUBLIC: dict[str, Any] = {"is_channel": True, "is_private": False}
PRIVATE: dict[str, Any] = {"is_channel": True, "is_private": True}


async def test_a_public_channel_is_read_by_every_full_member() -> None:
    web = ScriptedWeb({"users.info": user(), **place(**PUBLIC)})
    assert await directory(web).can_read(ANN, "C1")
    assert web.to("conversations.members") == []


@pytest.mark.parametrize(
    "lesser", [{"is_restricted": True}, {"is_ultra_restricted": True}, {"team_id": "T0PARTNER"}, {"deleted": True}]
)
async def test_guests_and_strangers_read_only_where_they_are_members(lesser: dict[str, Any]) -> None:
    web = ScriptedWeb({"users.info": user(**lesser), **place(**PUBLIC)})
    assert not await directory(web).can_read(ANN, "C1")
    web = ScriptedWeb({"users.info": user(**lesser), **place(["U0ANN"], **PUBLIC)})
    assert await directory(web).can_read(ANN, "C1")


async def test_a_private_channel_is_read_by_its_members_however_many_pages_there_are() -> None:
    web = ScriptedWeb({"users.info": user(), **place(**PRIVATE)})
    web.answers["conversations.members"] = [
        {"members": ["U0BEN"], "response_metadata": {"next_cursor": "p2"}},
        {"members": ["U0ANN"], "response_metadata": {"next_cursor": ""}},
    ]
    assert await directory(web).can_read(ANN, "C1")
    assert [given.get("cursor") for given in web.to("conversations.members")] == [None, "p2"]


async def test_a_private_channel_is_not_read_by_others() -> None:
    assert not await directory(ScriptedWeb({"users.info": user(), **place(["U0BEN"], **PRIVATE)})).can_read(ANN, "C1")


async def test_a_dm_with_the_bot_is_read_by_that_person_alone() -> None:
    web = ScriptedWeb(place(is_im=True, user="U0ANN"))
    assert await directory(web).can_read(ANN, "D1")
    assert not await directory(web).can_read(Person(TEAM, "U0BEN"), "D1")


async def test_where_slack_refuses_to_tell_nobody_reads() -> None:
    web = ScriptedWeb({"conversations.info": ChatRefused("conversations.info", "missing_scope")})
    assert not await directory(web).can_read(ANN, "C1")


async def test_where_slack_does_not_answer_that_is_said() -> None:
    with pytest.raises(ChatAway):
        await directory(ScriptedWeb({"conversations.info": ChatAway("conversations.info", sent=True)})).can_read(
            ANN, "C1"
        )


async def test_somebody_who_left_a_channel_soon_reads_nothing_more() -> None:
    clock, web = StillClock(), ScriptedWeb({"users.info": user(), **place(["U0ANN"], **PRIVATE)})
    lookups = directory(web, clock)
    assert await lookups.can_read(ANN, "C1")
    web.answers["conversations.members"] = {"members": []}
    clock.time += CHANNEL_LIFE_S
    assert not await lookups.can_read(ANN, "C1")
