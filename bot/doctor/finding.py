"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Works, but not as an operator would want it."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Args:
        name: what was looked at.
        detail: what it is like.
        mend: what to do about it; empty when nothing is to be done.
    """

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""


def ok(name: str, detail: str) -> Finding:
    return Finding(name, Verdict.OK, detail)


def warn(name: str, detail: str, mend: str) -> Finding:
    return Finding(name, Verdict.WARN, detail, mend)


def fail(name: str, detail: str, mend: str) -> Finding:
    return Finding(name, Verdict.FAIL, detail, mend)
