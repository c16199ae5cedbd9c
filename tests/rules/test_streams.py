"""Slack's rules about streams: docs/slack-rules.md lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from bot.clock import SystemClock
from bot.model import ToolFinished, ToolStarted
from bot.slack.api.limits import MARKDOWN_TEXT_CHARS, PART_BYTES, STREAM_LIFE_S, TIER_4, UPDATE_TEXT_CHARS
from bot.slack.api.rates import SharedBuckets, buckets_of
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.store.store import Store
from tests.unit.slack.fake_slack import Effect, Fault, HandClock, refused, settle
from tests.unit.slack.incoming import FakeChannels
from tests.unit.slack.reply.replying import a_reply, a_turn


async def test_a_stream_dies_after_five_minutes() -> None:
    async with a_reply() as scene:
        opened: dict[str, float] = {}
        for minute in range(12):
            await scene.say(f"Minute {minute}. ")
            await scene.clock.advance(60)
            opened |= {message.ts: message.opened_at for message in scene.slack.messages if message.live}
            assert all(scene.clock.now() - at < STREAM_LIFE_S for at in list(opened.values())[-1:])
        scene.slack.expire()
        await scene.say("Not lost.")
        await scene.close()
        assert scene.slack.text == "".join(f"Minute {minute}. " for minute in range(12)) + "Not lost."


async def test_a_streams_text_has_a_limit() -> None:
    async with a_reply() as scene:
        said = "Größe über alles, 日本語の文章です。\n\n" * 600
        await scene.say(said)
        await scene.clock.advance(3)
        scene.slack.fail("chat.appendStream", refused("msg_too_long"))
        await scene.say("And a little more. ")
        await scene.close()
        assert scene.slack.text == said + "And a little more. "
        assert all(len(message.text.encode()) <= PART_BYTES for message in scene.slack.messages)


async def test_other_people_may_see_only_the_first_chunk_of_a_stream() -> None:
    """So each channel can be set to posts and updates."""
    clock, channels = HandClock(), FakeChannels()
    modes = ChannelModes(StreamingMode.AUTO, clock, channels)
    await modes.choose("T1", "C1", StreamingMode.UPDATE)
    assert not (await modes.at("T1", "C1")).streams
    assert (await modes.at("T1", "C2")).streams
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        await scene.say("Hello ")
        await scene.clock.advance(2)
        await scene.say("all.")
        await scene.close()
        assert {method for method, _ in scene.slack.calls} == {"chat.postMessage", "chat.update"}


async def test_streams_are_counted_for_a_workspace_over_all_threads_and_workers() -> None:
    server = FakeServer(server_type="redis", version=(7, 0))
    stores = [Store(FakeAsyncRedis(server=server, protocol=2), worker, ttl_s=60) for worker in ("w1", "w2")]
    workers = [SharedBuckets(store.rates, SystemClock()) for store in stores]
    waits = [await workers[n % 2].take(buckets_of("T1", "chat.appendStream", f"C{n}")) for n in range(2 * TIER_4.burst)]
    assert waits[: TIER_4.burst] == [0.0] * TIER_4.burst
    assert all(wait > 0 for wait in waits[TIER_4.burst + 1 :])
    assert sorted(waits) == waits
    assert await workers[0].look(buckets_of("T2", "chat.appendStream", "C0")) == 0.0


async def test_chunks_and_markdown_text_are_never_mixed() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        await scene.feed(ToolStarted("t1", "Read", "Reading"), ToolFinished("t1", ok=True))
        await scene.clock.advance(2)
        await scene.say("there.")
        await scene.close()
        streaming = [given for method, given in scene.slack.calls if method.endswith("Stream")]
        assert len(streaming) >= 3
        assert not any("markdown_text" in given for given in streaming)


async def test_a_live_stream_takes_no_update_and_an_update_no_long_text() -> None:
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.fail("chat.appendStream", Fault(Effect.LOST_BEFORE))
        await scene.say("Words of an answer that is long. " * 200)
        await scene.clock.advance(3)
        await scene.close()
        methods = [method for method, _ in scene.slack.calls]
        assert methods.index("chat.stopStream") < methods.index("chat.update")
        updates = scene.slack.called("chat.update")
        assert (
            any(len(given.get("markdown_text", "")) > UPDATE_TEXT_CHARS for given in updates) or updates[-1]["blocks"]
        )
        assert all(len(given.get("text", "")) <= UPDATE_TEXT_CHARS for given in updates)
        assert all(len(given.get("markdown_text", "")) <= MARKDOWN_TEXT_CHARS for given in updates)


@pytest.mark.parametrize(("own_team", "told"), [("", "T1"), ("T-partner", "T-partner")])
async def test_in_channels_a_stream_names_its_recipient(own_team: str, told: str) -> None:
    async with a_reply(a_turn(user_team=own_team)) as scene:
        await scene.say("Hello")
        await scene.close()
        (start,) = scene.slack.called("chat.startStream")
        assert (start["recipient_user_id"], start["recipient_team_id"]) == ("U1", told)


async def test_a_card_left_in_progress_at_the_stop_turns_to_an_error() -> None:
    """So none is: each is closed by the stop at the latest."""
    async with a_reply() as scene:
        await scene.feed(ToolStarted("t1", "Bash", "Running"), ToolStarted("t2", "Read", "Reading"))
        await settle()
        await scene.close()
        (stop,) = scene.slack.called("chat.stopStream")
        closed = {chunk["id"]: chunk["status"] for chunk in stop["chunks"] if chunk["type"] == "task_update"}
        assert closed == {"t1": "complete", "t2": "complete"}


async def test_text_of_a_failed_flush_is_not_added_twice() -> None:
    """As slack_sdk's own helper for streams would, which is not used."""
    async with a_reply() as scene:
        await scene.say("Hello ")
        await settle()
        scene.slack.fail("chat.appendStream", Fault(Effect.LOST_AFTER))
        await scene.say("there, you ")
        await scene.clock.advance(3)
        await scene.say("all.")
        await scene.close()
        assert scene.slack.text == "Hello there, you all."
    sources = [path.read_text(encoding="utf-8") for path in Path("bot").rglob("*.py")]
    assert sources
    assert not any("chat_stream(" in source or "AsyncChatStream" in source for source in sources)
