"""Getting a client for the store."""

from __future__ import annotations

from functools import cache
from typing import Any, cast
from urllib.parse import urlsplit

from redis import exceptions as redis_errors
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialWithJitterBackoff
from redis.connection import HiredisRespSerializer

from bot.store.convoy import CONVOYS

MEMORY_URL = "memory:"
TIMEOUT_S = 5.0
"""How long one answer may take. Longer than a blocking read waits (`signals.BLOCK_MS`)."""
HEALTH_CHECK_S = 15
MAX_CONNECTIONS = CONVOYS + 8
"""Above what a worker uses at once, so that the pool never refuses one."""


def connect(url: str) -> Redis:
    """A client for `redis://`, `unix://`, `redis+sentinel://host:port,…/service?db=0`, for a cluster
    (`redis+cluster://host:port,…`), with TLS `rediss://`, `rediss+sentinel://…`, `rediss+cluster://…`, or `memory:`.

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
    if url.startswith(("redis+sentinel://", "rediss+sentinel://")):
        return _by_sentinel(url, options)
    if url.startswith(("redis+cluster://", "rediss+cluster://")):
        return _cluster(url, options)
    if not url.startswith("unix://"):
        options["socket_keepalive"] = True
    return _packing_in_c(Redis.from_url(url, **options))


def _by_sentinel(url: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(url)
    service = parts.path.strip("/")
    sentinels = _hosts(parts.netloc, 26379)
    if not sentinels or not service:
        raise ValueError("a sentinel URL names its hosts and the service: redis+sentinel://host:26379/service")
    # What else such a URL may say is read by redis-py, as in a URL of one host: who, the database, and `ssl_…`.
    scheme, who = parts.scheme.removesuffix("+sentinel"), parts.netloc.rpartition("@")[0]
    said: dict[str, Any] = dict(parse_url(f"{scheme}://{who}@?{parts.query}"))
    said.pop("connection_class", None)
    if scheme == "rediss":
        said["ssl"] = True
    own = {name: said.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in said}
    own |= {name: value for name, value in said.items() if name.startswith("ssl")}
    timeouts = {"socket_timeout": TIMEOUT_S, "socket_connect_timeout": TIMEOUT_S}
    sentinel = cast("Any", Sentinel)(sentinels, sentinel_kwargs=timeouts | own)
    client = sentinel.master_for(service, redis_class=_BySentinel, **(options | said))
    return _packing_in_c(cast("Redis", client))


def _packing_in_c(client: Redis) -> Redis:
    """Let hiredis write commands as well as read answers: a third of what a call costs the worker is that.

    redis-py does so for its blocking client only.
    """
    pool: Any = client.connection_pool
    pool.connection_class = type("PackingInC", (_PackingInC, pool.connection_class), {})
    return client


class _PackingInC:
    """What is different in such a connection."""

    _serializer = HiredisRespSerializer()

    def pack_command(self, *arguments: bytes | str | float) -> list[bytes]:
        return cast("list[bytes]", cast("Any", self._serializer).pack(*arguments))


class _BySentinel(Redis):
    """Closes the connections to the sentinels as well, which redis-py leaves open."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        for sentinel in cast("Any", self.connection_pool).sentinel_manager.sentinels:
            await sentinel.aclose()


def _cluster(url: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(url)
    hosts = _hosts(parts.netloc, 6379)
    if not hosts or parts.path.strip("/0"):
        raise ValueError("a cluster URL names some of its nodes and no database: redis+cluster://host:6379,host2:6379")
    scheme, who = parts.scheme.removesuffix("+cluster"), parts.netloc.rpartition("@")[0]
    (host, port), *others = hosts
    first = f"{scheme}://{who}@{host}:{port}?{parts.query}" if who else f"{scheme}://{host}:{port}?{parts.query}"
    nodes = [ClusterNode(host, port) for host, port in others]
    return cast("Redis", RedisCluster.from_url(first, startup_nodes=nodes, socket_keepalive=True, **options))


def _hosts(netloc: str, port: int) -> list[tuple[str, int]]:
    """The hosts that a URL lists, each with its port."""
    _, _, hosts = netloc.rpartition("@")
    listed = [host.rpartition(":") if ":" in host else (host, "", "") for host in hosts.split(",") if host]
    return [(host, int(given or port)) for host, _, given in listed]


def _in_process() -> Redis:
    from fakeredis import FakeAsyncRedis  # noqa: PLC0415 - some 4 MB that a worker with a Redis need not hold

    return cast("Redis", FakeAsyncRedis(server=_shared_server(), protocol=2))


@cache
def _shared_server() -> Any:
    """One for the whole process, as a real server would be."""
    from fakeredis import FakeServer  # noqa: PLC0415 - as above

    return FakeServer(server_type="redis", version=(7, 0))
