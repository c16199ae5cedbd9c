"""Redis: is it there, new enough, writable, and does it keep what it is given?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bot.doctor.finding import Finding, fail, ok, warn
from bot.errors import StoreAway
from bot.store.client import connect
from bot.store.health import MINIMUM_VERSION, StoreHealth, health

PROBE: Final = "bot:doctor"
"""Written to see whether writing works; gone after ten seconds."""

REACH_MEND: Final = "start Redis there, or mend REDIS_URL, its user and its password"
MEMORY_MEND: Final = "set REDIS_URL to a real Redis, except for a demo"
KEEP_MEND: Final = "set appendonly yes, or sessions are lost when Redis restarts"
EVICTION_MEND: Final = "set maxmemory-policy noeviction, or sessions vanish when memory is short"
WRITE_MEND: Final = "point REDIS_URL at the primary, with a user that may write; see that memory and disk are not full"


async def check_redis(url: str) -> Sequence[Finding]:
    """Whether Redis can carry the bot's state."""
    client = connect(url)
    try:
        found = await health(client)
        if found.in_process:
            return [warn("Redis", "kept in this process and lost with it", MEMORY_MEND)]
        return [_version(found), await _writable(client), _persistence(found), _memory(found)]
    except StoreAway as away:
        return [fail("Redis", f"{_place(url)}: {away.__cause__ or away}", REACH_MEND)]
    finally:
        await client.aclose()


def _version(found: StoreHealth) -> Finding:
    if found.supported:
        return ok("Redis", f"version {found.version}")
    oldest = ".".join(map(str, MINIMUM_VERSION))
    return fail("Redis", f"version {found.version} is too old", f"install Redis {oldest} or newer")


async def _writable(client: Redis) -> Finding:
    try:
        await client.set(PROBE, "1", ex=10)
    except ResponseError as refused:
        return fail("Redis writes", f"refused: {refused}", WRITE_MEND)
    except RedisError as lost:
        return fail("Redis writes", f"not confirmed: {lost}", REACH_MEND)
    return ok("Redis writes", "accepted")


def _persistence(found: StoreHealth) -> Finding:
    match found.persistent:
        case True:
            return ok("Redis persistence", "on")
        case False:
            return warn("Redis persistence", "off", KEEP_MEND)
        case None:
            return warn("Redis persistence", "not shown by this Redis", KEEP_MEND)


def _memory(found: StoreHealth) -> Finding:
    used = f"{found.used_memory_bytes / 1e6:.0f} MB used"
    if found.can_evict:
        return warn("Redis memory", f"{used}, and maxmemory-policy is {found.eviction_policy}", EVICTION_MEND)
    return ok("Redis memory", f"{used}, nothing is evicted")


def _place(url: str) -> str:
    """The address without user and password."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path
