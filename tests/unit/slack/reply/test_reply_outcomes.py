"""Calls of unknown outcome, and what is kept so that another worker can go on."""

from __future__ import annotations

import pytest

from bot.errors import ChatAway, LeaseLost
from bot.model import (
    Part,
    Progress,
    Remark,
    RemarkKind,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from bot.slack import wording
from bot.slack.reply.mode import StreamingMode
from tests.unit.slack.fake_slack import Effect, FakeSlack, Fault, HandClock, settle
from tests.unit.slack.reply.replying import a_reply, a_turn


@pytest.mark.parametrize("effect", [Effect.LOST_BEFORE, Effect.LOST_AFTER])
@pytest.mark.parametrize("mode", [StreamingMode.STREAM, StreamingMode.UPDATE])
async def test_a_message_of_unknown_outcome_is_looked_for_before_it_is_sent_again(
    mode: StreamingMode, effect: Effect
) -> None:
    async with a_reply(mode=mode) as scene:
        scene.slack.fail("chat.startStream" if mode is not StreamingMode.UPDATE else "chat.postMessage", Fault(effect))
        await scene.say("Hello ")
        await scene.clock.advance(5)
        await scene.say("there.")
        await scene.close()
        assert [message.text for message in scene.slack.messages] == ["Hello there."]
        assert scene.slack.called("conversations.replies")


@pytest.mark.parametrize(
    "other",
    [
        {"files": [{"id": "F1", "name": "Hello.csv"}], "text": "Hello there."},
        {"metadata": {"event_type": "agent_reply", "event_payload": {"turn_id": "turn-0", "part": 0}}},
        {"bot_id": "", "user": "U2"},
    ],
    ids=["a file of ours", "another turn's", "a person's"],
)
async def test_another_message_that_says_the_same_is_not_taken_for_it(other: dict[str, object]) -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        scene.slack.foreign = [{"ts": "1000000.500000", "bot_id": "B1", "text": "Hello there.", **other}]
        scene.slack.fail("chat.postMessage", Fault(Effect.LOST_BEFORE))
        await scene.say("Hello there.")
        await scene.clock.advance(5)
        await scene.close()
        (message,) = scene.slack.messages
        assert message.text == "Hello there."


async def test_a_post_is_known_by_its_metadata() -> None:
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
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


async def test_a_worker_that_was_frozen_while_it_saved_shows_nothing_either() -> None:
    async with a_reply() as scene:
        save = scene.journal.save

        async def save_and_freeze(progress: Progress) -> None:
            await save(progress)
            scene.clock.time += 60
            scene.journal.lost = True

        scene.journal.save = save_and_freeze  # type: ignore[method-assign]
        await scene.say("Hello ")
        with pytest.raises(LeaseLost):
            await scene.close()
    assert scene.slack.calls == []


async def test_a_slow_store_only_makes_a_reply_slow() -> None:
    async with a_reply() as scene:
        save = scene.journal.save

        async def save_slowly(progress: Progress) -> None:
            scene.clock.time += 60 if len(scene.journal.saves) < 3 else 1
            await save(progress)

        scene.journal.save = save_slowly  # type: ignore[method-assign]
        await scene.say("Hello")
        await scene.close()
        assert scene.slack.text == "Hello"


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
