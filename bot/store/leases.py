"""The right to work on a thread: taken by one worker at a time, and fenced."""

from __future__ import annotations

from bot.model import Lease, ThreadKey
from bot.store.database import Database
from bot.store.indexes import WorkIndex
from bot.store.keys import ThreadKeys

FENCE_TTL_S = 86_400
"""How long a thread's fencing counter outlives its last lease. The clock is the token's floor, should it be lost."""


def owner_of(lease: Lease) -> str:
    """What the lease key holds while this lease is alive."""
    return f"{lease.token} {lease.worker}"


class Leases:
    """The leases part of the inbox port.

    Args:
        worker: this worker's id.
        lease_s: how long a lease lives without renewal, in seconds.
    """

    def __init__(self, database: Database, work: WorkIndex, worker: str, lease_s: float) -> None:
        self._database = database
        self._work = work
        self._worker = worker
        self._lease_ms = round(lease_s * 1000)

    async def acquire(self, thread: ThreadKey) -> Lease | None:
        token = await self._database.run("acquire", ThreadKeys(thread).state, self._worker, self._lease_ms, FENCE_TTL_S)
        return None if token is None else Lease(thread, self._worker, int(token))

    async def renew(self, lease: Lease) -> bool:
        renewed = await self._database.run(
            "renew", ThreadKeys(lease.thread).state, owner_of(lease), lease.token, self._lease_ms, FENCE_TTL_S
        )
        return bool(renewed)

    async def release(self, lease: Lease, *, even_with_work: bool = False) -> bool:
        """A lease that ran out, and that nobody took since, counts as given back."""
        released, settled_us = await self._database.run(
            "release", ThreadKeys(lease.thread).state, owner_of(lease), lease.token, int(even_with_work)
        )
        if int(settled_us):
            await self._work.settle_soon(lease.thread, int(settled_us))
        return bool(released)

    async def holder(self, thread: ThreadKey) -> str:
        return holder_in(await self._database.call("GET", ThreadKeys(thread).lease))


def holder_in(owner: str | None) -> str:
    """The worker that a lease key names; empty when there is none."""
    return owner.partition(" ")[2] if owner else ""
