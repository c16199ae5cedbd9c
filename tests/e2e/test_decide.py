"""What needs somebody's word waits for it, and is decided once, from cards in the thread."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.conftest import U_ANA, U_BEN, Bot, Launcher
from tests.e2e.deciding import (
    ALLOW,
    COLOURS,
    DENY,
    OWN,
    REASON,
    SEND,
    SIZES,
    UNDER,
    answered,
    asked,
    asks,
    modal,
    press,
    shown,
    whispered,
    writes,
)


@pytest.fixture
async def bot(launcher: Launcher) -> AsyncIterator[Bot]:
    async with launcher.up(**UNDER) as bot:
        yield bot


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
