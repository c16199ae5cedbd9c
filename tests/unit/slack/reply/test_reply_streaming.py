"""Replies as they stream: steadily, by words, over as many messages as it takes."""

from __future__ import annotations

import asyncio

from tests.unit.slack.fake_slack import settle
from tests.unit.slack.reply.replying import DM, a_reply, a_turn


async def test_the_first_text_is_shown_at_once() -> None:
    async with a_reply() as scene:
        await scene.say("Hel")
        await settle()
        assert scene.slack.text == "Hel"


async def test_feeding_never_waits_for_slack() -> None:
    async with a_reply() as scene:
        gate = asyncio.Event()

        async def closed(method: str) -> None:
            await gate.wait()

        scene.slack.gate = closed
        for _ in range(100):
            await scene.say("words ")
        assert scene.slack.text == ""
        gate.set()
        await scene.close()
        assert scene.slack.text == "words " * 100


async def test_later_text_goes_by_time_and_by_words() -> None:
    async with a_reply() as scene:
        await scene.say("One ")
        await settle()
        await scene.say("two thr")
        await scene.clock.advance(0.3)
        assert scene.slack.text == "One "
        await scene.clock.advance(0.5)
        assert scene.slack.text == "One two "
        await scene.say("ee")
        await scene.clock.advance(3)
        assert scene.slack.text == "One two three"


async def test_much_text_goes_sooner() -> None:
    async with a_reply() as scene:
        await scene.say("One ")
        await settle()
        await scene.say("word " * 400)
        await scene.clock.advance(0.45)
        assert scene.slack.text == "One " + "word " * 400


async def test_channels_get_the_recipient_that_slack_requires() -> None:
    async with a_reply(a_turn(user_team="T-other")) as scene:
        await scene.say("Hello")
        await scene.close()
        (start,) = scene.slack.called("chat.startStream")
        assert (start["recipient_user_id"], start["recipient_team_id"]) == ("U1", "T-other")
        assert start["thread_ts"] == "1.0"


async def test_a_dm_needs_no_recipient() -> None:
    async with a_reply(a_turn(DM)) as scene:
        await scene.say("Hello")
        await scene.close()
        assert "recipient_user_id" not in scene.slack.called("chat.startStream")[0]


async def test_streams_are_always_given_chunks() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        await scene.say("you there ")
        await scene.clock.advance(2)
        await scene.close()
        assert not any("markdown_text" in arguments for _, arguments in scene.slack.calls)


async def test_a_stream_is_closed_before_five_minutes_and_another_goes_on() -> None:
    async with a_reply() as scene:
        for minute in range(12):
            await scene.say(f"minute {minute} ")
            await scene.clock.advance(60)
        await scene.close()
        assert scene.slack.text == "".join(f"minute {minute} " for minute in range(12))
        assert len(scene.slack.messages) == 3
        assert not scene.slack.called("chat.update")


async def test_a_silent_stream_is_closed_in_time_and_gets_its_buttons_at_the_end() -> None:
    async with a_reply() as scene:
        await scene.say("Let me think.")
        await scene.clock.advance(600)
        assert not scene.slack.messages[0].live
        await scene.close()
        (message,) = scene.slack.messages
        assert (message.text, message.actions) == ("Let me think.", ["feedback"])


async def test_long_answers_roll_over_and_only_the_last_message_has_buttons() -> None:
    async with a_reply() as scene:
        text = "\n\n".join(f"Paragraph {number}. " + "words " * 100 for number in range(40))
        await scene.say(text)
        timestamps = await scene.close()
        messages = scene.slack.messages
        assert [message.ts for message in messages] == list(timestamps)
        assert "".join(message.text for message in messages) == text
        assert all(len(message.text.encode()) <= 9_000 for message in messages)
        assert all(message.text.endswith("\n\n") for message in messages[:-1])
        assert [bool(message.actions) for message in messages] == [False, False, True]


async def test_a_code_block_is_closed_and_opened_again_with_its_language() -> None:
    async with a_reply() as scene:
        await scene.say("Here it is. " * 600 + "\n```python\n" + "print('hello')\n" * 300 + "```\nDone.")
        await scene.close()
        first, second = scene.slack.messages
        assert first.text.endswith("print('hello')\n```")
        assert second.text.startswith("```python\nprint('hello')\n")
        assert second.text.endswith("```\nDone.")


async def test_a_table_gets_its_header_again() -> None:
    async with a_reply() as scene:
        await scene.say("| name | value |\n|---|---|\n" + "| one of many | 1 |\n" * 600)
        await scene.close()
        first, second = scene.slack.messages
        assert first.text.endswith("| one of many | 1 |\n")
        assert second.text.startswith("| name | value |\n|---|---|\n| one of many | 1 |\n")


async def test_a_nested_list_gets_its_items_again() -> None:
    async with a_reply() as scene:
        await scene.say("1. first\n   - second\n" + "     - a deeply nested point\n" * 500)
        await scene.close()
        assert scene.slack.messages[1].text.startswith("1. …\n   - …\n     - a deeply nested point\n")
