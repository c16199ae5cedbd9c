"""The store on what operators run: a cluster of three, a password, TLS, Sentinel."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis as BlockingRedis
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.crc import key_slot

from bot.errors import StoreAway
from bot.model import Ending, Outcome, Signal, SignalKind
from bot.store.client import connect
from bot.store.health import health
from bot.store.keys import ThreadKeys
from bot.store.store import Store
from tests.contracts.world import THREAD, begun, entries, leased, message
from tests.redis_server import free_port, redis_cluster
from tests.requirements_of_machine import needs

pytestmark = pytest.mark.redis

UP_S = 20.0

PASSWORD, QUOTED = "s3c@ret/", "s3c%40ret%2F"
"""As it is, and as it stands in an address."""


@contextmanager
def server(
    folder: Path, port: int, *options: str, sentinel: bool = False, tls: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    program = needs("redis-server")
    home = folder / str(port)
    home.mkdir()
    config = home / "redis.conf"
    config.write_text("")
    mode = ("--sentinel",) if sentinel else ("--save", "")
    listens = ("--port", "0", "--tls-port", str(port)) if tls else ("--port", str(port))
    command = [str(program), str(config), *listens, "--bind", "127.0.0.1", "--dir", str(home)]
    process = subprocess.Popen([*command, *mode, *options], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _until(done: Any, what: str) -> None:
    deadline = time.monotonic() + UP_S
    while True:
        try:
            if done():
                return
        except redis_errors.RedisError:
            pass
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


async def _a_turn(store: Store, ts: str = "1700000000.000100") -> None:
    """A message from arrival to answer, with everything that is kept on the way."""
    await store.workers.beat(1)
    await store.inbox.accept(message(ts), "aaaaaaaa-0000-4000-8000-000000000000")
    await store.signals.send("w2", Signal(SignalKind.WORK, THREAD))
    lease = await leased(store)
    turn = await begun(store, lease, f"turn-{ts}")
    session_id = turn.thread.session_id
    await store.transcripts.append(lease, session_id, "", entries(f"entry-{ts}"))
    await store.files.put(lease, session_id, "digest", b"\x00\xff")
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, session_id), [f"{ts[:-1]}9"])
    assert await store.inbox.release(lease)
    assert await store.turns.tail(THREAD, session_id) == f"entry-{ts}"
    assert await store.files.get(THREAD, session_id) == b"\x00\xff"


async def test_a_turn_on_a_cluster_of_three_with_each_script_on_one_slot() -> None:
    with redis_cluster() as url:
        async with connect(url) as client, _store(url) as store:
            await _a_turn(store)
            assert await store.inbox.abandoned(10) == []
            names = [name.decode() async for name in client.scan_iter()]
            of_thread = [name for name in names if str(THREAD) in name and name.startswith("bot:{")]
            assert {key_slot(name.encode()) for name in of_thread} == {key_slot(ThreadKeys(THREAD).lease.encode())}
            assert all("{" in name for name in names if name != "bot:workers")


async def test_workers_hear_of_one_another_on_a_cluster() -> None:
    with redis_cluster() as url:
        async with _store(url) as store, _store(url, "w2") as other:
            heard = aiter(other.signals.receive())
            first = asyncio.ensure_future(anext(heard))
            async with asyncio.timeout(UP_S):
                while not first.done():
                    await store.signals.send("w2", Signal(SignalKind.WORK, THREAD))
                    await asyncio.sleep(0.05)
            assert await first == Signal(SignalKind.WORK, THREAD)


async def test_the_worst_of_a_clusters_nodes_counts() -> None:
    with redis_cluster() as url:
        async with connect(url) as client:
            found = await health(client)
            assert (found.supported, found.persistent, found.can_evict) == (True, False, False)
            async with Redis.from_url(url.replace("+cluster", "").partition(",")[0]) as one:
                await one.config_set("maxmemory", "100mb")
            await client.config_set("maxmemory-policy", "allkeys-lru")
            found = await health(client)
            assert (found.can_evict, found.eviction_policy, found.max_memory_bytes) == (True, "allkeys-lru", 0)


async def test_a_cluster_of_one_tells_its_health_too() -> None:
    with redis_cluster(1) as url:
        async with connect(url) as client:
            found = await health(client)
            assert (found.supported, found.persistent, found.can_evict) == (True, False, False)


async def test_a_cluster_that_is_gone_is_away() -> None:
    with redis_cluster() as url:
        pass
    async with _store(url) as store:
        with pytest.raises(StoreAway):
            await store.threads.get(THREAD)


async def test_a_password_is_needed_and_taken(tmp_path: Path) -> None:
    port = free_port()
    with server(tmp_path, port, "--requirepass", "s3cret"):
        async with _store(f"redis://:s3cret@127.0.0.1:{port}/0") as store:
            await _patiently(_a_turn, store)
        async with _store(f"redis://127.0.0.1:{port}/0") as store:
            with pytest.raises(StoreAway):
                await _a_turn(store)


async def test_a_turn_over_tls(tmp_path: Path) -> None:
    certificate, tls = _tls(tmp_path)
    other, _ = _tls(tmp_path / "other")
    port = free_port()
    with server(tmp_path, free_port(), "--tls-port", str(port), *tls):
        async with _store(f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}") as store:
            await _patiently(_a_turn, store)
        async with _store(f"rediss://localhost:{port}/0?ssl_ca_certs={other}") as store:
            with pytest.raises(StoreAway):
                await _a_turn(store)


async def test_a_turn_on_a_cluster_over_tls_with_a_password(tmp_path: Path) -> None:
    certificate, tls = _tls(tmp_path)
    other, _ = _tls(tmp_path / "other")
    with redis_cluster(password=PASSWORD, tls=tls) as url:
        async with _store(f"{url}/?ssl_ca_certs={certificate}") as store:
            await _a_turn(store)
            assert await store.inbox.abandoned(10) == []
        for wrong in (f"{url}/?ssl_ca_certs={other}", f"{url.replace(QUOTED, 'wrong')}/?ssl_ca_certs={certificate}"):
            async with _store(wrong) as store:
                with pytest.raises(StoreAway):
                    await _a_turn(store)


async def test_the_store_follows_sentinel_to_the_next_master(tmp_path: Path) -> None:
    first, second, watch = free_port(), free_port(), free_port()
    replica = ("--replicaof", f"127.0.0.1 {first}")
    with ExitStack() as stack:
        master = stack.enter_context(server(tmp_path, first))
        stack.enter_context(server(tmp_path, second, *replica))
        stack.enter_context(server(tmp_path, watch, sentinel=True))
        _watch(watch, first)
        async with _store(f"redis+sentinel://127.0.0.1:{watch}/bot") as store:
            await _patiently(_a_turn, store)
            master.kill()
            await _patiently(_a_turn, store, "1700000000.000200")


async def test_the_store_follows_sentinel_over_tls_with_passwords(tmp_path: Path) -> None:
    certificate, tls = _tls(tmp_path)
    first, second, watch = free_port(), free_port(), free_port()
    over_tls = ("--tls-replication", "yes", *tls)
    redis = (*over_tls, "--requirepass", PASSWORD, "--masterauth", PASSWORD)
    with ExitStack() as stack:
        master = stack.enter_context(server(tmp_path, first, *redis, tls=True))
        stack.enter_context(server(tmp_path, second, *redis, "--replicaof", f"127.0.0.1 {first}", tls=True))
        stack.enter_context(server(tmp_path, watch, *over_tls, "--requirepass", "watch", sentinel=True, tls=True))
        _watch(watch, first, {"ssl": True, "ssl_ca_certs": str(certificate)})
        url = f"rediss+sentinel://:{QUOTED}@127.0.0.1:{watch}/bot?ssl_ca_certs={certificate}"
        async with _store(f"{url}&sentinel_password=watch") as store:
            await _patiently(_a_turn, store)
            master.kill()
            await _patiently(_a_turn, store, "1700000000.000200")
        async with _store(url) as store:
            with pytest.raises(StoreAway):
                await _a_turn(store)


def _watch(watch: int, master: int, tls: Mapping[str, Any] | None = None) -> None:
    """Have the sentinel watch the master. Over TLS both ask for their passwords."""
    own, its = ("watch", PASSWORD) if tls else (None, None)
    with BlockingRedis(port=watch, password=own, **(tls or {})) as sentinel:
        _until(sentinel.ping, "sentinel did not come up")
        sentinel.execute_command("SENTINEL", "MONITOR", "bot", "127.0.0.1", master, 1)
        sentinel.execute_command("SENTINEL", "SET", "bot", "down-after-milliseconds", 500, "failover-timeout", 3000)
        if its:
            sentinel.execute_command("SENTINEL", "SET", "bot", "auth-pass", its)
        with BlockingRedis(port=master, password=its, **(tls or {})) as client:
            _until(lambda: client.info("replication")["connected_slaves"] == 1, "no replica came")
        _until(lambda: len(_replicas(sentinel)) == 1, "sentinel knows no replica")


def _replicas(sentinel: Any) -> Sequence[object]:
    return cast("Sequence[object]", sentinel.execute_command("SENTINEL", "REPLICAS", "bot"))


@asynccontextmanager
async def _store(url: str, worker: str = "w1") -> AsyncIterator[Store]:
    client = connect(url)
    store = Store(client, worker, ttl_s=1000)
    try:
        yield store
    finally:
        await store.aclose()
        await client.aclose()


async def _patiently(deed: Any, *arguments: object) -> None:
    """As the bot does: again while the store is away."""
    async with asyncio.timeout(UP_S):
        while True:
            try:
                await deed(*arguments)
                return
            except StoreAway:
                await asyncio.sleep(0.1)


def _tls(folder: Path) -> tuple[Path, Sequence[str]]:
    """A certificate for localhost that vouches for itself, and the options with which a server shows it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder.mkdir(exist_ok=True)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    made = ("-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([openssl, "req", "-x509", *made, *names], check=True, capture_output=True)
    shown = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(certificate))
    return certificate, (*shown, "--tls-auth-clients", "no")
