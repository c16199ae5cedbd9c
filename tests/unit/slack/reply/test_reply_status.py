"""The status line of a reply."""

from __future__ import annotations

import asyncio

import pytest

from bot.model import (
    Closing,
    Ending,
    Outcome,
    Thinking,
    ToolStarted,
)
from bot.slack import wording
from tests.unit.slack.fake_slack import refused, settle
from tests.unit.slack.reply.replying import a_reply


async def test_the_status_shows_at_once_and_is_kept_while_nothing_is_said() -> None:
    async with a_reply() as scene:
        await settle()
        assert scene.slack.statuses == [wording.THINKING]
        await scene.clock.advance(300)
        assert scene.slack.statuses == [wording.THINKING] * 4
        await scene.feed(ToolStarted("t1", "Read", "Reading report.md"))
        await scene.clock.advance(5)
        assert scene.slack.statuses[-1] == "is working: Reading report.md"


async def test_the_status_is_gone_at_the_end() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        await scene.feed(Thinking())
        await scene.clock.advance(5)
        await scene.say("there.")
        await scene.close()
    assert scene.slack.statuses == [wording.THINKING, ""]


async def test_a_failing_status_hurts_nothing() -> None:
    async with a_reply() as scene:
        scene.slack.fail("assistant.threads.setStatus", refused("missing_scope"))
        await scene.say("Hello")
        await scene.close()
        assert scene.slack.text == "Hello"


async def test_closing_can_be_waited_for_by_a_task_that_is_cancelled() -> None:
    async with a_reply() as scene:
        await scene.say("Hello")
        closing = asyncio.ensure_future(scene.reply.close(Closing(Outcome(Ending.DONE, "s"))))
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
