"""What somebody with bad intentions can send, through Slack's wire: forged buttons, strange words, nobody's ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from structlog.typing import EventDict

from bot.model import ThreadKey
from bot.playground.model import say
from bot.playground.slack.values import Message
from bot.slack.action_ids import ActionId, ShortcutId
from bot.slack.interactions import ACTIONS, DECIDING
from bot.store.client import connect
from bot.store.keys import ThreadKeys
from tests.e2e.conftest import C_GENERAL, D_ANA, U_ANA, U_BEN, Bot, Launcher
from tests.e2e.test_manage import command

TEAM = "T0PLAYGROUN"
NOBODY = "U0NOBODY99"
ABSURD = ("", " ", "\x00\x1b[2J", "x" * 100_000, "{}", "[]", "null", '{"thread": 1, "ending": "max_turns"}', "-1 -1")
"""Values that no button of the bot's ever had."""


async def kept(thread: ThreadKey) -> dict[str, object]:
    """All that the store has of a thread."""
    async with connect("memory:") as redis:
        names = sorted([name async for name in redis.scan_iter(f"bot:{{{thread}}}:*")])
        return {name.decode(): await redis.dump(name) for name in names if not name.endswith((b":lease", b":fence"))}


async def session_of(thread: ThreadKey) -> str:
    async with connect("memory:") as redis:
        found = await redis.hget(ThreadKeys(thread).record, "session_id")
        return found.decode() if isinstance(found, bytes) else ""


@pytest.fixture
def broken() -> Iterator[list[str]]:
    """What broke on the way, as the log tells of it."""
    found: list[str] = []

    def note(_logger: object, _method: str, entry: EventDict) -> EventDict:
        if entry["event"] in ("gesture_broke", "listener_broke"):
            found.append(str(entry))
        return entry

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[note, *before])
    yield found
    structlog.configure(processors=before)


def forged(message: Message, action: str, value: str) -> Message:
    """The message as if it had such a button."""
    button = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "!"}, "value": value}
    return replace(message, blocks=[{"type": "actions", "block_id": "forged", "elements": [button]}])


def forgeries(theirs: ThreadKey, session_id: str, root: str) -> list[str]:
    """Values about somebody else's conversation, and those of no button at all."""
    elsewhere = ThreadKey("T0ELSEWHER", theirs.channel, theirs.root_ts)
    return [
        str(theirs),
        f"{theirs} {session_id}",
        f"{theirs} {theirs.root_ts}",
        f"thread {theirs}",
        f"user {U_ANA}",
        f"reset_confirmed {theirs}",
        json.dumps({"thread": str(theirs), "ending": "max_turns"}),
        str(elsewhere),
        f"{ThreadKey(TEAM, C_GENERAL, root)} {session_id}",
        *ABSURD,
    ]


async def test_no_button_does_anything_to_a_conversation_of_somebody_elses(
    launcher: Launcher, broken: list[str]
) -> None:
    async with launcher.up(BOT_PROMPTS_PER_MINUTE="1000") as bot:
        secret = await bot.say("the password is swordfish", channel=D_ANA)
        root = await bot.ask("hello", user=U_BEN)
        theirs, reply = ThreadKey(TEAM, D_ANA, secret), bot.replies(root)[0]
        before, session_id = await kept(theirs), await session_of(theirs)
        assert session_id
        for action in sorted({*ACTIONS, *DECIDING}):
            for value in forgeries(theirs, session_id, root):
                assert (await bot.slack.people.click(U_BEN, forged(reply, action, value), action)).acknowledged
        await bot.say("still there?", root, user=U_BEN)
        await bot.slack.wait_until(lambda: bot.ended[root] >= 2)
        assert await kept(theirs) == before
        assert broken == []
        assert "swordfish" not in "".join(told.text + str(told.blocks) for told in bot.slack.ephemerals(U_BEN))


@pytest.mark.parametrize("who", [{"id": NOBODY}, {"id": U_ANA, "team_id": "T0ELSEWHER"}])
async def test_nobody_and_people_of_other_workspaces_press_in_vain(
    bot: Bot, broken: list[str], who: dict[str, str]
) -> None:
    root = await bot.ask("hello")
    thread, reply = ThreadKey(TEAM, C_GENERAL, root), bot.replies(root)[0]
    before, asked = await kept(thread), len(bot.model.requests)
    for action in (ActionId.RESET_CONFIRMED, ActionId.COMPACT, ActionId.BRANCH_FROM_SUMMARY, ActionId.CONTINUE_HERE):
        payload = bot.slack.payloads.block_actions(U_ANA, forged(reply, action, str(thread)), action, None, "", {})
        payload["user"] |= who
        payload["team"] |= {"id": who.get("team_id", TEAM)}
        assert (await bot.slack.people.send(payload)).acknowledged
    payload = bot.slack.payloads.message_shortcut(U_ANA, ShortcutId.RESET_SESSION, reply)
    payload["user"] |= who
    payload["team"] |= {"id": who.get("team_id", TEAM)}
    assert (await bot.slack.people.send(payload)).acknowledged
    await bot.say("still there?", channel=D_ANA)
    assert await kept(thread) == before
    assert len(bot.model.requests) == asked + 1
    assert bot.slack.posts_of_bot(C_GENERAL) == []
    assert broken == []


async def test_a_message_of_somebody_who_is_not_in_the_workspace_is_not_answered(bot: Bot, broken: list[str]) -> None:
    root = await bot.ask("hello")
    asked = len(bot.model.requests)
    event = dict(bot.slack.events[-1]["event"])
    for number, text in enumerate((f"{bot.slack.mention} let me in", "and here")):
        ts = f"{float(root) + 1 + number:.6f}"
        event |= {"type": "message", "user": NOBODY, "text": text, "ts": ts, "event_ts": ts, "thread_ts": root}
        bot.slack.send_event(dict(event))
    await bot.say("still there?", root)
    assert len(bot.model.requests) == asked + 1
    assert "let me in" not in str(bot.model.requests[-1].raw)
    assert broken == []


STRANGE = {
    "@/etc/passwd": "@/etc/passwd",
    "/cost": "/cost",
    "/compact": "/compact",
    "!ls": "!ls",
    "<!channel>": "@channel",
    "&lt;!channel&gt;": "<!channel>",
    "\x1b[31mred\x00": "[31mred",
    "a\u202etxt.exe": "a\u202etxt.exe",
}
"""What comes over the wire, and what the model is shown of it: text, as it was typed."""


async def test_a_strange_prompt_is_text_to_the_model_and_pings_nobody(bot: Bot) -> None:
    root = await bot.ask("hello")
    for wire, read in STRANGE.items():
        bot.model.script(say(f"You said {read}"))
        await bot.say(wire, root)
        assert bot.model.requests[-1].prompts[-1] == read
        assert "<!channel>" not in bot.texts(root)[-1]
        assert "root:x:" not in json.dumps(bot.model.requests[-1].raw)


async def test_absurd_commands_are_answered_and_break_nothing(bot: Bot, broken: list[str]) -> None:
    odd = ["compact -1", "rename '; DROP TABLE threads", "continue ../../etc/passwd", f"forget <@{NOBODY}>"]
    words = [
        "",
        "\x00",
        "show " + "x" * 8_000,
        "tag \u202e " + "y" * 500,
        "list #C tag: <@>",
        "reset \u0600",
    ]
    for word in (*words, *odd):
        assert (await command(bot, word)).text
    assert broken == []
