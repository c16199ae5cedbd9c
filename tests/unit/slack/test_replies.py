"""Replies, behaviour by behaviour, against a Slack that keeps to its rules."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.errors import ChatAway, ChatRefused, LeaseLost
from bot.model import (
    Closing,
    Ending,
    Outcome,
    Part,
    Progress,
    Remark,
    RemarkKind,
    TextDelta,
    Thinking,
    ToolFinished,
    ToolStarted,
    Usage,
)
from bot.slack import wording
from bot.slack.mode import StreamingMode
from tests.unit.slack.fake_slack import Effect, FakeSlack, Fault, HandClock, settle
from tests.unit.slack.replying import DM, a_reply, a_turn

UPDATE = StreamingMode.UPDATE


def refused(code: str) -> Fault:
    return Fault(Effect.REFUSED, code)


# --- streaming ------------------------------------------------------------------------------------


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


# --- refusals -------------------------------------------------------------------------------------


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
    async with a_reply(mode=UPDATE) as scene:
        await scene.say("Hello ")
        await scene.clock.advance(2)
        await scene.say("there.")
        await scene.close()
        assert scene.slack.text == "Hello there."
        assert not scene.slack.called("chat.startStream")


async def test_updates_come_about_once_a_second() -> None:
    async with a_reply(mode=UPDATE) as scene:
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
    async with a_reply(mode=UPDATE) as scene:
        scene.slack.fail("chat.postMessage", *[refused("msg_too_long")] * 9)
        await scene.say("Hello")
        with pytest.raises(ChatRefused, match="msg_too_long"):
            await scene.close()


# --- unknown outcomes -----------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [Effect.LOST_BEFORE, Effect.LOST_AFTER])
@pytest.mark.parametrize("mode", [StreamingMode.STREAM, UPDATE])
async def test_a_message_of_unknown_outcome_is_looked_for_before_it_is_sent_again(
    mode: StreamingMode, effect: Effect
) -> None:
    async with a_reply(mode=mode) as scene:
        scene.slack.fail("chat.startStream" if mode is not UPDATE else "chat.postMessage", Fault(effect))
        await scene.say("Hello ")
        await scene.clock.advance(5)
        await scene.say("there.")
        await scene.close()
        assert [message.text for message in scene.slack.messages] == ["Hello there."]
        assert scene.slack.called("conversations.replies")


async def test_a_post_is_known_by_its_metadata() -> None:
    async with a_reply(mode=UPDATE) as scene:
        await scene.say("Hello")
        await scene.close()
        (post,) = scene.slack.called("chat.postMessage")
        assert post["metadata"]["event_payload"] == {"turn_id": "turn-1", "part": 0}


@pytest.mark.parametrize("effect", [Effect.LOST_BEFORE, Effect.LOST_AFTER])
@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
async def test_an_addition_of_unknown_outcome_is_written_over_as_a_whole(method: str, effect: Effect) -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.fail(method, Fault(effect))
        await scene.say("there, you ")
        await scene.clock.advance(2)
        await scene.say("all.")
        await scene.close()
        assert [message.text for message in scene.slack.messages] == ["Hello there, you all."]


async def test_slack_away_for_a_while_delays_and_loses_nothing() -> None:
    async with a_reply() as scene:
        scene.slack.fail("chat.startStream", *[Fault(Effect.UNSENT)] * 5)
        await scene.say("Hello")
        await scene.clock.advance(40)
        await scene.close()
        assert scene.slack.text == "Hello"


async def test_slack_away_for_long_ends_in_chat_away_and_can_be_taken_up() -> None:
    clock = HandClock()
    slack = FakeSlack(clock)
    async with a_reply(slack=slack) as scene:
        await scene.say("Hello ")
        await settle()
        slack.fail("chat.stopStream", *[Fault(Effect.UNSENT)] * 50)
        await scene.say("there.")
        with pytest.raises(ChatAway):
            await scene.close()
    slack.faults_of.clear()
    async with a_reply(a_turn(progress=scene.journal.last), slack=slack) as scene:
        await scene.close()
    assert [(message.text, message.live) for message in slack.messages] == [("Hello there.", False)]


async def test_without_the_right_to_look_sending_again_is_better_than_losing() -> None:
    async with a_reply() as scene:
        scene.slack.fail("chat.startStream", Fault(Effect.LOST_BEFORE))
        scene.slack.refuse_looking = True
        await scene.say("Hello")
        await scene.close()
        assert scene.slack.text == "Hello"


# --- the journal ----------------------------------------------------------------------------------


async def test_text_is_kept_before_it_is_sent() -> None:
    async with a_reply() as scene:
        scene.journal.away = 3
        await scene.say("Hello ")
        await settle()
        assert scene.slack.text == ""
        await scene.clock.advance(10)
        assert scene.slack.text == "Hello "
        assert scene.journal.saves[0] == Progress("Hello ")


async def test_saves_are_bounded_by_the_flushes() -> None:
    async with a_reply() as scene:
        for _ in range(200):
            await scene.say("word ")
            await scene.clock.advance(0.05)
        await scene.close()
        assert len(scene.journal.saves) <= len(scene.slack.calls) + 3


async def test_a_lost_lease_stops_everything_at_once() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.journal.lost = True
        calls = len(scene.slack.calls)
        await scene.say("there, you ")
        await scene.clock.advance(2)
        with pytest.raises(LeaseLost):
            await scene.say("all")
        with pytest.raises(LeaseLost):
            await scene.close()
    assert len(scene.slack.calls) == calls
    assert "" not in scene.slack.statuses


async def test_a_worker_that_was_frozen_asks_for_its_lease_before_it_shows_anything() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await scene.feed(ToolStarted("t1", "Bash", "Running a command"))
        await scene.clock.advance(2)
        calls = list(scene.slack.calls)
        scene.journal.lost = True
        scene.clock.time += 60
        await scene.feed(ToolFinished("t1", ok=True))  # which changes nothing that is kept
        await settle()
        with pytest.raises(LeaseLost):
            await scene.close()
    assert scene.slack.calls == calls


async def test_at_the_end_the_progress_says_that_everything_is_confirmed() -> None:
    async with a_reply() as scene:
        await scene.say("Hello")
        (ts,) = await scene.close()
        assert scene.journal.last == Progress("Hello", (Part(ts, 5, False),))


async def test_a_message_left_open_by_a_dead_worker_is_completed() -> None:
    clock = HandClock()
    slack = FakeSlack(clock)
    async with a_reply(slack=slack) as first:
        await first.say("Hello there, ")
        await settle()
    async with a_reply(a_turn(progress=first.journal.last), slack=slack) as second:
        await second.say("you all.")
        await second.close()
    assert [(message.text, message.live) for message in slack.messages] == [("Hello there, you all.", False)]


async def test_a_turn_that_starts_over_writes_the_same_messages_anew() -> None:
    clock = HandClock()
    slack = FakeSlack(clock)
    async with a_reply(slack=slack) as first:
        await first.say("old words " * 1_500)
        await clock.advance(5)
    assert len(slack.messages) == 2
    async with a_reply(a_turn(progress=first.journal.last), slack=slack) as second:
        await second.feed(Remark(RemarkKind.STARTED_OVER), TextDelta("A new answer."))
        timestamps = await second.close()
    assert [(message.ts, message.text) for message in slack.messages] == [(timestamps[0], "A new answer.")]


async def test_a_lost_session_is_said_in_one_line() -> None:
    async with a_reply() as scene:
        await scene.feed(Remark(RemarkKind.SESSION_LOST), TextDelta("Hello"))
        await scene.close()
        assert scene.slack.text == f"{wording.FRESH_START}\n\nHello"


# --- tools ----------------------------------------------------------------------------------------


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
    async with a_reply(mode=UPDATE) as scene:
        await scene.say("Let me look.\n\n")
        await scene.feed(ToolStarted("t1", "Read", "Reading report.md"), ToolFinished("t1", ok=False, summary="gone"))
        await scene.say("It is gone.")
        await scene.close()
        (message,) = scene.slack.messages
        assert message.text == "Let me look.\n\nIt is gone."
        assert message.lines == ["✗ Reading report.md – gone"]


# --- the end --------------------------------------------------------------------------------------


async def test_an_error_with_nothing_said_is_the_notice_alone() -> None:
    async with a_reply() as scene:
        await scene.close(Ending.OVERLOADED)
        assert scene.slack.text == f"_{wording.ending_notice(Outcome(Ending.OVERLOADED, ''))}_"
        assert not scene.slack.called("chat.startStream")


async def test_a_turn_without_words_is_answered_all_the_same() -> None:
    async with a_reply() as scene:
        await scene.close()
        assert scene.slack.text == f"_{wording.NOTHING_SAID}_"


async def test_the_notice_follows_what_was_said() -> None:
    async with a_reply() as scene:
        await scene.say("Half an ans")
        await scene.close(Ending.STOPPED)
        notice = wording.ending_notice(Outcome(Ending.STOPPED, ""))
        assert scene.slack.text == f"Half an ans\n\n_{notice}_"


async def test_a_notice_never_lands_inside_a_code_block() -> None:
    async with a_reply() as scene:
        await scene.say("```js\nlet a")
        await scene.close(Ending.STOPPED)
        assert scene.slack.text.startswith("```js\nlet a\n```\n\n_")


@pytest.mark.parametrize("ending", [Ending.MAX_TURNS, Ending.MAX_BUDGET])
async def test_a_limit_offers_to_continue(ending: Ending) -> None:
    async with a_reply() as scene:
        await scene.say("So far.")
        await scene.close(ending)
        button = scene.slack.messages[-1].blocks[0]["elements"][0]
        assert button["action_id"] == "continue_turn"
        assert json.loads(button["value"]) == {"thread": "T1:C1:1.0", "ending": ending.value}


async def test_the_usage_line_is_shown_when_asked_for() -> None:
    async with a_reply() as scene:
        await scene.say("Hello")
        await scene.close(usage=Usage("claude-x", 72.0, 0.031))
        assert scene.slack.messages[-1].lines == ["claude-x · 1 min 12 s · $0.03"]


async def test_leaving_without_an_end_leaves_what_was_said() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        calls = len(scene.slack.calls)
    await scene.clock.advance(10)
    assert (scene.slack.text, len(scene.slack.calls)) == ("Hello ", calls)


async def test_mentions_from_the_model_ping_nobody_even_in_two_pieces() -> None:
    async with a_reply() as scene:
        for piece in ("Hello ", "<", "!chan", "nel> and <@U", "12345> and `<!here>`"):
            await scene.say(piece)
            await scene.clock.advance(2)
        await scene.close()
        assert scene.slack.text.replace("\u2060", "") == "Hello <!channel> and <@U12345> and `<!here>`"
        assert scene.slack.text.count("\u2060") == 3


async def test_tool_titles_ping_nobody() -> None:
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Bash", "Running echo <!channel>"))
        await scene.close()
        assert "<!channel>" not in str(scene.slack.messages[0].cards)


# --- the status -----------------------------------------------------------------------------------


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


# --- under Slack's rates ----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [StreamingMode.STREAM, UPDATE])
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
    async with a_reply(mode=UPDATE) as scene:
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
