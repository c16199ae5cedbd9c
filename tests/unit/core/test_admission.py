"""Who may deal with the bot, and where."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot import admission as module
from bot.admission import Admission
from bot.errors import ChatAway, Reason, Refusal
from bot.model import Access, Address, Message, Person, Standing, ThreadKey
from tests.fakes_people import FakePeople

ANA = Person("T1", "U_ANA")
GUEST, STRANGER, BOT = Standing(guest=True), Standing(stranger=True), Standing(bot=True)
HERE = ThreadKey("T1", "C1", "1.1")


def message(**fields: Any) -> Message:
    return replace(Message(HERE, "1.1", "U_ANA", "hello", Address.BOT, user_team="T1"), **fields)


def people(standing: Standing = Standing(), **more: Any) -> FakePeople:  # noqa: B008 (frozen)
    return FakePeople({"U_ANA": standing}, **more)


async def refused(access: Access, who: FakePeople, channel: str = "C1") -> Reason | None:
    """Why a gesture is refused, if it is; a message of this workspace gets the same answer as far as it can."""
    try:
        await Admission(access, who).check(ANA, channel)
    except Refusal as refusal:
        return refusal.reason
    return None


@pytest.mark.parametrize(
    ("access", "channel", "reason"),
    [
        (Access(), "C1", None),
        (Access(), "D1", None),
        (Access(deny_channels=frozenset({"C1"})), "C1", Reason.NOT_HERE),
        (Access(deny_channels=frozenset({"C1"})), "C2", None),
        (Access(allow_channels=frozenset({"C1"})), "C1", None),
        (Access(allow_channels=frozenset({"C1"})), "C2", Reason.NOT_HERE),
        (Access(allow_channels=frozenset({"C1"})), "D1", None),
        (Access(allow_channels=frozenset({"C1"}), deny_channels=frozenset({"C1"})), "C1", Reason.NOT_HERE),
        (Access(direct_messages=False), "D1", Reason.NOT_HERE),
        (Access(direct_messages=False), "C1", None),
        (Access(deny_channels=frozenset({"D1"})), "D1", Reason.NOT_HERE),
        (Access(allow_channels=frozenset({"C1"}), direct_messages=False), "", None),
    ],
)
async def test_channels_are_open_or_closed(access: Access, channel: str, reason: Reason | None) -> None:
    assert await refused(access, people(), channel) is reason


@pytest.mark.parametrize(
    ("access", "let_in"),
    [
        (Access(allow_users=frozenset({"U_ANA"})), True),
        (Access(allow_users=frozenset({"U_BEN"})), False),
        (Access(deny_users=frozenset({"U_ANA"})), False),
        (Access(deny_users=frozenset({"U_BEN"})), True),
        (Access(allow_users=frozenset({"U_ANA"}), deny_users=frozenset({"U_ANA"})), False),
        (Access(allow_groups=frozenset({"S_SRE"})), True),
        (Access(allow_groups=frozenset({"S_NONE"})), False),
        (Access(allow_users=frozenset({"U_BEN"}), allow_groups=frozenset({"S_SRE"})), True),
        (Access(allow_users=frozenset({"U_ANA"}), allow_groups=frozenset({"S_NONE"})), True),
        (Access(deny_groups=frozenset({"S_SRE"})), False),
        (Access(deny_groups=frozenset({"S_NONE"})), True),
        (Access(allow_users=frozenset({"U_ANA"}), deny_groups=frozenset({"S_SRE"})), False),
    ],
)
async def test_people_and_groups_are_allowed_or_denied(access: Access, let_in: bool) -> None:
    who = people(groups={"S_SRE": ["U_ANA"], "S_NONE": []})
    assert (await refused(access, who) is None) is let_in


@pytest.mark.parametrize("access", [Access(allow_groups=frozenset({"S1"})), Access(deny_groups=frozenset({"S1"}))])
async def test_while_slack_does_not_tell_who_is_in_a_group_the_answer_is_no(access: Access) -> None:
    assert await refused(access, people(silent=True)) is Reason.NOT_FOR_YOU


@pytest.mark.parametrize(
    ("standing", "opened"),
    [(STRANGER, Access(strangers=True)), (BOT, Access(bots=True)), (GUEST, Access())],
)
async def test_guests_are_let_in_unless_closed_strangers_and_bots_only_when_opened(
    standing: Standing, opened: Access
) -> None:
    assert await refused(opened, people(standing)) is None
    assert await refused(Access(guests=False), people(standing)) is Reason.NOT_FOR_YOU


async def test_a_message_of_the_workspaces_own_people_asks_slack_nothing() -> None:
    who = people(STRANGER)
    await Admission(Access(), who).check_message(message())
    assert who.asked == []


@pytest.mark.parametrize("team", ["T2", ""])
async def test_who_may_be_of_another_workspace_is_looked_up(team: str) -> None:
    with pytest.raises(Refusal):
        await Admission(Access(), people(STRANGER)).check_message(message(user_team=team))
    await Admission(Access(), people()).check_message(message(user_team=team))
    await Admission(Access(strangers=True), people(STRANGER)).check_message(message(user_team=team))


async def test_guests_are_looked_up_where_they_are_kept_out() -> None:
    with pytest.raises(Refusal):
        await Admission(Access(guests=False), people(GUEST)).check_message(message())


async def test_a_bots_message_is_taken_only_where_bots_are_let_in() -> None:
    with pytest.raises(Refusal):
        await Admission(Access(), people(BOT)).check_message(message(by_bot=True))
    await Admission(Access(bots=True), people(BOT)).check_message(message(by_bot=True))


async def test_a_message_does_not_outwait_its_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silence(FakePeople):
        async def standing(self, person: Person) -> Standing:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(module, "LOOKUP_S", 0.01)
    with pytest.raises(ChatAway):
        await Admission(Access(), Silence()).check_message(message(user_team="T2"))
