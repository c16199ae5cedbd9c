"""Getting a client for the store, and asking what kind of Redis it talks to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from fakeredis import FakeAsyncRedis, FakeServer
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialWithJitterBackoff

from bot.store.convoy import CONVOYS
from bot.store.database import translated

MEMORY_URL = "memory:"
MINIMUM_VERSION = (6, 2)
"""The first with ZADD GT, ZRANGE BYSCORE REV and scripts replicated by effect throughout."""

TIMEOUT_S = 5.0
"""How long one answer may take. Longer than a blocking read waits (`signals.BLOCK_MS`)."""
HEALTH_CHECK_S = 15
MAX_CONNECTIONS = CONVOYS + 8
"""Above what a worker uses at once, so that the pool never refuses one."""


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


def connect(url: str) -> Redis:
    """A client for `redis://`, `rediss://`, `unix://`, `redis+sentinel://host:port,…/service?db=0`, or `memory:`.

    Connects with the first command. Close it with `aclose`. Raises ValueError when the URL is of no known form.
    """
    if url == MEMORY_URL:
        return _in_process()
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "health_check_interval": HEALTH_CHECK_S,
        "max_connections": MAX_CONNECTIONS,
        # A lost connection is tried again: every script may be repeated. What timed out is not: Slack waits 3 s only.
        "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.3), 2, (redis_errors.ConnectionError,)),
        "protocol": 2,
    }
    if url.startswith("redis+sentinel://"):
        return _by_sentinel(url, options)
    if not url.startswith("unix://"):
        options["socket_keepalive"] = True
    return Redis.from_url(url, **options)


def _by_sentinel(url: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(url)
    _, _, hosts = parts.netloc.rpartition("@")
    service = parts.path.strip("/")
    if not hosts or not service:
        raise ValueError("a sentinel URL names its hosts and the service: redis+sentinel://host:26379/service")
    sentinels = [(host, int(port or 26379)) for host, _, port in (one.partition(":") for one in hosts.split(","))]
    database = int(parse_qs(parts.query).get("db", ["0"])[0])
    timeouts = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
    sentinel = cast("Any", Sentinel)(sentinels, sentinel_kwargs=timeouts)
    master = sentinel.master_for(service, db=database, username=parts.username, password=parts.password, **options)
    return cast("Redis", master)


def _in_process() -> Redis:
    return cast("Redis", FakeAsyncRedis(server=_shared_server(), protocol=2))


@cache
def _shared_server() -> Any:
    """One for the whole process, as a real server would be."""
    return FakeServer(server_type="redis", version=(7, 0))


async def health(client: Redis) -> StoreHealth:
    """Ask the Redis what it is. Raises StoreAway."""
    in_process = type(client).__module__.startswith("fakeredis")
    with translated():
        if in_process:
            await cast("Any", client.ping())
            return StoreHealth("in process", True, True, False, "noeviction", False, 0, 0)
        told = await cast("Any", client.info())
    policy, limit = str(told.get("maxmemory_policy", "")), int(told.get("maxmemory", 0))
    version = str(told.get("redis_version", ""))
    return StoreHealth(
        version=version,
        supported=_numbers(version) >= MINIMUM_VERSION,
        in_process=False,
        persistent=True if told.get("aof_enabled") else await _takes_snapshots(client),
        eviction_policy=policy,
        can_evict=limit > 0 and policy not in ("", "noeviction"),
        used_memory_bytes=int(told.get("used_memory", 0)),
        max_memory_bytes=limit,
    )


async def _takes_snapshots(client: Redis) -> bool | None:
    try:
        with translated():
            settings = await cast("Any", client.config_get("save"))
    except redis_errors.ResponseError:
        return None
    save = settings.get("save", settings.get(b"save", b""))
    return bool(save)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())
