"""What an earlier release wrote can be read, and what a later one adds is left alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.model import (
    Address,
    ArchivedSession,
    Attachment,
    Ending,
    Limits,
    Message,
    Outcome,
    Part,
    Point,
    PointKind,
    Progress,
    Source,
    Thread,
    ThreadKey,
    ThreadStatus,
)
from bot.store import codec, messages

KEY = ThreadKey("T1", "C1", "1700000000.000100")

MESSAGE_1 = (
    '{"v":1,"ts":"1700000000.000100","user":"U1","text":"hi","address":"bot","user_team":"T1","is_dm":true,'
    '"files":[{"id":"F1","name":"a.png","mimetype":"image/png","size_bytes":9,"url":"https://files.example/F1"}],'
    '"trace":"00-1-2-03","limits":{"max_turns":100,"max_budget_usd":null}}'
)
PROGRESS_1 = (
    '{"v":1,"said":"hello","parts":[{"ts":"1.2","shown":5,"open":false}],"tool_ran":true,"outcome":{"ending":"done",'
    '"session_id":"s1","model":"m","cost_usd":0.25,"duration_s":2.5,"agent_turns":3,"detail":""},'
    '"code_files":["code-1.py",""],"files":["report.csv"],"went_on":true}'
)
THREAD_1 = {
    "v": "1",
    "session_id": "s2",
    "head": "e1",
    "title": "Party",
    "tag": "fun",
    "owner": "U1",
    "people": '["U1","U2"]',
    "created_at_us": "1700000000000100",
    "active_at_us": "1700000001000000",
    "turns": "2",
    "cost_usd": "0.5",
    "mentions_only": "1",
    "model": "m",
    "source": '{"thread":"T1:C1:1.1","session_id":"s0","ts":"1.2"}',
    "archived": '[{"session_id":"s1","title":"Song","archived_at_us":1700000000500000,"turns":1,'
    '"cost_usd":0.1,"head":"e0"}]',
}

MESSAGE = Message(
    KEY,
    "1700000000.000100",
    "U1",
    "hi",
    Address.BOT,
    user_team="T1",
    is_dm=True,
    files=(Attachment("F1", "a.png", "image/png", 9, "https://files.example/F1"),),
    trace="00-1-2-03",
    limits=Limits(max_turns=100),
)
PROGRESS = Progress(
    "hello",
    (Part("1.2", 5, False),),
    True,
    Outcome(Ending.DONE, "s1", "m", 0.25, 2.5, 3),
    ("code-1.py", ""),
    ("report.csv",),
    went_on=True,
)
THREAD = Thread(
    KEY,
    "s2",
    head="e1",
    title="Party",
    tag="fun",
    owner="U1",
    people=("U1", "U2"),
    created_at=1700000000.0001,
    active_at=1700000001.0,
    turns=2,
    cost_usd=0.5,
    status=ThreadStatus.WAITING,
    mentions_only=True,
    model="m",
    source=Source(ThreadKey("T1", "C1", "1.1"), "s0", "1.2"),
    archived=(ArchivedSession("s1", "Song", 1700000000.5, 1, 0.1, "e0"),),
)


def _with_news(text: str) -> str:
    return json.dumps({**json.loads(text), "v": 2, "news": {"from": "later"}})


@pytest.mark.parametrize("text", [MESSAGE_1, _with_news(MESSAGE_1)])
def test_a_message_is_read(text: str) -> None:
    assert messages.message_from(KEY, text) == MESSAGE


@pytest.mark.parametrize("text", [PROGRESS_1, _with_news(PROGRESS_1)])
def test_progress_is_read(text: str) -> None:
    assert codec.progress_from(text) == PROGRESS


def test_progress_without_files_is_read() -> None:
    """As releases before these were kept wrote it."""
    kept = json.loads(PROGRESS_1)
    del kept["code_files"], kept["files"]
    assert codec.progress_from(json.dumps(kept)) == replace(PROGRESS, code_files=(), files=())


@pytest.mark.parametrize("fields", [THREAD_1, {**THREAD_1, "v": "2", "news": "later"}])
def test_a_thread_is_read(fields: dict[str, str]) -> None:
    assert codec.thread_from(KEY, fields, "", 1) == THREAD


def test_a_point_is_read() -> None:
    text = '{"v":1,"session_id":"s1","entry":"e1","kind":"reply"}'
    assert codec.point_from(_with_news(text)) == Point("s1", "e1", PointKind.REPLY)


def test_what_is_written_is_what_was_recorded() -> None:
    assert messages.message_text(MESSAGE) == MESSAGE_1
    assert codec.progress_text(PROGRESS) == PROGRESS_1
    assert codec.thread_fields(THREAD) == {**THREAD_1, "context_used": "0.0"}


@pytest.mark.parametrize(
    ("text", "title"),
    [("", ""), ("  \n\n  ", ""), ("\n first \nsecond", "first"), ("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…")],
)
def test_a_title_is_the_first_line_that_says_something(text: str, title: str) -> None:
    assert messages.title_of(text) == title


def test_padded_ts_sort_as_their_times() -> None:
    in_order = ["5.000001", "999999999.999999", "1700000000.000099", "1700000000.000100", "1700000000.100000"]
    assert sorted(in_order, key=messages.order_of) == in_order
