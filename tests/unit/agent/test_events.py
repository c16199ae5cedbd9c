"""The SDK's messages as events: each shape as the real CLI sends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from claude_agent_sdk import (
    AssistantMessage,
    Message,
    StreamEvent,
    SystemMessage,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)

from bot.agent.events import EventReader
from bot.agent.outcomes import RunFacts
from bot.model import AgentEvent, Remark, RemarkKind, TextDelta, Thinking, ToolFinished, ToolStarted


def read(*messages: Message, facts: RunFacts | None = None) -> list[AgentEvent]:
    reader = EventReader(facts or RunFacts("s"), Path("/w"))
    return [event for message in messages for event in reader.read(message)]


def text_of(events: list[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def stream(event: dict[str, Any], parent: str | None = None) -> StreamEvent:
    return StreamEvent(uuid="u", session_id="s", event=event, parent_tool_use_id=parent)


def begins(message_id: str) -> StreamEvent:
    return stream({"type": "message_start", "message": {"id": message_id}})


def block(kind: str = "text") -> StreamEvent:
    return stream({"type": "content_block_start", "index": 0, "content_block": {"type": kind}})


def delta(text: str, parent: str | None = None) -> StreamEvent:
    return stream({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}, parent)


def whole(*content: Any, message_id: str = "m1", model: str = "claude-x", **more: Any) -> AssistantMessage:
    return AssistantMessage(content=list(content), model=model, message_id=message_id, **more)


def test_text_comes_as_it_is_streamed_and_only_once() -> None:
    events = read(begins("m1"), block(), delta("Hello "), delta("world"), whole(TextBlock("Hello world")))
    assert events == [TextDelta("Hello "), TextDelta("world")]


def test_separate_blocks_are_separate_paragraphs() -> None:
    one = (begins("m1"), block(), delta("One."), whole(TextBlock("One.")))
    two = (block(), delta("Two."), whole(TextBlock("Two.")))
    three = (begins("m2"), block(), delta("Three."), delta(" Four."))
    assert text_of(read(*one, *two, *three)) == "One.\n\nTwo.\n\nThree. Four."


def test_an_empty_block_makes_no_paragraph() -> None:
    events = read(begins("m1"), block(), delta(""), whole(TextBlock("")), block(), delta("Two."))
    assert text_of(events) == "Two."


def test_what_the_cli_says_in_the_models_place_is_not_shown() -> None:
    facts = RunFacts("s", model="claude-x")
    failed = whole(TextBlock("API Error: 529"), message_id="m9", model="<synthetic>", error="server_error")
    assert read(failed, facts=facts) == []
    assert (facts.api_error, facts.model) == ("server_error", "claude-x")


def test_an_answer_that_came_without_streaming_is_shown() -> None:
    assert text_of(read(whole(TextBlock("All at once.")))) == "All at once."


def test_a_broken_answer_that_begins_the_same_goes_on_where_it_was() -> None:
    first = (begins("m1"), block(), delta("One two "), delta("three"))
    again = (begins("m2"), block(), delta("One "), delta("two three f"), delta("our"))
    events = read(*first, *again, whole(TextBlock("One two three four"), message_id="m2"))
    assert events == [TextDelta("One two "), TextDelta("three"), TextDelta(" f"), TextDelta("our")]


def test_a_broken_answer_that_comes_back_without_streaming_goes_on_where_it_was() -> None:
    events = read(begins("m1"), block(), delta("One two"), whole(TextBlock("One two three"), message_id="m2"))
    assert text_of(events) == "One two three"


def test_a_broken_answer_that_begins_differently_is_said_to_start_over() -> None:
    events = read(begins("m1"), block(), delta("One two"), begins("m2"), block(), delta("One, "), delta("two"))
    assert events == [TextDelta("One two"), Remark(RemarkKind.STARTED_OVER), TextDelta("\n\nOne, "), TextDelta("two")]


def test_a_broken_answer_that_comes_back_shorter_adds_nothing() -> None:
    events = read(
        begins("m1"),
        block(),
        delta("One two"),
        begins("m2"),
        block(),
        delta("One"),
        whole(TextBlock("One"), message_id="m2"),
    )
    assert text_of(events) == "One two"


def test_thinking_is_told_without_its_content() -> None:
    assert read(begins("m1"), block("thinking"), whole(ThinkingBlock("secret", "sig"))) == [Thinking()]


def test_a_tool_starts_with_its_title_and_finishes_with_its_result() -> None:
    call = whole(ToolUseBlock("t1", "Read", {"file_path": "/w/a.md"}))
    done = UserMessage([ToolResultBlock("t1", "content of the file")])
    assert read(call, call, done, done) == [ToolStarted("t1", "Read", "Reading a.md"), ToolFinished("t1", ok=True)]


def test_a_failed_tool_says_why_on_one_short_line() -> None:
    call = whole(ToolUseBlock("t1", "Read", {"file_path": "a"}), ToolUseBlock("t2", "Read", {"file_path": "b"}))
    text = [{"type": "text", "text": "x" * 500}]
    failed = UserMessage(
        [
            ToolResultBlock("t1", "<tool_use_error>No such file\nat line 1</tool_use_error>", is_error=True),
            ToolResultBlock("t2", text, is_error=True),
        ]
    )
    first, second = [event for event in read(call, failed) if isinstance(event, ToolFinished)]
    assert (first.ok, first.summary) == (False, "No such file")
    assert len(second.summary) == 120


def test_what_subagents_say_is_left_out() -> None:
    call = whole(ToolUseBlock("t1", "Read", {"file_path": "a"}), parent_tool_use_id="parent")
    assert read(delta("inner", parent="parent"), call) == []


def test_the_model_is_learnt_from_the_start_and_from_each_answer() -> None:
    facts = RunFacts("s")
    read(SystemMessage("init", {"model": "claude-a"}), facts=facts)
    assert facts.model == "claude-a"
    read(whole(TextBlock("x"), model="claude-b"), facts=facts)
    assert facts.model == "claude-b"


def test_unknown_messages_are_no_events() -> None:
    assert read(SystemMessage("something_new", {}), stream({"type": "ping"}), UserMessage("plain")) == []
