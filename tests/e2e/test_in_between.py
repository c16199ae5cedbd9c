"""What people do while a turn runs: they write on, think better of it, or stop it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.playground.model import say
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher

HOURGLASS = "hourglass_flowing_sand"


@asynccontextmanager
async def running_turn(bot: Bot) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A turn that has said something and goes on when the event is set."""
    gate = asyncio.Event()
    bot.model.script(say("so far. ", gate, "the rest."))
    root = bot.slack.people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} long")
    await bot.slack.wait_until(lambda: any("so far" in text for text in bot.texts(root)), 30)
    try:
        yield root, gate
    finally:
        gate.set()


def waits(bot: Bot, ts: str) -> bool:
    return HOURGLASS in bot.slack.workspace.message(C_GENERAL, ts).reactions


async def test_messages_wait_visibly_and_are_answered_together(bot: Bot) -> None:
    async with running_turn(bot) as (root, gate):
        later = [bot.slack.people.say(U_ANA, C_GENERAL, text, root) for text in ("second", "third")]
        await bot.slack.wait_until(lambda: all(waits(bot, ts) for ts in later))
        gate.set()
        await bot.turns_ended(root, 2)
        await bot.slack.wait_until(lambda: not any(waits(bot, ts) for ts in later))
    assert bot.texts(root)[0] == "so far. the rest."
    assert [request.prompt for request in bot.model.requests] == ["long", "second\n\nthird"]


async def test_a_waiting_message_can_be_deleted_and_edited(bot: Bot) -> None:
    async with running_turn(bot) as (root, gate):
        doomed = bot.slack.people.say(U_ANA, C_GENERAL, "doomed", root)
        edited = bot.slack.people.say(U_ANA, C_GENERAL, "typo", root)
        await bot.slack.wait_until(lambda: waits(bot, doomed) and waits(bot, edited))
        bot.slack.people.delete(U_ANA, C_GENERAL, doomed)
        bot.slack.people.edit(U_ANA, C_GENERAL, edited, "mended")
        await bot.slack.wait_until(lambda: bot.slack.undelivered == 0)
        gate.set()
        await bot.turns_ended(root, 2)
    assert bot.model.requests[-1].prompt == "mended"


@pytest.mark.parametrize("how", ["word", "mention", "reaction", "shortcut", "command", "bare command", "button"])
async def test_a_turn_can_be_stopped_and_what_was_said_stays(bot: Bot, how: str) -> None:
    async with running_turn(bot) as (root, _):
        people = bot.slack.people
        match how:
            case "word":
                people.say(U_ANA, C_GENERAL, "stop", root)
            case "mention":
                people.say(U_ANA, C_GENERAL, f"{bot.slack.mention} Stop", root)
            case "reaction":
                people.react(U_ANA, C_GENERAL, bot.replies(root)[0].ts, "octagonal_sign")
            case "shortcut":
                await people.shortcut(U_ANA, "stop_turn", C_GENERAL, root)
            case "command":
                await people.command(U_ANA, C_GENERAL, f"/agent stop {bot.link(root)}")
            case "bare command":
                await people.command(U_ANA, C_GENERAL, "/agent stop")
            case "button":
                people.stop_stream(U_ANA, C_GENERAL, root)
        await bot.turns_ended(root)
    assert bot.texts(root)[0].startswith("so far.")
    assert "the rest" not in "".join(bot.texts(root))
    await bot.say("and now?", root)
    assert bot.model.requests[-1].prompt == "and now?"


@pytest.mark.parametrize(
    ("then", "prompts"),
    [("go_on", ["second\n\nthird"]), ("withdraw_held_back", ["later"]), ("write", ["second\n\nthird\n\nlater"])],
)
async def test_what_waits_at_a_stop_waits_until_somebody_goes_on(bot: Bot, then: str, prompts: list[str]) -> None:
    async with running_turn(bot) as (root, _):
        later = [bot.slack.people.say(U_ANA, C_GENERAL, text, root) for text in ("second", "third")]
        await bot.slack.wait_until(lambda: all(waits(bot, ts) for ts in later))
        bot.slack.people.say(U_ANA, C_GENERAL, "stop", root)
        await bot.turns_ended(root)
    [reply] = bot.replies(root)
    assert "2 messages wait here" in str(reply.blocks)
    assert all(waits(bot, ts) for ts in later)
    if then != "write":
        await bot.slack.people.click(U_ANA, reply, then)
    if then == "go_on":
        await bot.turns_ended(root, 2)
    elif then == "withdraw_held_back":
        await bot.slack.wait_until(lambda: not any(waits(bot, ts) for ts in later))
    if then != "go_on":
        await bot.say("later", root)
    assert [request.prompt for request in bot.model.requests][1:] == prompts
    await bot.slack.wait_until(lambda: not any(waits(bot, ts) for ts in later))


async def test_what_waits_at_a_stop_waits_over_a_restart_too(launcher: Launcher) -> None:
    async with launcher.up() as bot:
        async with running_turn(bot) as (root, _):
            second = bot.slack.people.say(U_ANA, C_GENERAL, "second", root)
            await bot.slack.wait_until(lambda: waits(bot, second))
            bot.slack.people.say(U_ANA, C_GENERAL, "stop", root)
            await bot.turns_ended(root)
        [reply] = bot.replies(root)
    async with launcher.up() as bot:
        await bot.say("sentinel", channel=D_ANA)
        assert bot.model.requests[-1].prompt == "sentinel"
        await bot.slack.people.click(U_BEN, reply, "go_on")
        await bot.turns_ended(root, 2)
        assert bot.model.requests[-1].prompt == "second"


async def test_what_addresses_somebody_else_is_context_for_the_next_prompt(bot: Bot) -> None:
    root = await bot.ask("hello")
    bot.slack.people.say(U_BEN, C_GENERAL, f"<@{U_ANA}> lunch?", root)
    await bot.slack.wait_until(lambda: bot.slack.undelivered == 0)
    await bot.say("go on", root)
    assert bot.model.requests[-1].prompt == "Said since, not to you:\nBen: @Ana lunch?\n\nAna: go on"


async def test_a_message_delivered_twice_is_answered_once(bot: Bot) -> None:
    bot.slack.lose_acks(2)
    root = await bot.ask("hello")
    await bot.slack.wait_until(lambda: bot.slack.undelivered == 0, 30)
    await bot.say("again", root)
    assert [request.prompt for request in bot.model.requests] == ["hello", "again"]
    assert len(bot.texts(root)) == 2


async def test_noise_starts_nothing(bot: Bot) -> None:
    root = await bot.ask("hello")
    people = bot.slack.people
    link = people.say(U_BEN, C_GENERAL, "see <https://example.com>")
    people.unfurl(C_GENERAL, link, [{"title": "Example", "from_url": "https://example.com"}])
    people.react(U_ANA, C_GENERAL, root, "eyes")
    for event in (
        {"type": "message", "subtype": "channel_join", "user": U_BEN, "channel": C_GENERAL, "ts": "1.000100"},
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B1",
            "text": "beep",
            "channel": C_GENERAL,
            "ts": "2.000100",
            "thread_ts": root,
        },
    ):
        bot.slack.send_event(event)
    await bot.slack.wait_until(lambda: bot.slack.undelivered == 0)
    await bot.say("sentinel", channel=D_ANA)
    assert [request.prompt for request in bot.model.requests] == ["hello", "sentinel"]


async def test_deleting_the_reply_stops_its_turn(bot: Bot) -> None:
    async with running_turn(bot) as (root, _):
        [reply] = bot.replies(root)
        bot.slack.people.delete(U_ANA, C_GENERAL, reply.ts)
        await bot.turns_ended(root)
    await bot.say("and now?", root)
    assert bot.model.requests[-1].prompt == "and now?"
