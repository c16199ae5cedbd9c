"""The store on what operators run: a cluster of three, a password, TLS, Sentinel."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis as BlockingRedis
from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.crc import key_slot

from bot.errors import StoreAway
from bot.model import Ending, Outcome, Signal, SignalKind
from bot.store.client import connect
from bot.store.keys import ThreadKeys
from bot.store.store import Store
from tests.contracts.world import THREAD, begun, entries, leased, message
from tests.requirements_of_machine import needs

pytestmark = pytest.mark.redis

UP_S = 20.0


def _free_port() -> int:
    """Below the ports that the system hands out, since a cluster's own port is 10,000 higher."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@contextmanager
def server(folder: Path, port: int, *options: str, sentinel: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    program = needs("redis-server")
    home = folder / str(port)
    home.mkdir()
    config = home / "redis.conf"
    config.write_text("")
    mode = ("--sentinel",) if sentinel else ("--save", "")
    command = [str(program), str(config), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
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


@pytest.fixture
def cluster_port(tmp_path: Path) -> Iterator[int]:
    """Three nodes, a third of the slots each."""
    with ExitStack() as stack:
        ports = [_free_port() for _ in range(3)]
        for port in ports:
            stack.enter_context(server(tmp_path, port, "--cluster-enabled", "yes"))
        nodes = [stack.enter_context(BlockingRedis(port=port)) for port in ports]
        for number, node in enumerate(nodes):
            _until(node.ping, "a node did not come up")
            first, last = number * 5462, min((number + 1) * 5462 - 1, 16383)
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
        for node in nodes:
            _until(lambda node=node: _whole(node), "the cluster did not come up")
        yield ports[0]


def _whole(node: Any) -> bool:
    told = node.execute_command("CLUSTER", "INFO")
    return "cluster_state:ok" in told.decode() if isinstance(told, bytes) else told["cluster_state"] == "ok"


async def test_a_turn_on_a_cluster_of_three_with_each_script_on_one_slot(cluster_port: int) -> None:
    async with RedisCluster(host="127.0.0.1", port=cluster_port) as client:
        store = Store(cast("Redis", client), "w1", ttl_s=1000)
        await _a_turn(store)
        assert await store.inbox.abandoned(10) == []
        names = [name.decode() async for name in client.scan_iter()]
        of_thread = [name for name in names if str(THREAD) in name and name.startswith("bot:{")]
        assert {key_slot(name.encode()) for name in of_thread} == {key_slot(ThreadKeys(THREAD).lease.encode())}
        assert all("{" in name for name in names if name != "bot:workers")


async def test_a_password_is_needed_and_taken(tmp_path: Path) -> None:
    port = _free_port()
    with server(tmp_path, port, "--requirepass", "s3cret"):
        async with _store(f"redis://:s3cret@127.0.0.1:{port}/0") as store:
            await _patiently(_a_turn, store)
        async with _store(f"redis://127.0.0.1:{port}/0") as store:
            with pytest.raises(StoreAway):
                await _a_turn(store)


async def test_a_turn_over_tls(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    port = _free_port()
    tls = ("--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    with server(tmp_path, _free_port(), *tls, "--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no"):
        async with _store(f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}") as store:
            await _patiently(_a_turn, store)
        async with _store(f"rediss://localhost:{port}/0?ssl_ca_certs={_certificate(tmp_path / 'other')[0]}") as store:
            with pytest.raises(StoreAway):
                await _a_turn(store)


async def test_the_store_follows_sentinel_to_the_next_master(tmp_path: Path) -> None:
    first, second, watch = _free_port(), _free_port(), _free_port()
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


def _watch(watch: int, master: int) -> None:
    with BlockingRedis(port=watch) as sentinel:
        _until(sentinel.ping, "sentinel did not come up")
        sentinel.execute_command("SENTINEL", "MONITOR", "bot", "127.0.0.1", master, 1)
        sentinel.execute_command("SENTINEL", "SET", "bot", "down-after-milliseconds", 500, "failover-timeout", 3000)
        with BlockingRedis(port=master) as client:
            _until(lambda: client.info("replication")["connected_slaves"] == 1, "no replica came")
        _until(lambda: len(_replicas(sentinel)) == 1, "sentinel knows no replica")


def _replicas(sentinel: Any) -> Sequence[object]:
    return cast("Sequence[object]", sentinel.execute_command("SENTINEL", "REPLICAS", "bot"))


@asynccontextmanager
async def _store(url: str) -> AsyncIterator[Store]:
    client = connect(url)
    try:
        yield Store(client, "w1", ttl_s=1000)
    finally:
        await client.aclose()
        manager: Any = getattr(client.connection_pool, "sentinel_manager", None)
        for sentinel in manager.sentinels if manager else ():
            await sentinel.aclose()  # the client leaves these open


async def _patiently(deed: Any, *arguments: object) -> None:
    """As the bot does: again while the store is away."""
    async with asyncio.timeout(UP_S):
        while True:
            try:
                await deed(*arguments)
                return
            except StoreAway:
                await asyncio.sleep(0.1)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder.mkdir(exist_ok=True)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    made = ("-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([openssl, "req", "-x509", *made, *names], check=True, capture_output=True)
    return certificate, key
