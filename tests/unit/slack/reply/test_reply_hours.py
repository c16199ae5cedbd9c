"""A turn of an hour, with text and tools all along."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.model import ToolFinished, ToolStarted
from bot.slack.api.limits import PART_BYTES, STREAM_LIFE_S
from bot.slack.reply.mode import StreamingMode
from tests.unit.slack.fake_slack import Shown
from tests.unit.slack.reply.replying import Scene, a_reply

STEP_S = 5
STEPS = 3_600 // STEP_S
TOOL_EVERY = 12
"""Steps: a tool begins once a minute, and takes half of it."""


def sentence(number: int) -> str:
    return f"Step {number} is done, and what came of it is as expected. " + ("\n\n" if number % 7 == 6 else "")


async def work(scene: Scene) -> list[float]:
    """An hour of it. Returns when people saw something new."""
    seen, moments = "", [scene.clock.now()]
    for number in range(STEPS):
        await scene.say(sentence(number))
        if number % TOOL_EVERY == 0:
            await scene.feed(ToolStarted(f"t{number}", "Bash", f"Running {number}"))
        if number % TOOL_EVERY == TOOL_EVERY // 2:
            await scene.feed(ToolFinished(f"t{number - TOOL_EVERY // 2}", ok=True, summary="fine"))
        await scene.clock.advance(STEP_S)
        live = [message for message in scene.slack.messages if message.live]
        assert all(scene.clock.now() - message.opened_at < STREAM_LIFE_S for message in live)
        if (sees := scene.slack.text + "".join(scene.slack.statuses)) != seen:
            seen = sees
            moments.append(scene.clock.now())
    return moments


def tools(message: Shown) -> list[tuple[str, str]]:
    """Its cards, with the number in their titles and how they stand."""
    cards = [*message.cards.values(), *message.plan.get("tasks", ())]
    return [(str(card["title"]), str(card["status"])) for card in cards] + [(line, "") for line in message.lines]


@pytest.mark.parametrize("mode", StreamingMode)
async def test_an_hour_of_text_and_tools_is_all_there_once_and_was_seen_to_go_on(mode: StreamingMode) -> None:
    async with a_reply(mode=mode) as scene:
        moments = await work(scene)
        assert max(later - earlier for earlier, later in pairwise(moments)) <= 2 * STEP_S
        await scene.close()
        said = "".join(sentence(number) for number in range(STEPS))
        assert scene.slack.text.split() == said.split()
        assert all(len(message.text.encode()) <= PART_BYTES for message in scene.slack.messages)
        assert not any(message.live for message in scene.slack.messages)
        assert [bool(message.actions) for message in scene.slack.messages].count(True) == 1
        assert scene.slack.messages[-1].actions == ["feedback"]
        statuses = {status for message in scene.slack.messages for _, status in tools(message)}
        assert not statuses & {"in_progress", "error"}
        named = "\n".join(title for message in scene.slack.messages for title, _ in tools(message))
        assert all(f"Running {number}" in named for number in range(0, STEPS, TOOL_EVERY))
        assert mode is StreamingMode.UPDATE or not scene.slack.called("chat.update"), "no stream died"
