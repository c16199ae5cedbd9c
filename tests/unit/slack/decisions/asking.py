"""Decisions for tests."""

from __future__ import annotations

from typing import Any

from bot.model import Decided, Decision, DeferredCall, DetailKind, Option, Question, ThreadKey, Verdict
from tests.payloads import ANN, CHANNEL, TEAM

THREAD = ThreadKey(TEAM, CHANNEL, "1760000002.000200")
CARD_TS = "1760000003.001300"
"""Where the payload `block_actions_message` was pressed."""

ASKED_AT, EXPIRES_AT = 1_760_000_003.0, 1_760_259_203.0

COLOURS = Question("Which colour?", "Colour", (Option("Red", "Warm"), Option("Blue", "Cool")))
SIZES = Question("Which sizes?", "", (Option("S"), Option("M"), Option("L")), multiple=True)
NAME = Question("What shall it be called?")


def call(detail: str = "npm test", kind: DetailKind = DetailKind.COMMAND, **changes: Any) -> DeferredCall:
    given = {"tool": "Bash", "title": "Running a command", "why": "Commands always need an OK here.", **changes}
    return DeferredCall(id="tool-1", input_hash="hash", detail=detail, detail_kind=kind, **given)


def asking(*questions: Question) -> DeferredCall:
    return DeferredCall("tool-1", "AskUserQuestion", "Asking a question", "hash", questions=questions)


def decision(deferred: DeferredCall | None = None, decided: Decided | None = None, **changes: Any) -> Decision:
    given: dict[str, Any] = {"id": "d-1", "thread": THREAD, "card_ts": CARD_TS, "asked": ANN, **changes}
    given |= {"turn_id": "t-1", "session_id": "s-1", "asked_at": ASKED_AT, "expires_at": EXPIRES_AT}
    return Decision(call=deferred or call(), decided=decided, **given)


def decided(verdict: Verdict, user: str = "U0BENBEN1", **more: Any) -> Decided:
    return Decided(verdict, user, ASKED_AT + 60, **more)
