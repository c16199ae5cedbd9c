"""What workers tell one another: a stream for each."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator

import structlog

from bot.errors import StoreAway
from bot.model import Signal, SignalKind, ThreadKey
from bot.store import keys
from bot.store.database import Database

log = structlog.get_logger(__name__)

KEPT = 1_000
"""How many signals wait for a worker at most; what is older is found by the sweep instead."""
LIFETIME_S = 3_600
"""How long a stream outlives the last sign of its worker."""
BLOCK_MS = 2_000
"""How long one read waits. Shorter than the client's read timeout."""
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0


class SignalStreams:
    """Signals over Redis streams."""

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    @property
    def worker(self) -> str:
        return self._worker

    async def send(self, worker: str, signal: Signal) -> None:
        key = keys.signals(worker)
        body = json.dumps({"v": 1, "kind": signal.kind.value, "thread": str(signal.thread)})
        await self._database.batch(
            [("XADD", key, "MAXLEN", "~", KEPT, "*", "signal", body), ("EXPIRE", key, LIFETIME_S)]
        )

    async def receive(self) -> AsyncIterator[Signal]:
        """Starts with what is sent from the first step on. Waits while Redis is away."""
        last_id = ""
        retry_s = RETRY_FIRST_S
        while True:
            try:
                last_id = last_id or await self._newest_id()
                entries = await self._read(last_id)
                retry_s = RETRY_FIRST_S
            except StoreAway as error:
                log.warning("signals_away", error=str(error), retry_s=round(retry_s, 2))
                await asyncio.sleep(retry_s * random.uniform(0.5, 1.0))
                retry_s = min(retry_s * 2, RETRY_MAX_S)
                continue
            for entry_id, body in entries:
                last_id = entry_id
                signal = _signal(body)
                if signal is not None:
                    yield signal

    async def _newest_id(self) -> str:
        newest = await self._database.call("XREVRANGE", keys.signals(self._worker), "+", "-", "COUNT", 1)
        return str(newest[0][0]) if newest else "0-0"

    async def _read(self, last_id: str) -> list[tuple[str, str]]:
        key = keys.signals(self._worker)
        answer = await self._database.listen("XREAD", "COUNT", 100, "BLOCK", BLOCK_MS, "STREAMS", key, last_id)
        if not answer:
            return []
        found = [(entry_id, fields["signal"]) for _, entries in answer for entry_id, fields in entries]
        # What was read is of no use to anybody, and names a thread that may have been forgotten.
        read = [entry_id for entry_id, _ in found]
        await self._database.batch([("XDEL", key, *read), ("EXPIRE", key, LIFETIME_S)])
        return found


def _signal(body: str) -> Signal | None:
    """None for a kind that only a newer worker knows."""
    kept = json.loads(body)
    try:
        return Signal(SignalKind(kept["kind"]), ThreadKey.parse(kept["thread"]))
    except ValueError:
        log.warning("signal_unknown", kind=kept.get("kind"))
        return None
