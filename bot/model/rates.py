"""How often something may be done."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted together, and how fast it may go on.

    Args:
        what: what is counted, a method in a workspace for example.
        channel: where, if each channel is counted on its own.
        interval_s: seconds between two of them once the burst is spent.
        burst: how many may follow one another at once.
    """

    what: str
    interval_s: float
    burst: int
    channel: str = ""
