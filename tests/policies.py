"""Policies for tests."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model import Rule, Rules, TurnPolicy


def rules(allow: Iterable[str] = (), ask: Iterable[str] = (), deny: Iterable[str] = ()) -> Rules:
    return Rules(*(tuple(map(Rule.parse, texts)) for texts in (allow, ask, deny)))


def allowing(*texts: str) -> TurnPolicy:
    """A policy under which these calls need no asking."""
    return TurnPolicy(((rules(texts),),))


WRITING = allowing("Read", "Glob", "Grep", "Write", "Edit", "NotebookEdit", "WebSearch", "WebFetch")
"""The tools on files and the web, all without asking."""

WRITING_FILE = '[tools]\nallow = ["Write", "Edit", "NotebookEdit", "WebFetch"]\n'
"""What an operator's file says who wants the same."""
