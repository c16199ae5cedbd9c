"""The demo's persona: each feature by simple words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.playground.model.persona import facts, persona
from bot.playground.model.prose import INTRODUCTION, NO_QUESTIONS, NO_SHELL, QUESTIONS, RUNNING
from bot.playground.model.replies import Reply, Text, Thought, ToolUse
from bot.playground.model.requests import Request, parse_request

TOOLS = ("Read", "Write", "Glob", "Bash", "AskUserQuestion")


def request(*messages: Any, tools: Sequence[str] = TOOLS) -> Request:
    """A conversation: people and the model in turn, or whole messages."""
    said = [
        message if isinstance(message, dict) else {"role": ("user", "assistant")[i % 2], "content": message}
        for i, message in enumerate(messages)
    ]
    return parse_request(
        {"model": "m", "max_tokens": 1000, "messages": said, "tools": [{"name": name} for name in tools]}
    )


def text_of(reply: Reply) -> str:
    return "\n\n".join(block.text for block in reply.blocks if isinstance(block, Text))


def tools_of(reply: Reply) -> list[tuple[str, dict[str, Any]]]:
    return [(block.name, dict(block.input)) for block in reply.blocks if isinstance(block, ToolUse)]


def later(*messages: Any) -> Reply:
    return persona(request("hi", INTRODUCTION, *messages))


def test_it_says_once_in_a_session_that_it_is_scripted() -> None:
    assert text_of(persona(request("hello"))).startswith(INTRODUCTION)
    assert INTRODUCTION not in text_of(later("hello"))


def test_it_tells_what_it_remembers_of_this_conversation_only() -> None:
    told = text_of(later("remember 42", "I will.", "what do you remember?"))
    assert "“remember 42”" in told
    assert "**42**" in told
    assert "2 earlier messages" in told
    assert "what do you remember" not in told
    assert "nothing to remember yet" in text_of(persona(request("What do you remember?")))


@pytest.mark.parametrize("question", ["What is my name?", "who am I", "what's my name"])
def test_it_knows_the_name_it_was_told(question: str) -> None:
    assert "**Ann**" in text_of(later("My name is Ann", "Hello Ann", question))
    assert "have not told me" in text_of(later(question))


def test_facts_are_what_people_asked_to_keep() -> None:
    said = ["remember that tea is at four.", "my name is Ann", "do you remember me?", "line\nremember: 42"]
    assert facts(said) == [("to remember", "tea is at four"), ("your name", "Ann"), ("to remember", "42")]


@pytest.mark.parametrize(
    ("prompt", "call"),
    [
        ("list files", ("Glob", {"pattern": "**/*"})),
        ("Which files are there?", ("Glob", {"pattern": "**/*"})),
        ("please read report.md", ("Read", {"file_path": "report.md"})),
        ("read the file `docs/a.txt`", ("Read", {"file_path": "docs/a.txt"})),
        ("show me /etc/passwd", ("Read", {"file_path": "/etc/passwd"})),
        ("write notes.md: buy milk", ("Write", {"file_path": "notes.md", "content": "buy milk\n"})),
        ("run `ls -la | wc`", ("Bash", {"command": "ls -la | wc", "description": RUNNING})),
        ("Run date", ("Bash", {"command": "date", "description": RUNNING})),
        ("ask me something", ("AskUserQuestion", {"questions": list(QUESTIONS[:1])})),
        ("please ask me some questions", ("AskUserQuestion", {"questions": list(QUESTIONS)})),
    ],
)
def test_simple_words_use_a_tool(prompt: str, call: tuple[str, dict[str, str]]) -> None:
    assert tools_of(later(prompt)) == [call]


def test_without_the_tool_it_says_so() -> None:
    for prompt, answer in (("run date", NO_SHELL), ("ask me something", NO_QUESTIONS)):
        reply = persona(request("hi", INTRODUCTION, prompt, tools=("Read",)))
        assert (tools_of(reply), text_of(reply)) == ([], answer)


def test_asked_to_run_a_tool_it_thinks_and_writes_a_note() -> None:
    reply = later("run a tool")
    assert [name for name, _ in tools_of(reply)] == ["Write"]
    assert isinstance(reply.blocks[0], Thought)


def test_it_comments_what_a_tool_gave_back() -> None:
    def after(content: str, *, failed: bool = False) -> str:
        use = {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {}}]}
        result = {"type": "tool_result", "tool_use_id": "t", "content": content, "is_error": failed}
        return text_of(persona(request("read a.md", use, {"role": "user", "content": [result]})))

    assert "```\nline one\n```" in after("line one")
    assert "and 5 more lines" in after("\n".join("x" * 25))
    assert "did not work: “This is not permitted here.”" in after("This is not permitted here.", failed=True)


def test_a_long_answer_has_as_many_sections_as_asked_for() -> None:
    told = text_of(later("write a long answer 7"))
    assert told.count("\n## ") == 7
    assert all(part in told for part in ("```python", "|---|", "1. ", "> ", "**"))
    assert text_of(later("a long answer of 999 please")).count("\n## ") == 40


def test_it_can_be_asked_to_go_slowly() -> None:
    assert later("write a long answer slowly").slowness > later("write a long answer").slowness


def test_it_describes_images_by_type_and_size() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    told = text_of(later({"role": "user", "content": [image, {"type": "text", "text": "What is it?"}]}))
    assert "a PNG of 3 bytes" in told


def test_anything_else_is_answered_with_where_the_conversation_stands() -> None:
    told = text_of(later("How are you?"))
    assert "“How are you?”" in told
    assert "message 2 of this conversation" in told


def test_the_clients_own_words_are_not_a_persons() -> None:
    asked = request(
        {
            "role": "user",
            "content": [{"type": "text", "text": "<system-reminder>\nRead this\n</system-reminder>\nhello"}],
        },
        "Hi.",
        "[Request interrupted by user]",
        "…",
        {"role": "user", "content": "go on"},
        {"role": "system", "content": "# Environment"},
    )
    assert asked.prompts == ["hello", "go on"]
    assert asked.prompt == "go on"
