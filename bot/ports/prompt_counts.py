"""What the core needs of the store to bound how often somebody speaks to the bot."""

from __future__ import annotations

from typing import Protocol


class PromptCounts(Protocol):
    """What was said to the bot lately, counted over all workers."""

    async def count(self, team: str, whose: str, item: str, bound: int, window_s: float) -> float:
        """Count an item, unless `bound` others were counted in the last `window_s` seconds.

        Args:
            whose: what is counted together, a kind and an id: `user:U…`.
            item: what makes it this one; a repeat counts once.
            bound: at least 1.

        Returns 0 when it is counted, now or before; else how many seconds from now one more would be.

        Raises:
            StoreAway.
        """
        ...
