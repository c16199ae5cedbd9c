"""Replies that keep to Slack's rates."""

from __future__ import annotations

import pytest

from bot.model import (
    Ending,
)
from bot.slack.mode import StreamingMode
from tests.unit.slack.fake_slack import settle
from tests.unit.slack.replying import a_reply


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
