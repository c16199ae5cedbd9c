"""Every error that Slack documents for what a reply calls: the reply goes on and is complete, or it ends cleanly."""

from __future__ import annotations

import pytest

from bot.errors import ChatRefused
from bot.model import Ending
from bot.slack.reply.mode import StreamingMode
from bot.slack.reply.refusals import CODES, Meaning, meaning_of
from tests.unit.slack.fake_slack import FakeSlack, HandClock, refused
from tests.unit.slack.reply.replying import Scene, a_reply

STREAMING = ("chat.startStream", "chat.appendStream", "chat.stopStream")
POSTING = ("chat.postMessage", "chat.update")

SENTENCES = [f"Sentence {number} of the answer. " for number in range(6)]

OTHERS = frozenset({"invalid_arguments", "an_error_of_next_year", "no_text", "too_many_attachments"})
"""Such as only a mistake of ours would bring, or that nobody knows yet."""


@pytest.mark.parametrize("code", sorted(OTHERS.union(*CODES.values())))
@pytest.mark.parametrize("method", [*STREAMING, *POSTING])
async def test_after_any_refusal_the_reply_is_complete_or_ended(method: str, code: str) -> None:
    mode = StreamingMode.STREAM if method in STREAMING else StreamingMode.UPDATE
    slack = FakeSlack(HandClock())
    slack.fail(method, refused(code))
    async with a_reply(slack=slack, mode=mode) as scene:
        ended = await _told(scene)
        if ended is None:
            assert slack.text.split() == "".join(SENTENCES).split()
            assert meaning_of(ChatRefused(method, code)) is not Meaning.GONE
            return
        assert ended.code == code
        assert "".join(SENTENCES).startswith(slack.text.rstrip())
        calls = len(slack.calls)
        await scene.clock.advance(60)
        assert len(slack.calls) == calls, "nothing more is tried"


async def _told(scene: Scene) -> ChatRefused | None:
    """Tell all of it. Returns what ended the reply before its end."""
    try:
        for sentence in SENTENCES:
            await scene.say(sentence)
            await scene.clock.advance(2)
        await scene.close(Ending.DONE)
    except ChatRefused as ended:
        return ended
    return None
