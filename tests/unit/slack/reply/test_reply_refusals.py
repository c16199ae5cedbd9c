"""Whatever Slack refuses, the reply goes on in the right way, or ends."""

from __future__ import annotations

import pytest

from bot.errors import ChatRefused
from bot.slack.reply.mode import StreamingMode
from tests.unit.slack.fake_slack import FakeSlack, HandClock, refused, settle
from tests.unit.slack.reply.replying import a_reply


async def test_where_slack_has_no_streams_answers_are_posted_and_updated_for_good() -> None:
    clock = HandClock()
    slack = FakeSlack(clock)
    slack.fail("chat.startStream", refused("channel_type_not_supported"))
    async with a_reply(slack=slack) as scene:
        await scene.say("Hello ")
        await clock.advance(2)
        await scene.say("there, you ")
        await clock.advance(2)
        await scene.say("all.")
        await scene.close()
    assert slack.text == "Hello there, you all."
    assert len(slack.called("chat.startStream")) == 1
    assert len(slack.called("chat.postMessage")) == 1
    assert slack.messages[0].actions == ["feedback"]


async def test_update_mode_never_streams() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        await scene.say("Hello ")
        await scene.clock.advance(2)
        await scene.say("there.")
        await scene.close()
        assert scene.slack.text == "Hello there."
        assert not scene.slack.called("chat.startStream")


async def test_updates_come_about_once_a_second() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        for _ in range(100):
            await scene.say("word ")
            await scene.clock.advance(0.1)
        assert 6 <= len(scene.slack.called("chat.update")) <= 9


async def test_a_stream_that_would_have_to_queue_is_posted_instead() -> None:
    async with a_reply() as scene:
        scene.slack.wait["chat.startStream"] = 20.0
        await scene.say("Hello")
        await scene.close()
        assert scene.slack.text == "Hello"
        assert not scene.slack.called("chat.startStream")


@pytest.mark.parametrize("code", ["message_not_in_streaming_state", "streaming_state_conflict", "a_new_error"])
@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
async def test_a_stream_that_takes_no_more_is_completed_by_an_update(method: str, code: str) -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.fail(method, refused(code))
        await scene.say("there, you ")
        await scene.clock.advance(2)
        await scene.say("all.")
        await scene.close()
        (message,) = scene.slack.messages
        assert (message.text, message.live, message.actions) == ("Hello there, you all.", False, ["feedback"])


async def test_a_stream_that_somebody_stopped_is_completed() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.expire()
        await scene.say("there.")
        await scene.close()
        assert scene.slack.text == "Hello there."


async def test_a_message_that_slack_finds_too_long_ends_there() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.fail("chat.appendStream", refused("msg_too_long"))
        await scene.say("there, you all. ")
        await scene.clock.advance(2)
        await scene.close()
        assert [message.text for message in scene.slack.messages] == ["Hello ", "there, you all. "]
        assert [bool(message.actions) for message in scene.slack.messages] == [False, True]


async def test_buttons_that_slack_refuses_dont_cost_the_text() -> None:
    async with a_reply() as scene:
        scene.slack.fail("chat.stopStream", refused("invalid_blocks"))
        await scene.say("Hello")
        await scene.close()
        (message,) = scene.slack.messages
        assert (message.text, message.live, message.actions) == ("Hello", False, [])


@pytest.mark.parametrize("code", ["message_not_found", "thread_not_found", "channel_not_found", "is_archived"])
async def test_a_reply_that_was_deleted_ends_the_writing(code: str) -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.fail("chat.appendStream", refused(code))
        await scene.say("there, you ")
        await scene.clock.advance(2)
        with pytest.raises(ChatRefused, match=code):
            await scene.say("all")
        with pytest.raises(ChatRefused, match=code):
            await scene.close()
        assert scene.slack.text == "Hello "


async def test_a_message_that_is_too_long_however_short_is_given_up() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.fail("chat.postMessage", *[refused("msg_too_long")] * 9)
        await scene.say("Hello")
        with pytest.raises(ChatRefused, match="msg_too_long"):
            await scene.close()
