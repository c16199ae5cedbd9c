"""The one place where Redis is called: scripts are run, answers become text, failures become the bot's errors."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from importlib import resources
from typing import Any, cast

from redis import exceptions as redis_errors
from redis.asyncio import Redis

from bot.errors import LeaseLost, StoreAway
from bot.model import Counted
from bot.ports import Telemetry, Untold

CALLS_AT_ONCE = 32
"""How many calls one worker makes at once, each on a connection: a burst waits for its turn."""
WAIT_S = 5.0
"""How long a call waits for its turn."""

Argument = str | bytes | int | float

_AWAY = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
    redis_errors.NoPermissionError,
    redis_errors.ClusterError,
    redis_errors.TryAgainError,
    redis_errors.RedisClusterException,
    asyncio.TimeoutError,
    OSError,
)
_AWAY_WORDS = (
    "OOM ",
    "MISCONF ",
    "READONLY ",
    "LOADING ",
    "NOREPLICAS ",
    "MASTERDOWN ",
    "CLUSTERDOWN ",
    "BUSY ",
    "NOAUTH ",
)
"""What a refused write answers; inside a script the word stands in the middle of the message."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn Redis's errors into LeaseLost and StoreAway; what is left is a defect of ours."""
    with _cancellable():
        try:
            yield
        except _AWAY as error:
            raise StoreAway(type(error).__name__) from error
        except redis_errors.ResponseError as error:
            message = str(error)
            if message.startswith("LEASELOST"):
                raise LeaseLost(message) from None
            if any(word in message for word in _AWAY_WORDS):
                raise StoreAway(message.partition(" ")[0]) from error
            raise


@contextmanager
def _cancellable() -> Iterator[None]:
    """Raise a cancellation that got lost inside.

    The client sends through `asyncio.wait_for`, which before Python 3.12 swallows one that comes as the sending ends
    (python/cpython#86296). A loop that calls Redis could not be stopped then.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    try:
        yield
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


class Database:
    """A Redis client that answers in text.

    Args:
        client: made by `bot.store.client.connect`; it answers in bytes.
    """

    def __init__(self, client: Redis, telemetry: Telemetry | None = None) -> None:
        self.client = client
        self._telemetry = telemetry or Untold()
        self._room = asyncio.Semaphore(CALLS_AT_ONCE)

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        """One of the calls that may run at once. Raises StoreAway when its turn does not come in time."""
        try:
            async with asyncio.timeout(WAIT_S):
                await self._room.acquire()
        except TimeoutError:
            raise StoreAway("too many calls at once") from None
        try:
            with translated():
                yield
        except LeaseLost:
            self._telemetry.count(Counted.WRITE_REFUSED)
            raise
        finally:
            self._room.release()

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        """Run scripts/<script>.lua. A Redis that does not know it (restarted, failed over) is given it."""
        source, sha = _source(script)
        arguments = _encoded(args)
        async with self._call():
            try:
                answer = await cast("Any", self.client.evalsha(sha, len(keys), *keys, *arguments))
            except redis_errors.NoScriptError:
                answer = await cast("Any", self.client.eval(source, len(keys), *keys, *arguments))
        return as_text(answer)

    async def call(self, *command: Argument) -> Any:
        """One command."""
        return as_text(await self.call_raw(*command))

    async def call_raw(self, *command: Argument) -> Any:
        """One command whose answer stays bytes."""
        async with self._call():
            return await cast("Any", self.client.execute_command(*_encoded(command)))  # type: ignore[no-untyped-call]

    async def batch(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        """Several commands in one round trip, not atomic; the answers in order."""
        if not commands:
            return []
        async with self._call():
            pipeline = self.client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*_encoded(command))
            return [as_text(answer) for answer in await pipeline.execute()]


def encoded(text: str) -> bytes:
    """Text as Redis keeps it. Half a surrogate pair, which a model may write, comes back as it went."""
    return text.encode("utf-8", "surrogatepass")


def _encoded(arguments: Sequence[Argument]) -> list[Argument]:
    return [
        encoded(argument) if isinstance(argument, str) and not argument.isascii() else argument
        for argument in arguments
    ]


def as_text(answer: Any) -> Any:
    if isinstance(answer, bytes):
        return answer.decode("utf-8", "surrogatepass")
    if isinstance(answer, list | tuple | set):
        return [as_text(item) for item in answer]
    if isinstance(answer, dict):
        return {as_text(name): as_text(value) for name, value in answer.items()}
    return answer


_ON_INDEXES = frozenset({"beat", "mark_work", "drop", "rate", "replace", "spend"})


@cache
def _source(script: str) -> tuple[str, str]:
    folder = resources.files("bot.store") / "scripts"
    source = (folder / f"{script}.lua").read_text()
    if script not in _ON_INDEXES:
        source = (folder / "thread.lua").read_text() + source
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
