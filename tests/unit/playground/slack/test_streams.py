"""Streams: each row of Slack's rules for them."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.clock import ManualClock
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, D_ANA, TEAM, U_ANA
from bot.playground.slack.values import Message, StreamState
from tests.unit.playground.slack.conftest import Refusal

DIVIDER = {"type": "divider"}


def text(words: str) -> dict[str, Any]:
    return {"type": "markdown_text", "text": words}


def task(status: str, **more: str) -> dict[str, Any]:
    return {"type": "task_update", "id": "t1", "title": "Reading report.md", "status": status, **more}


class Streamer:
    """One stream in Ana's DM, driven through the real client."""

    def __init__(self, slack: EmulatedSlack, client: AsyncWebClient) -> None:
        self.slack = slack
        self.client = client
        self.root = slack.people.say(U_ANA, D_ANA, "hi")
        self.ts = ""

    async def start(self, *chunks: dict[str, Any], **arguments: Any) -> str:
        if chunks:
            arguments["chunks"] = list(chunks)
        answer = await self.client.chat_startStream(channel=D_ANA, thread_ts=self.root, **arguments)
        self.ts = str(answer["ts"])
        return self.ts

    async def append(self, *chunks: dict[str, Any], **arguments: Any) -> None:
        if chunks:
            arguments["chunks"] = list(chunks)
        await self.client.chat_appendStream(channel=D_ANA, ts=self.ts, **arguments)

    async def stop(self, *chunks: dict[str, Any], **arguments: Any) -> None:
        if chunks:
            arguments["chunks"] = list(chunks)
        await self.client.chat_stopStream(channel=D_ANA, ts=self.ts, **arguments)

    @property
    def message(self) -> Message:
        return self.slack.workspace.message(D_ANA, self.ts)


@pytest.fixture
def streamer(slack: EmulatedSlack, client: AsyncWebClient) -> Streamer:
    return Streamer(slack, client)


async def test_what_was_streamed_is_what_the_message_says(streamer: Streamer) -> None:
    await streamer.start(text("Hel"))
    await streamer.append(text("lo"), text(" you"))
    await streamer.stop(text("."), blocks=[DIVIDER])
    assert streamer.message.text == "Hello you."
    assert [block["type"] for block in streamer.message.blocks] == ["markdown", "divider"]
    assert streamer.message.stream is not None
    assert streamer.message.stream.state is StreamState.STOPPED


async def test_the_clients_own_helper_can_stream(slack: EmulatedSlack, client: AsyncWebClient) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "hi")
    stream = await client.chat_stream(
        channel=C_GENERAL, thread_ts=root, recipient_user_id=U_ANA, recipient_team_id=TEAM, buffer_size=1
    )
    await stream.append(markdown_text="Hello ")
    await stream.append(markdown_text="you")
    await stream.stop()
    assert [message.text for message in slack.replies_of_bot(C_GENERAL, root)] == ["Hello you"]


async def test_a_stream_dies_after_five_minutes_even_while_appending(
    streamer: Streamer, clock: ManualClock, refusal: Refusal
) -> None:
    await streamer.start(text("a"))
    clock.advance(299)
    await streamer.append(text("b"))
    clock.advance(1)
    assert await refusal(streamer.append(text("c"))) == "message_not_in_streaming_state"
    assert await refusal(streamer.stop()) == "message_not_in_streaming_state"
    assert streamer.message.text == "ab"


async def test_a_dead_stream_can_be_updated_and_a_live_one_can_not(
    streamer: Streamer, client: AsyncWebClient, clock: ManualClock, refusal: Refusal
) -> None:
    await streamer.start(text("a"))
    update: dict[str, Any] = {"channel": D_ANA, "ts": streamer.ts, "markdown_text": "all of it"}
    assert await refusal(client.chat_update(**update)) == "streaming_state_conflict"
    clock.advance(300)
    await client.chat_update(**update)
    assert streamer.message.text == "all of it"


async def test_a_stopped_stream_takes_nothing_more(streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(text("a"))
    await streamer.stop()
    assert await refusal(streamer.append(text("b"))) == "message_not_in_streaming_state"


async def test_a_message_that_never_streamed_is_not_in_streaming_state(
    streamer: Streamer, client: AsyncWebClient, refusal: Refusal
) -> None:
    streamer.ts = str((await client.chat_postMessage(channel=D_ANA, text="x"))["ts"])
    assert await refusal(streamer.append(text("b"))) == "message_not_in_streaming_state"


async def test_the_text_of_a_stream_adds_up_to_12000_characters_at_most(streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(text("x" * 6000))
    await streamer.append(text("x" * 5000))
    assert await refusal(streamer.append(text("x" * 1001))) == "msg_too_long"
    assert len(streamer.message.text) == 11_000


async def test_the_text_of_a_stream_adds_up_to_11_kb_of_utf8_at_most(streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(text("€" * 3000))
    assert await refusal(streamer.append(text("€" * 1000))) == "msg_too_long"
    assert len(streamer.message.text) == 3000


async def test_a_refused_start_leaves_no_message(slack: EmulatedSlack, streamer: Streamer, refusal: Refusal) -> None:
    assert await refusal(streamer.start(text("x" * 12_001))) == "msg_too_long"
    assert slack.replies_of_bot(D_ANA, streamer.root) == []


async def test_chunks_and_markdown_text_can_not_be_mixed(streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(text("a"))
    assert await refusal(streamer.append(markdown_text="b")) == "streaming_mode_mismatch"
    assert await refusal(streamer.stop(markdown_text="b")) == "streaming_mode_mismatch"
    assert await refusal(streamer.append(text("b"), markdown_text="c")) == "streaming_mode_mismatch"
    assert streamer.message.text == "a"


async def test_a_start_without_content_leaves_the_mode_open(streamer: Streamer) -> None:
    await streamer.start()
    await streamer.append(text("b"))
    assert streamer.message.text == "b"


async def test_in_channels_the_recipient_must_be_named(
    slack: EmulatedSlack, client: AsyncWebClient, refusal: Refusal
) -> None:
    root = slack.people.say(U_ANA, C_GENERAL, "hi")
    given: dict[str, Any] = {"channel": C_GENERAL, "thread_ts": root}
    assert await refusal(client.chat_startStream(**given)) == "missing_recipient_user_id"
    only_user = client.chat_startStream(**given, recipient_user_id=U_ANA)
    assert await refusal(only_user) == "missing_recipient_team_id"
    assert (await client.chat_startStream(**given, recipient_user_id=U_ANA, recipient_team_id=TEAM))["ok"]


async def test_a_stream_needs_a_thread_that_exists(client: AsyncWebClient, refusal: Refusal) -> None:
    assert await refusal(client.api_call("chat.startStream", json={"channel": D_ANA})) == "invalid_arguments"
    nowhere = client.chat_startStream(channel=D_ANA, thread_ts="1700000000.000001")
    assert await refusal(nowhere) == "thread_not_found"


async def test_someone_elses_message_is_no_stream_of_ours(streamer: Streamer, refusal: Refusal) -> None:
    streamer.ts = streamer.root
    assert await refusal(streamer.append(text("b"))) == "message_not_owned_by_app"


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "poem", "text": "x"},
        {"type": "markdown_text"},
        {"type": "task_update", "id": "1", "title": "x", "status": "done"},
        {"type": "task_update", "title": "x", "status": "complete"},
    ],
)
async def test_a_malformed_chunk_is_refused(streamer: Streamer, refusal: Refusal, chunk: dict[str, Any]) -> None:
    assert await refusal(streamer.start(chunk)) == "invalid_chunks"


async def test_an_append_needs_something_to_append(streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(text("a"))
    assert await refusal(streamer.append()) == "no_text"


async def test_cards_stay_where_they_came_up_and_text_goes_on_below(streamer: Streamer) -> None:
    await streamer.start(text("First."))
    await streamer.append(task("in_progress"), text("Second."))
    await streamer.append(task("complete", output="42 lines"))
    await streamer.stop()
    first, card, second = streamer.message.blocks
    assert (first["text"], second["text"]) == ("First.", "Second.")
    assert (card["type"], card["status"]) == ("task_card", "complete")
    assert card["output"]["elements"][0]["elements"][0]["text"] == "42 lines"


async def test_in_plan_mode_all_cards_stand_in_one_plan(streamer: Streamer) -> None:
    other = {"type": "task_update", "id": "t2", "title": "Writing", "status": "complete"}
    plan = {"type": "plan_update", "title": "Two steps"}
    await streamer.start(plan, task("complete"), text("Done."), other, task_display_mode="plan")
    shown, words = streamer.message.blocks
    assert (shown["type"], shown["title"], len(shown["tasks"])) == ("plan", "Two steps", 2)
    assert words["text"] == "Done."


async def test_a_card_left_in_progress_at_the_stop_turns_to_an_error(streamer: Streamer) -> None:
    await streamer.start(task("in_progress"))
    await streamer.stop()
    assert streamer.message.blocks[0]["status"] == "error"


async def test_the_stop_button_stops_the_threads_streams_and_tells_which(
    slack: EmulatedSlack, streamer: Streamer, refusal: Refusal
) -> None:
    await streamer.start(text("a"))
    stopped = slack.people.stop_stream(U_ANA, D_ANA, streamer.root)
    assert stopped == (streamer.ts,)
    assert await refusal(streamer.append(text("b"))) == "message_not_in_streaming_state"
    event = slack.events[-1]["event"]
    assert event["type"] == "agent_session_stopped"
    assert (event["thread_ts"], event["streaming_message_ts"], event["user"]) == (streamer.root, [streamer.ts], U_ANA)


async def test_streams_can_be_let_die_at_any_moment(slack: EmulatedSlack, streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(text("a"))
    assert slack.expire_streams() == 1
    assert await refusal(streamer.append(text("b"))) == "message_not_in_streaming_state"


async def test_a_stream_marks_the_session_as_processing_until_it_stops(
    slack: EmulatedSlack, streamer: Streamer
) -> None:
    await streamer.start(text("a"))
    key = (D_ANA, streamer.root)
    assert slack.workspace.sessions[key].status == "processing"
    await streamer.stop(session_status="suspended")
    assert slack.workspace.sessions[key].status == "suspended"


async def test_cards_count_towards_the_limit_once_there_is_text(streamer: Streamer, refusal: Refusal) -> None:
    await streamer.start(task("in_progress", details="x" * 5000))
    await streamer.append(task("complete", output="x" * 5000))
    assert await refusal(streamer.append(text("and now some text"))) == "msg_too_long"
    await streamer.stop()
