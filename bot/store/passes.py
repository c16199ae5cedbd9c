"""What the workers share so that each of them knows the links to the transcript page."""

from __future__ import annotations

from bot.store import keys
from bot.store.database import Database

KEY_LIFE_S = 3 * 86_400
"""Longer than anything lives that is signed on a day."""


class PassRecords:
    """Implements `bot.web.transcripts.passes.PassStore`. Raises StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key(self, day: int, fresh: str) -> str:
        name = keys.pass_key(day)
        await self._database.call("SET", name, fresh, "NX", "EX", KEY_LIFE_S)
        return str(await self._database.call("GET", name))

    async def first(self, pass_id: str, life_s: int) -> bool:
        return await self._database.call("SET", keys.pass_used(pass_id), "1", "NX", "EX", life_s) is not None
