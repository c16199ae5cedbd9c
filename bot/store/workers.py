"""The workers that live."""

from __future__ import annotations

from collections.abc import Mapping

from bot.store import codec, keys
from bot.store.database import Database

LIFE_S = 3.5
"""How long after its last beat a worker counts as alive; it beats every second."""
LIFETIME_S = 60
"""How long the list outlives the last beat of all."""


class LivingWorkers:
    """Workers over one Redis hash. A lost one does no harm: it is written again within a second."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    async def beat(self, room: int) -> Mapping[str, int]:
        told = await self._database.run(
            "beat", (keys.WORKERS,), self._worker, room, round(LIFE_S * 1_000_000), LIFETIME_S
        )
        return {worker: int(room) for worker, room in zip(told[::2], told[1::2], strict=True)}

    async def living(self) -> Mapping[str, int]:
        now_s, micros = await self._database.call("TIME")
        now_us = int(now_s) * 1_000_000 + int(micros)
        told = codec.pairs(await self._database.call("HGETALL", keys.WORKERS))
        beats = {worker: beat.split() for worker, beat in told.items()}
        return {
            worker: int(room) for worker, (at_us, room) in beats.items() if now_us - int(at_us) <= LIFE_S * 1_000_000
        }
