"""Who was told already that the bot is not for them."""

from __future__ import annotations

from bot.store import keys
from bot.store.database import Database

TOLD_S = 86_400
"""How long somebody is not told again."""


class TurnedAway:
    """Remembers, over all workers, who was told where. Raises StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, team: str, channel: str, user: str) -> bool:
        """Whether they have not been told there for a day; they count as told from now on."""
        key = keys.turned_away(team, channel, user)
        return await self._database.call("SET", key, 1, "NX", "EX", TOLD_S) is not None
