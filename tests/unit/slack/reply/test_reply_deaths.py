"""A worker dies at any moment of a reply, before or after any call to Slack or to the store: another completes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from bot.model import Closing, Ending, Outcome, Progress, TextDelta, ToolFinished, ToolStarted
from bot.slack.reply.mode import StreamingMode
from tests.unit.slack.fake_slack import FakeSlack, HandClock, settle
from tests.unit.slack.reply.read_back import check_told
from tests.unit.slack.reply.replying import Scene, a_reply, a_turn

PART_BYTES = 600
PARAGRAPHS = tuple(f"Paragraph {number}: " + f"word{number} " * 20 + "\n\n" for number in range(8))
SAID = "".join(PARAGRAPHS)
MOST_MOMENTS = 200
STATUS = "assistant.threads.setStatus"
ENDING = Closing(Outcome(Ending.DONE, "session-1"))


class Fate:
    """Lets so many moments pass, and nothing after them."""

    def __init__(self, moments: int) -> None:
        self.left = moments

    async def passes(self) -> None:
        if self.left <= 0:
            await asyncio.Event().wait()
        self.left -= 1

    def ruled(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The same call, with a moment before and one after it."""

        async def ruled(*arguments: Any, **more: Any) -> Any:
            if arguments == (STATUS,):  # comes and goes beside the reply
                return await call(*arguments, **more)
            await self.passes()
            answer = await call(*arguments, **more)
            await self.passes()
            return answer

        return ruled


async def _live(scene: Scene, *, tools: bool) -> None:
    """Say everything, and close."""
    for number, paragraph in enumerate(PARAGRAPHS):
        await scene.feed(TextDelta(paragraph))
        if tools and number in (2, 5):
            await scene.feed(ToolStarted(f"t{number}", "Read", "Reading"), ToolFinished(f"t{number}", ok=True))
        await scene.clock.advance(1.5)
    closing = asyncio.ensure_future(scene.reply.close(ENDING))
    await scene.clock.advance(30)
    closing.cancel()
    with suppress(asyncio.CancelledError):
        await closing


async def _dies_and_is_followed(fate: Fate, mode: StreamingMode, *, tools: bool) -> None:
    slack = FakeSlack(HandClock())
    call = slack.call
    async with a_reply(slack=slack, mode=mode, part_bytes=PART_BYTES) as first:
        slack.call = fate.ruled(call)  # type: ignore[method-assign, assignment]
        first.journal.save = fate.ruled(first.journal.save)  # type: ignore[method-assign, assignment]
        await _live(first, tools=tools)
    slack.call = call  # type: ignore[method-assign]
    kept = first.journal.last if first.journal.saves else Progress()
    async with a_reply(a_turn(progress=kept), slack=slack, mode=mode, part_bytes=PART_BYTES) as second:
        await second.say(SAID[len(kept.said) :])
        await second.close()
        await settle()
    progress = second.journal.last if second.journal.saves else kept
    assert [message.ts for message in slack.messages] == [part.ts for part in progress.parts]
    assert not any(message.live for message in slack.messages)
    check_told([message.text for message in slack.messages], {}, progress, SAID)


@pytest.mark.parametrize("mode", [StreamingMode.AUTO, StreamingMode.UPDATE])
@pytest.mark.parametrize("tools", [False, True])
async def test_nobody_sees_the_same_text_twice_or_misses_any(mode: StreamingMode, tools: bool) -> None:
    for moments in range(MOST_MOMENTS):
        fate = Fate(moments)
        await _dies_and_is_followed(fate, mode, tools=tools)
        if fate.left:
            assert moments > 20
            return
    pytest.fail("the reply did not end")
