"""Tool calls as people see them."""

from __future__ import annotations

import pytest

from bot.model import (
    Ending,
    ToolFinished,
    ToolStarted,
)
from bot.slack import wording
from bot.slack.api.limits import TIMELINE_CARDS
from bot.slack.reply.mode import StreamingMode
from tests.unit.slack.fake_slack import Effect, Fault, refused, settle
from tests.unit.slack.reply.replying import a_reply


async def test_tools_show_as_cards_between_the_text() -> None:
    async with a_reply() as scene:
        await scene.say("Let me look.\n\n")
        await scene.feed(ToolStarted("t1", "Read", "Reading report.md"))
        await scene.clock.advance(2)
        assert scene.slack.messages[0].cards["t1"]["status"] == "in_progress"
        await scene.feed(ToolFinished("t1", ok=True, summary="40 lines"))
        await scene.say("It says hello.")
        await scene.close()
        (message,) = scene.slack.messages
        assert message.text == "Let me look.\n\nIt says hello."
        assert message.cards["t1"] == {
            "type": "task_update",
            "id": "t1",
            "title": "Reading report.md",
            "status": "complete",
            "output": "40 lines",
        }


@pytest.mark.parametrize("ending", [Ending.STOPPED, Ending.CRASHED, Ending.MAX_TURNS, Ending.DONE])
async def test_every_card_is_closed_whatever_the_end_was(ending: Ending) -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Bash", "Running tests"))
        await settle()
        await scene.close(ending)
        (message,) = scene.slack.messages
        assert message.cards["t1"]["status"] == ("complete" if ending is Ending.DONE else "error")


async def test_a_call_that_somebody_has_to_decide_about_has_not_failed() -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Write", "Writing notes.md"))
        await settle()
        await scene.close(Ending.DEFERRED)
        (message,) = scene.slack.messages
        card = message.cards["t1"]
        assert (card["status"], card["output"]) == ("complete", wording.ASKED_BELOW)


async def test_a_tool_that_outlives_its_message_goes_on_in_the_next() -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Bash", "Running tests"))
        await scene.clock.advance(300)
        first, second = scene.slack.messages
        assert (first.live, first.cards["t1"]["output"]) == (False, wording.CONTINUES_BELOW)
        assert (second.live, second.cards["t1"]["status"]) == (True, "in_progress")
        await scene.feed(ToolFinished("t1", ok=True))
        await scene.close()
        assert second.cards["t1"]["status"] == "complete"


async def test_many_tools_roll_over_too() -> None:
    async with a_reply() as scene:
        for number in range(50):
            started = ToolStarted(f"t{number}", "Read", f"Reading {number}")
            await scene.feed(started, ToolFinished(f"t{number}", ok=True))
        await scene.close()
        shown = [card for message in scene.slack.messages for card in message.cards]
        assert shown == [f"t{number}" for number in range(50)]
        assert len(scene.slack.messages) == 3


async def test_in_update_mode_tools_are_quiet_lines() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        await scene.say("Let me look.\n\n")
        await scene.feed(ToolStarted("t1", "Read", "Reading report.md"), ToolFinished("t1", ok=False, summary="gone"))
        await scene.say("It is gone.")
        await scene.close()
        (message,) = scene.slack.messages
        assert message.text == "Let me look.\n\nIt is gone."
        assert message.lines == ["✗ Reading report.md – gone"]


async def test_in_update_mode_many_tools_are_one_plan_too() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        await scene.say("Let me look.\n\n")
        for number in range(TIMELINE_CARDS + 1):
            await scene.feed(ToolStarted(f"t{number}", "Read", f"Reading {number}"))
            await scene.say(f"Looked at {number}. ")
        await scene.clock.advance(5)
        (message,) = scene.slack.messages
        assert message.plan["title"] == "Working: 6 steps so far"
        for number in range(TIMELINE_CARDS + 1):
            await scene.feed(ToolFinished(f"t{number}", ok=number != 2, summary="gone" if number == 2 else ""))
        await scene.close()
        assert message.plan["title"] == "6 steps, 1 failed"
        assert [task["status"] for task in message.plan["tasks"]].count("complete") == 5
        failed = message.plan["tasks"][2]
        assert failed["output"]["elements"][0]["elements"] == [{"type": "text", "text": "gone"}]
        assert [block["type"] for block in message.blocks] == ["markdown", "plan", "markdown", "context_actions"]
        assert message.text == "Let me look.\n\n" + "".join(f"Looked at {n}. " for n in range(TIMELINE_CARDS + 1))


async def test_a_plan_that_slack_refuses_becomes_lines() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.fail("chat.postMessage", refused("invalid_blocks"))
        for number in range(TIMELINE_CARDS + 1):
            await scene.feed(ToolStarted(f"t{number}", "Read", f"Reading {number}"))
            await scene.feed(ToolFinished(f"t{number}", ok=True))
        await scene.close()
        (message,) = scene.slack.messages
        assert message.text.split("\n\n") == [f"_✓ Reading {number}_" for number in range(TIMELINE_CARDS + 1)]


async def test_a_few_tools_stand_where_they_came_up() -> None:
    async with a_reply() as scene:
        await scene.say("Let me look. ")
        for number in range(TIMELINE_CARDS):
            await scene.feed(
                ToolStarted(f"t{number}", "Read", f"Reading {number}"), ToolFinished(f"t{number}", ok=True)
            )
            await scene.clock.advance(2)
        await scene.close()
        (message,) = scene.slack.messages
        assert not message.grouped
        assert len(message.cards) == TIMELINE_CARDS


async def test_many_tools_are_grouped_into_a_plan_whose_title_tells_how_they_went() -> None:
    async with a_reply() as scene:
        for number in range(8):
            await scene.feed(ToolStarted(f"t{number}", "Read", f"Reading {number}"))
        await settle()
        (message,) = scene.slack.messages
        assert (message.grouped, message.title) == (True, "Working: 8 steps so far")
        for number in range(8):
            await scene.feed(
                ToolFinished(f"t{number}", ok=number != 3, summary="done" if number != 3 else "no such file")
            )
        await scene.clock.advance(2)
        assert message.title == "8 steps, 1 failed"
        assert message.cards["t3"]["output"] == "no such file"
        await scene.say("That is all.")
        await scene.close()
        assert [card["status"] for card in message.cards.values()].count("complete") == 7


async def test_tools_that_become_many_go_on_in_a_plan_of_the_next_message() -> None:
    async with a_reply() as scene:
        await scene.say("Let me look.\n\n")
        for number in range(TIMELINE_CARDS + 4):
            await scene.feed(ToolStarted(f"t{number}", "Read", f"Reading {number}"))
            await scene.clock.advance(2)
            await scene.feed(ToolFinished(f"t{number}", ok=True))
        await scene.say("That is all.")
        await scene.close()
        few, many = scene.slack.messages
        assert (few.grouped, list(few.cards)) == (False, [f"t{n}" for n in range(TIMELINE_CARDS)])
        assert (many.grouped, list(many.cards)) == (True, [f"t{TIMELINE_CARDS + n}" for n in range(4)])
        assert (few.text, many.text, many.title) == ("Let me look.\n\n", "That is all.", "4 steps")


async def test_a_running_tool_moves_into_the_plan() -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t0", "Bash", "Running tests"))
        await settle()
        await scene.feed(*[ToolStarted(f"t{number}", "Read", "Reading") for number in range(1, 8)])
        await scene.clock.advance(2)
        few, many = scene.slack.messages
        assert few.cards["t0"]["output"] == wording.CONTINUES_BELOW
        assert list(many.cards) == [f"t{number}" for number in range(8)]
        await scene.close(Ending.STOPPED)
        assert {card["status"] for card in many.cards.values()} == {"error"}
        assert many.title == "8 steps, 8 failed"


async def test_a_plan_that_expires_is_completed_by_an_update() -> None:
    async with a_reply() as scene:
        await scene.feed(*[ToolStarted(f"t{number}", "Read", f"Reading {number}") for number in range(8)])
        await settle()
        scene.slack.expire()
        await scene.feed(*[ToolFinished(f"t{number}", ok=True) for number in range(8)])
        await scene.close()
        (message,) = scene.slack.messages
        assert message.plan["title"] == "8 steps"
        assert [task["title"] for task in message.plan["tasks"]] == [f"Reading {number}" for number in range(8)]
        assert {task["status"] for task in message.plan["tasks"]} == {"complete"}


@pytest.mark.parametrize("effect", [Effect.LOST_BEFORE, Effect.LOST_AFTER])
async def test_a_plan_of_unknown_outcome_is_found_again(effect: Effect) -> None:
    async with a_reply() as scene:
        scene.slack.fail("chat.startStream", Fault(effect))
        await scene.feed(*[ToolStarted(f"t{number}", "Read", "Reading") for number in range(8)])
        await scene.clock.advance(5)
        await scene.feed(*[ToolFinished(f"t{number}", ok=True) for number in range(8)])
        await scene.close()
        (message,) = scene.slack.messages
        assert (message.title, len(message.cards)) == ("8 steps", 8)
