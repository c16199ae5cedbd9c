"""Replies that keep to Slack's rates."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.model import Ending, ToolStarted
from bot.slack.api.limits import STATUS_CHARS
from bot.slack.reply.mode import StreamingMode
from bot.slack.reply.status import SIGN_S
from bot.slack.reply.ways import CROWDED_S
from tests.unit.slack.fake_slack import settle
from tests.unit.slack.reply.replying import Scene, a_reply

SENTENCE = "This is a sentence of the answer, and it says a little more than nothing at all. "


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
async def test_a_stop_does_not_queue_and_leaves_what_was_said(mode: StreamingMode) -> None:
    async with a_reply(mode=mode) as scene:
        await scene.say("Hello there, ")
        await settle()
        scene.slack.wait = {"chat.stopStream": 60.0, "chat.update": 60.0, "chat.postMessage": 60.0}
        await scene.say("you all.")
        before = scene.clock.now()
        await scene.close(Ending.STOPPED)
        assert scene.clock.now() - before < 1.0
        assert scene.slack.text.startswith("Hello there, you all.")


@pytest.mark.parametrize("mode", list(StreamingMode))
@pytest.mark.parametrize("begun", [True, False])
async def test_a_stop_overtakes_the_turn_that_text_waits_for(mode: StreamingMode, *, begun: bool) -> None:
    queues = dict.fromkeys(("chat.startStream", "chat.appendStream", "chat.postMessage", "chat.update"), 60.0)
    async with a_reply(mode=mode) as scene:
        scene.slack.wait = {} if begun else queues
        await scene.say("Hello there, ")
        await scene.clock.advance(5)
        scene.slack.wait = queues
        await scene.say("you all.")
        await scene.clock.advance(5)
        before = scene.clock.now()
        await scene.close(Ending.STOPPED)
        assert scene.clock.now() - before < 1.0
        assert scene.slack.text.startswith("Hello there, you all.")


@pytest.mark.parametrize(
    ("queues", "way"),
    [
        ({}, "chat.startStream"),
        ({"chat.startStream": 8.0}, "chat.postMessage"),
        ({"chat.appendStream": CROWDED_S + 1}, "chat.postMessage"),
        ({"chat.startStream": 20.0, "chat.postMessage": 60.0}, "chat.startStream"),
        ({"chat.startStream": 60.0, "chat.postMessage": 20.0}, "chat.postMessage"),
        ({"chat.startStream": 20.0, "chat.appendStream": 70.0, "chat.postMessage": 60.0}, "chat.postMessage"),
    ],
)
async def test_an_answer_begins_where_its_turn_comes_first(queues: dict[str, float], way: str) -> None:
    async with a_reply() as scene:
        scene.slack.wait = queues
        await scene.say(SENTENCE)
        await scene.clock.advance(70)
        assert scene.slack.calls[0][0] == way
        await scene.close()
        assert scene.slack.text.strip() == SENTENCE.strip()


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
async def test_what_is_set_for_a_channel_is_waited_for(mode: StreamingMode) -> None:
    async with a_reply(mode=mode) as scene:
        scene.slack.wait = {"chat.startStream": 60.0, "chat.postMessage": 60.0}
        await scene.say(SENTENCE)
        await scene.clock.advance(61)
        await scene.close()
        assert len(scene.slack.called("chat.startStream")) == (mode is StreamingMode.STREAM)


async def test_while_a_stop_queues_what_is_left_is_shown_first() -> None:
    async with a_reply() as scene:
        await scene.say(SENTENCE)
        await settle()
        scene.slack.wait = {"chat.stopStream": 100.0}
        await scene.say("And the rest of it.")
        began = scene.clock.now()
        await scene.close()
        assert [method for method, _ in scene.slack.calls] == [
            "chat.startStream",
            "chat.appendStream",
            "chat.stopStream",
        ]
        assert scene.clock.now() - began >= 100.0
        assert scene.slack.messages[0].actions == ["feedback"]


async def _writes_on(scene: Scene, seconds: int) -> list[float]:
    """When people see something, while the model says a little every half second."""
    seen, moments = -1, []
    for _ in range(seconds * 2):
        await scene.say(SENTENCE)
        await scene.clock.advance(0.5)
        sees = len(scene.slack.statuses) + len(scene.slack.text)
        if sees != seen:
            seen = sees
            moments.append(scene.clock.now())
    return moments


async def test_people_see_a_sign_of_text_that_waits_every_ten_seconds() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.wait = {"chat.postMessage": 60.0, "chat.update": 60.0}
        moments = await _writes_on(scene, 180)
        assert max(later - earlier for earlier, later in pairwise(moments)) <= 10.0
        signs = [status for status in scene.slack.statuses if status.startswith("is writing… ")]
        assert len(set(signs)) == len(signs) >= 12, "each says more than the one before"
        assert all(len(status) <= STATUS_CHARS for status in signs)
        assert len(signs) <= 20, "and no more of them than needed"


async def test_no_sign_is_given_where_text_comes_soon_enough() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.wait = {"chat.update": SIGN_S - 2, "chat.postMessage": SIGN_S - 2}
        await _writes_on(scene, 60)
        assert len(scene.slack.statuses) <= 1, "before the first text"


async def test_the_tool_that_runs_is_named_although_text_waits() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.wait = {"chat.postMessage": 60.0}
        await scene.say(SENTENCE)
        await scene.feed(ToolStarted("t1", "Read", "Reading report.md"))
        await scene.clock.advance(3)
        assert scene.slack.statuses[-1] == "is working: Reading report.md"


async def test_where_updates_queue_text_goes_on_in_messages_of_its_own() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.wait["chat.update"] = 60.0
        for number in range(20):
            await scene.say(f"This is sentence {number}, which says a little more than nothing at all. ")
            await scene.clock.advance(2)
        await scene.close()
        said = "".join(f"This is sentence {n}, which says a little more than nothing at all. " for n in range(20))
        assert scene.slack.text.split() == said.split()
        assert len(scene.slack.messages) >= 5
        assert all(message.text.rstrip().endswith(".") for message in scene.slack.messages)


async def test_an_hour_without_text_shows_a_sign_of_life_all_along() -> None:
    async with a_reply() as scene:
        await scene.say("Let me see. ")
        for minute in range(60):
            await scene.clock.advance(60)
            assert len(scene.slack.statuses) >= minute // 2
        await scene.say("Done.")
        await scene.close()
        assert scene.slack.text == "Let me see. Done."
        assert not any(message.live for message in scene.slack.messages)
