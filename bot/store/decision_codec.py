"""Decisions to what Redis keeps, and back: what is asked, and what was decided, each as JSON with a version."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.model import Decided, Decision, DeferredCall, DetailKind, Option, Question, ThreadKey, Verdict
from bot.store.messages import VERSION, compact


def asked_text(decision: Decision) -> str:
    """All of a decision but its card and what was decided."""
    call = decision.call
    return compact(
        {
            "v": VERSION,
            "id": decision.id,
            "turn_id": decision.turn_id,
            "session_id": decision.session_id,
            "asked": decision.asked,
            "asked_at": decision.asked_at,
            "expires_at": decision.expires_at,
            "call": {
                "id": call.id,
                "tool": call.tool,
                "title": call.title,
                "input_hash": call.input_hash,
                "detail": call.detail,
                "detail_kind": call.detail_kind.value,
                "why": call.why,
                "pattern": call.pattern,
                "questions": [_question_kept(question) for question in call.questions],
            },
        }
    )


def _question_kept(question: Question) -> Mapping[str, object]:
    return {
        "text": question.text,
        "header": question.header,
        "options": [{"label": option.label, "description": option.description} for option in question.options],
        "multiple": question.multiple,
    }


def decided_text(decided: Decided) -> str:
    return compact(
        {
            "v": VERSION,
            "verdict": decided.verdict.value,
            "user": decided.user,
            "at": decided.at,
            "reason": decided.reason,
            "answers": dict(decided.answers),
        }
    )


def decision_from(thread: ThreadKey, kept: Sequence[str | None]) -> Decision | None:
    """A decision as the scripts return it: what is asked, its card, what was decided. None when there is none."""
    if not kept or not kept[0]:
        return None
    asked, card_ts, decided = json.loads(kept[0]), kept[1] or "", kept[2] or ""
    return Decision(
        id=asked["id"],
        thread=thread,
        turn_id=asked["turn_id"],
        session_id=asked["session_id"],
        call=_call_from(asked["call"]),
        asked=asked["asked"],
        asked_at=asked["asked_at"],
        expires_at=asked["expires_at"],
        card_ts=card_ts,
        decided=_decided_from(json.loads(decided)) if decided else None,
    )


def _call_from(kept: Mapping[str, Any]) -> DeferredCall:
    return DeferredCall(
        id=kept["id"],
        tool=kept["tool"],
        title=kept["title"],
        input_hash=kept["input_hash"],
        detail=kept["detail"],
        detail_kind=DetailKind(kept["detail_kind"]),
        why=kept["why"],
        pattern=kept["pattern"],
        questions=tuple(
            Question(
                text=question["text"],
                header=question["header"],
                options=tuple(Option(option["label"], option["description"]) for option in question["options"]),
                multiple=question["multiple"],
            )
            for question in kept["questions"]
        ),
    )


def _decided_from(kept: Mapping[str, Any]) -> Decided:
    return Decided(Verdict(kept["verdict"]), kept["user"], kept["at"], kept["reason"], kept["answers"])
