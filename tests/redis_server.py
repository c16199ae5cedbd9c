"""A redis-server of the tests' own: on a socket in a directory of theirs, gone when they are."""

from __future__ import annotations

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
def redis_server(options: Sequence[str] = ()) -> Iterator[RedisServer]:
    """A fresh server that keeps nothing on disk. Skips the test where there is no redis-server.

    Args:
        options: more command line options, for example `("--maxmemory", "3mb")`.
    """
    program = needs("redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder) / "redis.sock"
        command = [str(program), "--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", "", *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_until_up(socket)
            yield RedisServer(f"unix://{socket}", process)
        finally:
            process.kill()
            process.wait()


def _wait_until_up(socket: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            with Redis(unix_socket_path=str(socket)) as client:
                client.ping()
            return
        except redis_errors.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
