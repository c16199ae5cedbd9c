"""Helpers for tests about decisions: a model that asks, and people who press."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bot.playground.model import Request, say, use_tool
from bot.playground.model.replies import Reply
from bot.playground.slack.interactions import Answer
from bot.playground.slack.values import Message, View
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, Bot

UNDER = {"BOT_POLICY": ""}
"""Settings under which what is built in holds: writing needs somebody's word."""

ALLOW, HERE, DENY, REASON, SHOW, SEND, OWN = (
    "decide_allow_once",
    "decide_allow_here",
    "decide_deny",
    "decide_deny_reason",
    "decide_show",
    "decide_send",
    "decide_own_words",
)
COLOURS = {
    "question": "Which colour?",
    "header": "Colour",
    "multiSelect": False,
    "options": [{"label": "Red", "description": "Warm"}, {"label": "Blue", "description": "Cool"}],
}
SIZES = {
    "question": "Which sizes?",
    "header": "Sizes",
    "multiSelect": True,
    "options": [{"label": "Small", "description": "S"}, {"label": "Large", "description": "L"}],
}


def calls(tool: str, tool_input: dict[str, Any]) -> Callable[[Request], Reply]:
    """A model that uses this tool once, and then repeats what came of it."""

    def script(request: Request) -> Reply:
        return say(f"Result: {request.results[-1].text}") if request.results else use_tool(tool, tool_input)

    return script


def writes(content: str = "hello\n", name: str = "notes.md") -> Callable[[Request], Reply]:
    return calls("Write", {"file_path": name, "content": content})


def asks(*questions: dict[str, Any]) -> Callable[[Request], Reply]:
    return calls("AskUserQuestion", {"questions": list(questions)})


async def card(bot: Bot, root: str, count: int = 1) -> Message:
    """The last of that many cards in a thread."""

    def cards() -> list[Message]:
        return [m for m in bot.replies(root) if m.metadata.get("event_type") == "agent_decision"]

    await bot.slack.wait_until(lambda: len(cards()) >= count, ANSWER_S)
    return cards()[-1]


async def asked(bot: Bot, text: str = "do it", user: str = U_ANA) -> tuple[str, Message]:
    """Ask for something that needs a decision. Returns the thread's root and the card."""
    root = bot.slack.people.say(user, C_GENERAL, f"{bot.slack.mention} {text}")
    return root, await card(bot, root)


async def press(bot: Bot, place: Message, action: str, user: str = U_ANA, **more: Any) -> Answer:
    return await bot.slack.people.click(user, place, action, **more)


async def modal(bot: Bot, user: str = U_ANA) -> View:
    return (await bot.slack.wait_until(lambda: bot.slack.workspace.modals.get(user, []), ANSWER_S))[-1]


def shown(message: Message | View) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)


def whispered(bot: Bot, user: str) -> str:
    return " ".join(one.text for one in bot.slack.ephemerals(user))


async def answered(bot: Bot, root: str, what: str) -> None:
    """Wait until the bot has said something in the thread that contains this."""
    await bot.slack.wait_until(lambda: any(what in text for text in bot.texts(root)), ANSWER_S)
