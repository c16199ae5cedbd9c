"""Values of the model to what Redis keeps, and back.

What is kept carries a version, `v`. Readers take what they know and leave the rest, so that an older worker can read
what a newer one wrote while both run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.model import (
    ArchivedSession,
    Decision,
    Ending,
    Level,
    Outcome,
    Part,
    PeriodKind,
    Point,
    PointKind,
    Progress,
    Prompt,
    ScopeKind,
    Source,
    Thread,
    ThreadKey,
    ThreadStatus,
    Turn,
    TurnState,
)
from bot.store.messages import VERSION, compact, message_of

Fields = Mapping[str, str]
"""A Redis hash."""


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def seconds(us: str) -> float:
    return int(us or 0) / 1_000_000


def fields_of(flat: list[str]) -> dict[str, str]:
    """A hash, as a script returns it: names and values in turn."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def pairs(answer: Sequence[str] | Mapping[str, str]) -> Fields:
    """A hash, as a command answers it: a mapping, or names and values in turn."""
    return answer if isinstance(answer, Mapping) else fields_of(list(answer))


# --- turns ------------------------------------------------------------------------------------------------------------


def progress_text(progress: Progress) -> str:
    return compact(
        {
            "v": VERSION,
            "said": progress.said,
            "parts": [{"ts": part.ts, "shown": part.shown, "open": part.open} for part in progress.parts],
            "tool_ran": progress.tool_ran,
            "outcome": progress.outcome and _outcome_kept(progress.outcome),
            "code_files": list(progress.code_files),
            "files": list(progress.files),
            "went_on": progress.went_on,
        }
    )


def _outcome_kept(outcome: Outcome) -> Mapping[str, object]:
    return {
        "ending": outcome.ending.value,
        "session_id": outcome.session_id,
        "model": outcome.model,
        "cost_usd": outcome.cost_usd,
        "duration_s": outcome.duration_s,
        "agent_turns": outcome.agent_turns,
        "detail": outcome.detail,
        **({"context_used": outcome.context_used} if outcome.context_used else {}),
        **({"used_up": asdict(outcome.used_up)} if outcome.used_up is not None else {}),
    }


def _outcome(kept: Mapping[str, Any] | None) -> Outcome | None:
    if kept is None:
        return None
    return Outcome(
        ending=Ending(kept["ending"]),
        session_id=kept["session_id"],
        model=kept["model"],
        cost_usd=kept["cost_usd"],
        duration_s=kept["duration_s"],
        agent_turns=kept["agent_turns"],
        detail=kept["detail"],
        used_up=_level(kept.get("used_up")),
        context_used=kept.get("context_used", 0.0),
    )


def _level(kept: Mapping[str, Any] | None) -> Level | None:
    if kept is None:
        return None
    fields = {**kept, "scope": ScopeKind(kept["scope"]), "period": PeriodKind(kept["period"])}
    return Level(**fields)


def progress_from(text: str) -> Progress:
    if not text:
        return Progress()
    kept = json.loads(text)
    return Progress(
        said=kept["said"],
        parts=tuple(Part(part["ts"], part["shown"], part["open"]) for part in kept["parts"]),
        tool_ran=kept["tool_ran"],
        went_on=kept.get("went_on", False),
        outcome=_outcome(kept.get("outcome")),
        code_files=tuple(kept.get("code_files", ())),
        files=tuple(kept.get("files", ())),
    )


def turn_from(thread: Thread, turn: Fields, tail: str, decision: Decision | None, behind: str) -> Turn:
    """`behind` is a JSON list of messages."""
    key = thread.key
    return Turn(
        id=turn["id"],
        thread=thread,
        prompt=Prompt(
            tuple(message_of(key, kept) for kept in json.loads(turn["messages"])),
            tuple(message_of(key, kept) for kept in json.loads(turn["context"])),
        ),
        started_at=seconds(turn["started_at_us"]),
        state=TurnState(turn["state"]),
        attempt=int(turn["attempt"]),
        stop_asked=turn.get("stopped") == "1",
        progress=progress_from(turn.get("progress", "")),
        tail=tail,
        decision=decision,
        cards=tuple(turn.get("cards", "").split()),
        behind=tuple(message_of(key, kept) for kept in json.loads(behind)),
        spent_usd=float(turn.get("spent_usd") or 0.0),
        spent_s=float(turn.get("spent_s") or 0.0),
    )


# --- threads ----------------------------------------------------------------------------------------------------------


def thread_fields(thread: Thread) -> dict[str, str]:
    """Everything of a thread that its hash keeps; the status is derived when it is read."""
    return {
        "v": str(VERSION),
        "session_id": thread.session_id,
        "head": thread.head,
        "title": thread.title,
        "tag": thread.tag,
        "owner": thread.owner,
        "people": compact(list(thread.people)),
        "created_at_us": str(micros(thread.created_at)),
        "active_at_us": str(micros(thread.active_at)),
        "turns": str(thread.turns),
        "cost_usd": repr(thread.cost_usd),
        "mentions_only": _flag(thread.mentions_only),
        "model": thread.model,
        "source": source_text(thread.source),
        "archived": archived_text(thread.archived),
        "context_used": repr(thread.context_used),
    }


def thread_from(key: ThreadKey, kept: Fields, turn_state: str = "", waiting: int = 0) -> Thread | None:
    """The thread; None when the hash holds no session (it expired, or only its transcript was written so far)."""
    if not kept.get("session_id"):
        return None
    return Thread(
        key=key,
        session_id=kept["session_id"],
        head=kept.get("head", ""),
        title=kept.get("title", ""),
        tag=kept.get("tag", ""),
        owner=kept.get("owner", ""),
        people=tuple(json.loads(kept.get("people") or "[]")),
        created_at=seconds(kept.get("created_at_us", "")),
        active_at=seconds(kept.get("active_at_us", "")),
        turns=int(kept.get("turns") or 0),
        cost_usd=float(kept.get("cost_usd") or 0.0),
        status=_status(turn_state, waiting, paused="paused" in kept),
        mentions_only=kept.get("mentions_only") == "1",
        model=kept.get("model", ""),
        source=_source(kept.get("source", "")),
        archived=archived_from(kept.get("archived", "")),
        context_used=float(kept.get("context_used") or 0.0),
        rules=tuple(json.loads(kept.get("rules") or "[]")),
    )


def _status(turn_state: str, waiting: int, *, paused: bool) -> ThreadStatus:
    if turn_state == TurnState.DEFERRED:
        return ThreadStatus.DEFERRED
    if turn_state:
        return ThreadStatus.RUNNING
    if not waiting:
        return ThreadStatus.IDLE
    return ThreadStatus.PAUSED if paused else ThreadStatus.WAITING


def source_text(source: Source | None) -> str:
    if source is None:
        return ""
    return compact({"thread": str(source.thread), "session_id": source.session_id, "ts": source.ts})


def _source(text: str) -> Source | None:
    if not text:
        return None
    kept = json.loads(text)
    return Source(ThreadKey.parse(kept["thread"]), kept["session_id"], kept["ts"])


def archived_text(archived: tuple[ArchivedSession, ...]) -> str:
    return compact(
        [
            {
                "session_id": session.session_id,
                "title": session.title,
                "archived_at_us": micros(session.archived_at),
                "turns": session.turns,
                "cost_usd": session.cost_usd,
                "head": session.head,
            }
            for session in archived
        ]
    )


def archived_from(text: str) -> tuple[ArchivedSession, ...]:
    return tuple(
        ArchivedSession(
            session_id=kept["session_id"],
            title=kept["title"],
            archived_at=seconds(kept["archived_at_us"]),
            turns=kept["turns"],
            cost_usd=kept["cost_usd"],
            head=kept.get("head", ""),
        )
        for kept in json.loads(text or "[]")
    )


def point_text(point: Point) -> str:
    user = {"user": point.user} if point.user else {}
    return compact(
        {"v": VERSION, "session_id": point.session_id, "entry": point.entry, "kind": point.kind.value} | user
    )


def point_from(text: str) -> Point:
    kept = json.loads(text)
    return Point(
        kept["session_id"],
        kept["entry"],
        PointKind(kept["kind"]),
        kept.get("turn", ""),
        kept.get("user", ""),
        kept.get("overheard", False),
    )


def _flag(on: bool) -> str:
    return "1" if on else "0"
