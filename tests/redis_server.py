"""A redis-server of the tests' own: on a socket in a directory of theirs, gone when they are."""

from __future__ import annotations

import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis import exceptions as redis_errors

from tests.requirements_of_machine import needs

START_S = 10.0


@dataclass
class RedisServer:
    """A running server.

    Args:
        url: where it listens, a `unix://` URL.
    """

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def cluster_node() -> Iterator[RedisServer]:
    """A cluster of one: it refuses a script whose keys lie on several slots, as every cluster does."""
    with redis_server(("--cluster-enabled", "yes", "--port", str(_free_port()))) as server:
        with Redis.from_url(server.url) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            deadline = time.monotonic() + START_S
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                assert time.monotonic() < deadline, "the cluster did not come up"
                time.sleep(0.01)
        yield server


def _free_port() -> int:
    """Below the ports that the system hands out, since the cluster's own port is 10,000 higher."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


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
