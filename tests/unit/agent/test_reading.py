"""What people get to read of a transcript."""

from __future__ import annotations

import json
from typing import Any

from bot.agent.reading import passages
from bot.model import Passage, PassageKind, ToolUse

SESSION = "5f0c2a1b-0000-4000-8000-000000000001"
AT = "2026-11-21T10:42:00.000Z"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def transcript(*messages: tuple[str, Any]) -> list[str]:
    """A chain of entries, as the CLI writes them."""
    bodies = []
    for number, (role, content) in enumerate(messages):
        entry = {
            "type": role,
            "uuid": uuid(number),
            "parentUuid": uuid(number - 1) if number else None,
            "sessionId": SESSION,
            "timestamp": AT,
            "cwd": "/work",
            "isSidechain": False,
            "message": {"role": role, "content": content},
        }
        bodies.append(json.dumps(entry))
    return bodies


def call(id_: str, **given: object) -> dict[str, object]:
    return {"type": "tool_use", "id": id_, "name": "Read", "input": given}


def result(id_: str, content: object, **more: object) -> dict[str, object]:
    return {"type": "tool_result", "tool_use_id": id_, "content": content, **more}


def test_what_was_said_thought_and_done_in_order_each_call_with_its_result() -> None:
    found = passages(
        transcript(
            ("user", "What is in a.md?"),
            ("assistant", [{"type": "thinking", "thinking": "Look.", "signature": "x"}]),
            ("assistant", [{"type": "text", "text": "I look."}, call("c1", file_path="/work/a.md"), call("c2", x="é")]),
            ("user", [result("c2", [{"type": "text", "text": "no"}, {"type": "image"}], is_error=True)]),
            ("user", [result("c1", "words")]),
            ("assistant", [{"type": "text", "text": "Words."}]),
        ),
        SESSION,
    )
    assert found == [
        Passage(PassageKind.PROMPT, "What is in a.md?", AT),
        Passage(PassageKind.THOUGHT, "Look.", AT),
        Passage(PassageKind.ANSWER, "I look.", AT),
        Passage(
            PassageKind.TOOL, at=AT, tool=ToolUse("Read", "Reading a.md", '{\n  "file_path": "/work/a.md"\n}', "words")
        ),
        Passage(
            PassageKind.TOOL,
            at=AT,
            tool=ToolUse("Read", "Reading a file", '{\n  "x": "é"\n}', "no\n\n(a picture)", failed=True),
        ),
        Passage(PassageKind.ANSWER, "Words.", AT),
    ]


def test_a_call_that_waits_has_no_result_yet_and_a_stray_result_is_left_out() -> None:
    [asked, waiting] = passages(
        transcript(("user", "go"), ("assistant", [call("c1")]), ("user", [result("unknown", "x")])), SESSION
    )
    assert asked.text == "go"
    assert waiting.tool is not None
    assert waiting.tool.gave == ""


def test_what_the_cli_wrote_and_what_is_blank_is_left_out_and_a_picture_is_named() -> None:
    found = passages(
        transcript(
            ("user", "<command-name>/model</command-name>"),
            ("user", [{"type": "image", "source": {}}, {"type": "text", "text": " "}, {"type": "text", "text": "see"}]),
            ("assistant", [{"type": "something new"}, {"type": "text", "text": "I see."}]),
        ),
        SESSION,
    )
    assert [passage.text for passage in found] == ["*(a picture)*", "see", "I see."]


def test_nothing_is_read_from_nothing() -> None:
    assert passages([], SESSION) == []
