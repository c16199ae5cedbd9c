"""What was set for a channel."""

from __future__ import annotations

from bot.store import keys
from bot.store.database import Database

LIFETIME_S = 400 * 86_400
"""How long a team's settings outlive the last time that they were read or set."""


class ChannelSettings:
    """Settings of channels. Raises StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def streaming(self, team: str, channel: str) -> str:
        """How answers appear there; empty when nobody set it."""
        key = keys.channels(team)
        mode, _ = await self._database.batch([("HGET", key, channel), ("EXPIRE", key, LIFETIME_S)])
        return str(mode or "")

    async def set_streaming(self, team: str, channel: str, mode: str) -> None:
        key = keys.channels(team)
        await self._database.batch([("HSET", key, channel, mode), ("EXPIRE", key, LIFETIME_S)])
