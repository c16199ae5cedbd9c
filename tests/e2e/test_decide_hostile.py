"""Whatever is pressed, forged or repeated, only who may decide does, and once."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from bot.playground.model import say
from bot.playground.slack.values import Message, Refused, User
from bot.store.client import connect
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.deciding import (
    ALLOW,
    DENY,
    REASON,
    SHOW,
    UNDER,
    answered,
    asked,
    card,
    modal,
    press,
    shown,
    whispered,
    writes,
)

U_CAT = "U0CATCAT1"


@pytest.fixture
async def bot(launcher: Launcher) -> AsyncIterator[Bot]:
    async with launcher.up(**UNDER) as bot:
        yield bot


async def trail(team: str) -> list[dict[str, str]]:
    """What the audit trail has, oldest first."""
    redis = connect("memory:")
    entries = await cast("Any", redis.xrange(f"bot:audit:{{{team}}}"))
    return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in entries]


async def test_a_button_with_another_threads_decision_does_nothing(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    _, first = await asked(bot)
    _, second = await asked(bot)
    forged = Message(**{**second.__dict__, "blocks": first.blocks})
    await press(bot, forged, ALLOW)
    await bot.slack.wait_until(lambda: "doesn't wait for anybody" in whispered(bot, U_ANA))
    assert ALLOW in shown(first)
    assert ALLOW in shown(second)
    assert len(bot.model.requests) == 2


async def test_a_hundred_kilobytes_with_control_characters_are_shown_safely(bot: Bot) -> None:
    bot.model.fall_back_to(writes("start\n" + "\x1b[2J\u202e<!channel> ```\n" * 5_000 + "the end\n"))
    root, asking = await asked(bot)
    assert "⟦U+001B⟧" in shown(asking)
    assert "the end" in shown(asking)
    assert "<!channel>" not in asking.text
    await press(bot, asking, SHOW)
    view = await modal(bot)
    assert "Page 1 of" in shown(view)
    await bot.slack.people.click(U_ANA, view, "decide_page.1")
    await bot.slack.wait_until(lambda: "Page 2 of" in shown(view))
    await press(bot, asking, DENY)
    await answered(bot, root, "Result: ")


async def test_nobody_can_press_what_is_gone(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    await press(bot, asking, DENY)
    await answered(bot, root, "Result: ")
    await bot.slack.wait_until(lambda: "denied this" in shown(asking))
    with pytest.raises(Refused, match="no_such_action"):
        await press(bot, asking, ALLOW)


async def test_the_second_of_two_clicks_is_told_who_decided_what(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot, user=U_BEN)
    asking_before = Message(**asking.__dict__)
    await press(bot, asking, DENY, U_BEN)
    await answered(bot, root, "Result: ")
    await press(bot, asking_before, ALLOW, U_ANA)
    await bot.slack.wait_until(lambda: f"<@{U_BEN}> said no" in whispered(bot, U_ANA))
    assert bot.model.requests[-1].results[-1].is_error


async def test_of_two_people_at_once_one_decides_and_the_other_is_told(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot, user=U_BEN)
    before = Message(**asking.__dict__)
    await asyncio.gather(press(bot, before, ALLOW, U_ANA), press(bot, before, DENY, U_BEN))
    await answered(bot, root, "Result: ")
    await bot.slack.wait_until(
        lambda: f"<@{U_BEN}> said no" in whispered(bot, U_ANA) or f"<@{U_ANA}> allowed" in whispered(bot, U_BEN),
        ANSWER_S,
    )
    assert len([user for user in (U_ANA, U_BEN) if whispered(bot, user)]) == 1
    allowed = not bot.model.requests[-1].results[-1].is_error
    await bot.slack.wait_until(lambda: f"<@{U_ANA if allowed else U_BEN}>" in shown(asking).split("denied this")[0])
    assert [entry["user"] for entry in await trail(bot.slack.workspace.team.id)] == [U_ANA if allowed else U_BEN]


async def test_the_trail_says_who_decided_what_about_which_call(bot: Bot) -> None:
    bot.model.fall_back_to(writes("secret words"))
    root, asking = await asked(bot, user=U_BEN)
    await press(bot, asking, ALLOW, U_ANA)
    await answered(bot, root, "Result: ")
    [entry] = await trail(bot.slack.workspace.team.id)
    assert (entry["asked"], entry["user"], entry["verdict"], entry["tool"]) == (U_BEN, U_ANA, "allow_once", "Write")
    assert entry["thread"].endswith(f":{C_GENERAL}:{root}")
    given = json.dumps({"content": "secret words", "file_path": "notes.md"}, separators=(",", ":"))
    assert entry["input_hash"] == hashlib.sha256(given.encode()).hexdigest()
    assert "secret" not in str(entry)


@pytest.mark.parametrize("value", ["", "d-unknown", "../../x", "0" * 2_000, "{}", "*"])
async def test_a_forged_value_decides_nothing(bot: Bot, value: str) -> None:
    bot.model.fall_back_to(writes())
    _, asking = await asked(bot)
    blocks = json.loads(json.dumps(asking.blocks))
    for block in blocks:
        for element in block.get("elements", ()):
            if element.get("action_id") == ALLOW:
                element["value"] = value
    await press(bot, Message(**{**asking.__dict__, "blocks": blocks}), ALLOW)
    await bot.slack.wait_until(lambda: "doesn't wait for anybody" in whispered(bot, U_ANA), ANSWER_S)
    assert len(bot.model.requests) == 1
    assert ALLOW in shown(asking)


@pytest.mark.parametrize(
    "who",
    [
        User(U_CAT, "cat", "Cat", "ffffff"),
        User(U_CAT, "cat", "Cat", "ffffff", is_guest=True),
        User(U_CAT, "cat", "Cat", "ffffff", is_admin=True, team="T0PARTNERCO"),
    ],
    ids=["a colleague", "a guest", "an admin of another workspace"],
)
async def test_who_may_not_decide_is_told_so_and_decides_nothing(bot: Bot, who: User) -> None:
    bot.model.fall_back_to(writes())
    _, asking = await asked(bot)
    bot.slack.workspace.users[who.id] = who
    bot.slack.workspace.channel(C_GENERAL).members.append(who.id)
    for action in (ALLOW, DENY, REASON):
        await press(bot, asking, action, who.id)
    await bot.slack.wait_until(lambda: len(bot.slack.ephemerals(who.id)) >= 3, ANSWER_S)
    assert bot.slack.workspace.modals.get(who.id, []) == []
    assert (len(bot.model.requests), await trail(bot.slack.workspace.team.id)) == (1, [])
    assert ALLOW in shown(asking)


async def test_who_takes_part_in_the_thread_may_decide_where_the_operator_says_so(launcher: Launcher) -> None:
    async with launcher.up(**UNDER, BOT_APPROVERS="thread") as bot:
        bot.slack.workspace.users[U_CAT] = User(U_CAT, "cat", "Cat", "ffffff")
        bot.slack.workspace.channel(C_GENERAL).members.append(U_CAT)
        bot.model.script(say("Hello Cat."))
        root = await bot.ask("hello", user=U_CAT)
        bot.model.fall_back_to(writes())
        bot.slack.people.say(U_ANA, C_GENERAL, "do it", root)
        asking = await card(bot, root)
        await press(bot, asking, ALLOW, U_BEN)
        await bot.slack.wait_until(lambda: bool(whispered(bot, U_BEN)), ANSWER_S)
        assert ALLOW in shown(asking)
        await press(bot, asking, ALLOW, U_CAT)
        await answered(bot, root, "Result: ")
        await bot.slack.wait_until(lambda: f"<@{U_CAT}> allowed this once" in shown(asking))
