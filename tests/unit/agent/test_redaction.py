"""Words are taken out of a transcript, and its chain stays."""

from __future__ import annotations

import json
from typing import Any

from bot.agent.entries import kept_entry
from bot.agent.redaction import REMOVED, all_without_words, mark_of_removal, without_words


def entry(uuid: str, role: str, *blocks: dict[str, Any], **more: object) -> str:
    message = {"role": role, "content": list(blocks), "id": f"msg-{uuid}"}
    return json.dumps(
        {"type": role, "uuid": uuid, "parentUuid": "before", "sessionId": "s", "message": message, **more}
    )


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


TRANSCRIPT = [
    entry("p1", "user", text("first secret")),
    entry("a1", "assistant", text("first answer")),
    json.dumps({"type": "last-prompt", "lastPrompt": "first secret", "sessionId": "s"}),
    entry("p2", "user", text("second secret")),
    entry("t2", "assistant", {"type": "thinking", "thinking": "secret thought", "signature": "x"}),
    entry("c2", "assistant", {"type": "tool_use", "id": "call", "name": "Read", "input": {"file_path": "secret.md"}}),
    entry(
        "r2",
        "user",
        {"type": "tool_result", "tool_use_id": "call", "content": "secret text"},
        toolUseResult={"file": "secret text"},
    ),
    entry("a2", "assistant", text("second answer")),
    json.dumps({"type": "attachment", "uuid": "x2", "attachment": {"content": "secret"}, "sessionId": "s"}),
    entry("p3", "user", text("third")),
    entry("a3", "assistant", text("third answer")),
]
CUTS = {"", "a1", "x2", "a3"}


def after(starts: set[str]) -> tuple[list[dict[str, Any]], int]:
    changed, turns = without_words(TRANSCRIPT, starts, CUTS)
    return [json.loads(changed.get(index, body)) for index, body in enumerate(TRANSCRIPT)], turns


def test_the_words_of_one_turn_go_and_those_of_others_stay() -> None:
    entries, turns = after({"a1"})
    left = json.dumps(entries)
    assert turns == 1
    assert "second" not in left
    assert "secret thought" not in left
    assert "secret text" not in left
    assert "secret.md" not in left
    assert entries[0] == json.loads(TRANSCRIPT[0])
    assert entries[-1] == json.loads(TRANSCRIPT[-1])


def test_where_entries_stand_does_not_change() -> None:
    entries, _ = after({"", "a1"})
    for before, now in zip(map(json.loads, TRANSCRIPT), entries, strict=True):
        assert {name: before.get(name) for name in ("uuid", "parentUuid", "sessionId")} == {
            name: now.get(name) for name in ("uuid", "parentUuid", "sessionId")
        }


def test_calls_and_results_stay_pairs() -> None:
    entries, _ = after({"a1"})
    assert entries[5]["message"]["content"] == [{"type": "tool_use", "id": "call", "name": "Read", "input": {}}]
    assert entries[6]["message"]["content"] == [{"type": "tool_result", "tool_use_id": "call", "content": REMOVED}]
    assert entries[4]["message"]["content"] == [{"type": "text", "text": REMOVED}], "a thought is not rewritten"


def test_notes_of_the_last_prompt_go_wherever_they_stand() -> None:
    entries, _ = after({"a1"})
    assert "first secret" not in json.dumps(entries[2])


def test_without_a_turn_that_begins_there_nothing_changes() -> None:
    assert without_words(TRANSCRIPT, {"unknown"}, CUTS) == ({}, 0)
    assert without_words([], {"a1"}, CUTS) == ({}, 0)


def test_two_turns_that_follow_one_another_both_go() -> None:
    entries, turns = after({"", "a1"})
    assert turns == 2
    assert "answer" not in json.dumps(entries[:9])
    assert "third answer" in json.dumps(entries)


def test_what_stands_beside_goes_whole() -> None:
    changed = all_without_words(TRANSCRIPT)
    assert sorted(changed) == list(range(len(TRANSCRIPT)))
    assert "secret" not in json.dumps(list(changed.values()))


def test_the_mark_is_an_entry_that_a_transcript_can_end_with() -> None:
    mark = mark_of_removal("m1", "s", "a3", "2026-11-21T00:00:00Z")
    assert kept_entry(json.loads(mark.body)) == mark
    assert mark.anchor
