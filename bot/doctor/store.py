"""Redis: is it there, new enough, writable, and does it keep what it is given?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from bot.doctor.finding import Finding, fail, ok, warn

OLDEST: Final = (6, 2)
"""Below it some commands of the store's scripts are missing."""

CONNECT_BOUND_S: Final = 5.0

PROBE: Final = "bot:doctor"
"""Written to see whether writing works; gone after ten seconds."""

KEEPING_MEND: Final = "set appendonly yes (and save points), or sessions are lost when Redis restarts"
EVICTION_MEND: Final = "set maxmemory-policy noeviction, or sessions vanish when memory is short"


async def check_redis(url: str) -> Sequence[Finding]:
    """Whether Redis can carry the bot's state."""
    if url == "memory:":
        return [
            warn("Redis", "kept in this process and lost with it", "set REDIS_URL to a real Redis, except for a demo")
        ]
    client = redis.Redis.from_url(
        url, decode_responses=True, socket_connect_timeout=CONNECT_BOUND_S, socket_timeout=CONNECT_BOUND_S
    )
    try:
        return await _examine(client)
    except AuthenticationError as refused:
        return [fail("Redis", f"refused the login: {refused}", "mend user and password in REDIS_URL")]
    except RedisError as away:
        return [fail("Redis", f"{_place(url)}: {away}", "start Redis there, or mend REDIS_URL")]
    finally:
        await client.aclose()


async def _examine(client: redis.Redis) -> Sequence[Finding]:
    facts: Mapping[str, Any] = await client.info()
    return [
        _version(str(facts.get("redis_version", "0"))),
        await _writable(client),
        await _keeping(client, facts),
        _eviction(str(facts.get("maxmemory_policy", ""))),
    ]


def _version(version: str) -> Finding:
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if parts < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return fail("Redis", f"version {version} is too old", f"install Redis {oldest} or newer")
    return ok("Redis", f"version {version}")


async def _writable(client: redis.Redis) -> Finding:
    try:
        await client.set(PROBE, "1", ex=10)
    except ResponseError as refused:
        mend = (
            "point REDIS_URL at the primary, with a user that may write, and see that its memory and disk are not full"
        )
        return fail("Redis writes", f"refused: {refused}", mend)
    return ok("Redis writes", "accepted")


async def _keeping(client: redis.Redis, facts: Mapping[str, Any]) -> Finding:
    if facts.get("aof_enabled"):
        return ok("Redis persistence", "append-only file")
    try:
        save_points = (await client.config_get("save")).get("save", "")
    except ResponseError:
        return warn("Redis persistence", "no append-only file, and the save points are not shown", KEEPING_MEND)
    if save_points:
        return warn("Redis persistence", "snapshots only: a crash loses the last minutes", "set appendonly yes")
    return warn("Redis persistence", "off", KEEPING_MEND)


def _eviction(policy: str) -> Finding:
    if policy == "noeviction":
        return ok("Redis memory", "nothing is evicted")
    return warn("Redis memory", f"maxmemory-policy is {policy or 'not shown'}", EVICTION_MEND)


def _place(url: str) -> str:
    """The address without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
