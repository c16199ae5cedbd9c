"""What kind of Redis it is: can it carry the bot, and does it keep what it is given?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import exceptions as redis_errors
from redis.asyncio import Redis, RedisCluster

from bot.store.database import translated

MINIMUM_VERSION = (6, 2)
"""The first with ZADD GT, ZRANGE BYSCORE REV and scripts replicated by effect throughout."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """What a Redis is like. None where it does not tell (managed ones hide their settings)."""

    version: str
    supported: bool
    """Its version is at least MINIMUM_VERSION."""
    in_process: bool
    """It is the fake one, which forgets everything with the process."""
    persistent: bool | None
    eviction_policy: str
    can_evict: bool
    """It has a memory limit and a policy that drops keys when it is reached."""
    used_memory_bytes: int
    max_memory_bytes: int
    """0 for no limit."""

    @property
    def forgets(self) -> bool:
        """It keeps nothing over a restart, and nobody chose it for that."""
        return self.persistent is False and not self.in_process


async def health(client: Redis) -> StoreHealth:
    """Ask the Redis what it is; of a cluster each primary, and what is worst of them counts. Raises StoreAway."""
    if type(client).__module__.startswith("fakeredis"):
        with translated():
            await cast("Any", client.ping())
        return StoreHealth("in process", True, True, False, "noeviction", False, 0, 0)
    nodes = await _each(client, "info")
    versions = sorted((str(told.get("redis_version", "")) for told in nodes), key=_numbers)
    policies = [str(told.get("maxmemory_policy", "")) for told in nodes]
    limits = [int(told.get("maxmemory", 0)) for told in nodes]
    evicting = [policy for policy, limit in zip(policies, limits, strict=True) if limit > 0 and _evicts(policy)]
    return StoreHealth(
        version=versions[0],
        supported=_numbers(versions[0]) >= MINIMUM_VERSION,
        in_process=False,
        persistent=True if all(told.get("aof_enabled") for told in nodes) else await _takes_snapshots(client),
        eviction_policy=(evicting or policies)[0],
        can_evict=bool(evicting),
        used_memory_bytes=sum(int(told.get("used_memory", 0)) for told in nodes),
        max_memory_bytes=sum(limits) if all(limits) else 0,
    )


async def _each(client: Redis, method: str, *arguments: str) -> Sequence[Mapping[str, Any]]:
    """What each primary answers; the only one, without a cluster."""
    asked: Any = client
    call = getattr(asked, method)
    with translated():
        if not isinstance(asked, RedisCluster):
            return [await call(*arguments)]
        # One by one: the answers of all together have another form when there is only one primary.
        await asked.initialize()
        return [await call(*arguments, target_nodes=node) for node in asked.get_primaries()]


async def _takes_snapshots(client: Redis) -> bool | None:
    try:
        nodes = await _each(client, "config_get", "save")
    except redis_errors.ResponseError:
        return None
    return all(any(settings.values()) for settings in nodes)


def _evicts(policy: str) -> bool:
    return policy not in ("", "noeviction")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())
