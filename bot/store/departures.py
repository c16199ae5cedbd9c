"""Workspaces that have removed the app."""

from __future__ import annotations

from bot.store import keys
from bot.store.database import Database

TOGETHER = 100
"""Keys that are removed in one round trip."""


class Departures:
    """Implements `bot.ports.DepartureStore`. All raise StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def depart(self, team: str, due: float) -> None:
        await self._database.call("ZADD", keys.DEPARTING, "NX", due, team)

    async def stay(self, team: str) -> bool:
        return bool(await self._database.call("ZREM", keys.DEPARTING, team))

    async def claim_due(self, now: float, claim_s: float) -> str:
        return str(await self._database.run("claim_due", [keys.DEPARTING], now, claim_s) or "")

    async def leaving(self, team: str) -> bool:
        return await self._database.call("ZSCORE", keys.DEPARTING, team) is not None

    async def forget_team(self, team: str) -> None:
        for pattern in keys.of_team(team):
            found = [name async for name in self._database.scan(pattern) if name != keys.installation(team)]
            for start in range(0, len(found), TOGETHER):
                # One command a key: they lie on different slots.
                await self._database.batch([("UNLINK", name) for name in found[start : start + TOGETHER]])
        await self._database.call("ZREM", keys.DEPARTING, team)
