"""What the core needs of time."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where time comes from. Tests hand in one that they move."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None: ...
