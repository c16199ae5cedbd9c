"""A redis-server of the tests' own: on a socket in a directory of theirs, gone when they are."""

from __future__ import annotations

import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redis import Redis
from redis import exceptions as redis_errors

from tests.requirements_of_machine import needs

START_S = 10.0
SLOTS = 16_384
CLUSTER_PORT_OFFSET = 10_000  # redis.conf, cluster-port


@dataclass
class RedisServer:
    """A running server.

    Args:
        url: where it listens, a `unix://` URL.
    """

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def redis_cluster(size: int = 3, *, password: str = "", tls: Sequence[str] = ()) -> Iterator[str]:
    """A cluster of so many primaries, the same part of the slots each. Its URL names two of them.

    Args:
        password: asked for by each.
        tls: options that name a certificate, for nodes that talk TLS only.
    """
    listens = (*tls, "--tls-cluster", "yes", "--tls-port") if tls else ("--port",)
    share = -(-SLOTS // size)
    with ExitStack() as stack:
        ports = [free_port() for _ in range(size)]
        nodes = []
        for port in ports:
            own = ("--cluster-enabled", "yes", *listens, str(port), "--bind", "127.0.0.1")
            nodes.append(stack.enter_context(Redis.from_url(stack.enter_context(redis_server(own)).url)))
        for number, node in enumerate(nodes):
            node.execute_command("CLUSTER", "ADDSLOTSRANGE", number * share, min((number + 1) * share, SLOTS) - 1)
            node.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
        deadline = time.monotonic() + START_S
        while not all(_knows(node, size) for node in nodes):
            assert time.monotonic() < deadline, "the cluster did not come up"
            time.sleep(0.02)
        for node in nodes:
            node.config_set("requirepass", password)
        who = f":{quote(password, safe='')}@" if password else ""
        scheme = "rediss+cluster" if tls else "redis+cluster"
        yield f"{scheme}://{who}" + ",".join(f"127.0.0.1:{port}" for port in ports[:2])


def _knows(node: Any, size: int) -> bool:
    told = str(node.execute_command("CLUSTER", "INFO"))
    return "cluster_state:ok" in told and f"cluster_known_nodes:{size}" in told


def free_port() -> int:
    """A port whose cluster port is free as well: it is 10,000 higher, and both lie below what the system hands out."""
    while True:
        port = random.randrange(20_000, 22_700)
        if not any(_is_taken(each) for each in (port, port + CLUSTER_PORT_OFFSET)):
            return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def redis_server(options: Sequence[str] = ()) -> Iterator[RedisServer]:
    """A fresh server that keeps nothing on disk. Skips the test where there is no redis-server.

    Args:
        options: more command line options, for example `("--maxmemory", "3mb")`.
    """
    program = needs("redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        path = Path(folder) / "redis.sock"
        command = [str(program), "--port", "0", "--unixsocket", str(path), "--dir", folder, "--save", "", *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_until_up(path)
            yield RedisServer(f"unix://{path}", process)
        finally:
            process.kill()
            process.wait()


def _wait_until_up(path: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with Redis(unix_socket_path=str(path)) as client:
                client.ping()
            return
        except redis_errors.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
