"""What needs somebody's word waits for it, and is decided once, from cards in the thread."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.playground.model import Request, say, use_tool
from bot.playground.model.replies import Reply
from bot.playground.slack.interactions import Answer
from bot.playground.slack.values import Message, Refused, View
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA, U_BEN, Bot, Launcher

UNDER = {"BOT_POLICY": ""}
"""Settings under which what is built in holds: writing needs somebody's word."""

ALLOW, DENY, REASON, SHOW, SEND, OWN = (
    "decide_allow_once",
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


@pytest.fixture
async def bot(launcher: Launcher) -> AsyncIterator[Bot]:
    async with launcher.up(**UNDER) as bot:
        yield bot


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


async def test_a_write_waits_for_its_authors_word_and_then_happens_once(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    assert "hello" in shown(asking)
    assert len(bot.model.requests) == 1
    assert (await press(bot, asking, ALLOW)).acknowledged
    await answered(bot, root, "Result: ")
    await bot.slack.wait_until(lambda: f"<@{U_ANA}> allowed this once" in shown(asking))
    assert "decide_" not in shown(asking)
    [result] = bot.model.requests[-1].results
    assert not result.is_error


async def test_a_no_with_a_reason_reaches_the_model(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    await press(bot, asking, REASON)
    view = await modal(bot)
    assert set((await bot.slack.people.submit(U_ANA, view.id, {"reason": " "})).errors) == {"reason"}
    assert (await bot.slack.people.submit(U_ANA, view.id, {"reason": "Not <today>"})).acknowledged
    await answered(bot, root, "Not <today>")
    assert bot.model.requests[-1].results[-1].is_error
    await bot.slack.wait_until(lambda: "denied this" in shown(asking))
    assert "&lt;today&gt;" in shown(asking)


async def test_somebody_else_is_told_whose_word_counts(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot)
    await press(bot, asking, ALLOW, U_BEN)
    await bot.slack.wait_until(lambda: f"<@{U_ANA}>" in whispered(bot, U_BEN))
    assert len(bot.model.requests) == 1
    assert ALLOW in shown(asking)
    await press(bot, asking, DENY)
    await answered(bot, root, "Result: ")


async def test_an_admin_may_decide_for_somebody_else(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot, user=U_BEN)
    await press(bot, asking, ALLOW, U_ANA)
    await answered(bot, root, "Result: ")
    await bot.slack.wait_until(lambda: f"<@{U_ANA}> allowed this once" in shown(asking))


async def test_the_second_of_two_clicks_is_told_who_decided_what(bot: Bot) -> None:
    bot.model.fall_back_to(writes())
    root, asking = await asked(bot, user=U_BEN)
    asking_before = Message(**asking.__dict__)
    await press(bot, asking, DENY, U_BEN)
    await answered(bot, root, "Result: ")
    await press(bot, asking_before, ALLOW, U_ANA)
    await bot.slack.wait_until(lambda: f"<@{U_BEN}> said no" in whispered(bot, U_ANA))
    assert bot.model.requests[-1].results[-1].is_error


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


async def test_a_card_works_after_a_restart(launcher: Launcher) -> None:
    launcher.model.fall_back_to(writes())
    async with launcher.up(**UNDER) as bot:
        root, asking = await asked(bot)
    async with launcher.up(**UNDER) as bot:
        await press(bot, asking, ALLOW)
        await answered(bot, root, "Result: ")


async def test_a_question_is_answered_by_a_button(bot: Bot) -> None:
    bot.model.fall_back_to(asks(COLOURS))
    root, asking = await asked(bot)
    await press(bot, asking, "decide_choose.1")
    await answered(bot, root, "Blue")
    await bot.slack.wait_until(lambda: "> Blue" in shown(asking))


async def test_several_questions_are_answered_together(bot: Bot) -> None:
    bot.model.fall_back_to(asks(COLOURS, SIZES))
    root, asking = await asked(bot)
    await press(bot, asking, SEND, inputs={"choice0": "0"})
    await bot.slack.wait_until(lambda: "Which sizes?" in whispered(bot, U_ANA))
    await press(bot, asking, SEND, inputs={"choice0": "0", "choice1": ["0", "1"]})
    await answered(bot, root, "Small, Large")


async def test_a_question_is_answered_in_ones_own_words(bot: Bot) -> None:
    bot.model.fall_back_to(asks(COLOURS, SIZES))
    root, asking = await asked(bot)
    await press(bot, asking, OWN, inputs={"choice0": "1"})
    view = await modal(bot)
    assert set((await bot.slack.people.submit(U_ANA, view.id)).errors) == {"own1"}
    await bot.slack.people.submit(U_ANA, view.id, {"own0": "Greenish", "choice1": ["0"]})
    await answered(bot, root, "Greenish")
    await bot.slack.wait_until(lambda: "> Greenish" in shown(asking))


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
