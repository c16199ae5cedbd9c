"""What was said to the bot lately: a window that slides, one key for each that is counted."""

from __future__ import annotations

from bot.store import keys
from bot.store.database import Database


class PromptWindows:
    """PromptCounts over Redis. Raises StoreAway. Time is Redis's own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, team: str, whose: str, item: str, bound: int, window_s: float) -> float:
        key = keys.prompts(team, whose)
        wait_us = await self._database.run("window", [key], item, bound, round(window_s * 1e6))
        return int(wait_us) / 1e6
