"""Who looks at App Home, and at what of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.store import keys
from bot.store.database import Database

VIEWER_LIFE_S = 3600
"""How long after the last look at anybody's App Home it is taken to be looked at still."""


class HomeViewers:
    """What each person's App Home shows, for as long as it may be looked at. Raises StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, team: str, user: str, shown: str) -> None:
        key = keys.homes(team)
        await self._database.batch([("HSET", key, user, shown), ("EXPIRE", key, VIEWER_LIFE_S)])

    async def of(self, team: str, users: Iterable[str]) -> Mapping[str, str]:
        """What those of them see who may be looking."""
        asked = sorted(set(users))
        if not asked:
            return {}
        found = await self._database.call("HMGET", keys.homes(team), *asked)
        return {user: shown for user, shown in zip(asked, found, strict=True) if shown is not None}
