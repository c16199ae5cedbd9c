"""`bot top` draws what is there."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from bot.model import ThreadKey
from bot.store.survey import ThreadWork, WaitingDecision, WorkerReport
from bot.top import DECISIONS_SHOWN, THREADS_SHOWN, Snapshot, as_json, drawn

NOW = 1_700_000_100.0
THREAD = ThreadKey("T1", "C1", "1700000000.000100")
WORKER = WorkerReport(
    "w1", "0.1.0", started_at=NOW - 7300, room=3, threads=2, running=1, memory_bytes=250 * 1024 * 1024
)
QUEUED = ThreadWork(THREAD, state="", holder="", waiting=2, since=NOW - 100)
RUNNING = replace(QUEUED, state="running", holder="w1", waiting=0, since=NOW - 5, attempt=1)


def shown(now: Snapshot, columns: int = 150) -> str:
    stream = io.StringIO()
    Console(file=stream, width=columns).print(drawn(now))
    return stream.getvalue()


def test_workers_and_threads_are_shown_with_how_long_they_are_at_it() -> None:
    text = shown(Snapshot(NOW, [WORKER], [QUEUED, RUNNING]))

    assert "1 worker, 2 threads with work, 1 in the queue, the oldest for 100 s" in text
    assert [word in text for word in ("w1", "0.1.0", "2 h", "250", "T1:C1:1700000000.000100", "queued", "running")]


def test_a_worker_that_drains_or_does_not_report_is_marked() -> None:
    text = shown(Snapshot(NOW, [replace(WORKER, draining=True), WorkerReport("old")], []))

    assert "w1 (draining)" in text
    assert "old" in text
    assert "?" in text


def test_nothing_is_cut_off_in_a_narrow_terminal_and_no_empty_table_is_drawn() -> None:
    text = shown(Snapshot(NOW, [replace(WORKER, worker="vm-95004c47bfc3")], []), columns=80)

    assert text.splitlines()[0] == "1 worker, 0 threads with work, 0 in the queue"
    assert [word in text for word in ("vm-95004c47bfc3", "version", "running", "streams")] == [True] * 4
    assert "…" not in text
    assert "attempt" not in text


def test_more_threads_than_fit_are_counted() -> None:
    assert "and 7 more" in shown(Snapshot(NOW, [], [QUEUED] * (THREADS_SHOWN + 7)))


def test_who_waits_for_a_person_is_listed_with_how_long_it_waits_yet() -> None:
    now = Snapshot(NOW, [], [], DECISIONS_SHOWN + 3, [WaitingDecision(THREAD, NOW + 7300)] * DECISIONS_SHOWN)
    text = shown(now)

    assert f"{DECISIONS_SHOWN + 3} waiting for a person" in text
    assert "2 h" in text
    assert "and 3 more" in text
    first = {"thread": str(THREAD), "expires_at": NOW + 7300}
    assert json.loads(as_json(now))["decisions"] == {"threads": 13, "first": [first] * 10}


def test_what_is_held_back_is_no_queue() -> None:
    text = shown(Snapshot(NOW, [], [replace(QUEUED, paused=True)]))

    assert "0 in the queue" in text
    assert "held back" in text


def test_programs_get_it_as_json() -> None:
    told = json.loads(as_json(Snapshot(NOW, [WORKER], [QUEUED, RUNNING])))

    assert told["decisions"] == {"threads": 0, "first": []}
    assert told["queue"] == {"threads": 1, "age_s": 100.0}
    assert told["workers"][0]["memory_bytes"] == WORKER.memory_bytes
    assert [(one["thread"], one["queued"]) for one in told["threads"]] == [(str(THREAD), True), (str(THREAD), False)]
