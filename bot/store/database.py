"""The one place where Redis is called: scripts are run, answers become text, failures become the bot's errors."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, cast

from redis import exceptions as redis_errors
from redis.asyncio import Redis, RedisCluster

from bot.errors import LeaseLost, StoreAway
from bot.model import Counted
from bot.ports import Telemetry, Untold
from bot.store.convoy import Convoys

Argument = str | bytes | int | float

SCANNED_TOGETHER = 1000
"""How many keys one step of a scan looks at: well under a millisecond."""

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
        self.ordered = not isinstance(client, RedisCluster)
        """Whether a batch is carried out in order. A cluster keeps to it for each node only."""
        self._convoys = Convoys(client)

    async def aclose(self) -> None:
        """Let calls end that nobody waits for any more. Nobody may call then."""
        await self._convoys.aclose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except LeaseLost:
            self._telemetry.count(Counted.WRITE_REFUSED)
            raise

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        """Run scripts/<script>.lua. A Redis that does not know it (restarted, failed over) is given it."""
        return (await self.run_after((), script, keys, *args))[-1]

    async def run_after(
        self, commands: Sequence[Sequence[Argument]], script: str, keys: Sequence[str], *args: Argument
    ) -> list[Any]:
        """Commands and then a script in one round trip, not atomic; all answers in order.

        What comes first is carried out first, but for a cluster: there keys on other slots have no order.
        """
        source, sha = _source(script)
        arguments = _encoded(args)
        alone = script in _LARGE
        with self._translated():
            evalsha = ("EVALSHA", sha, len(keys), *keys, *arguments)
            *first, last = await self._convoys.send([*map(_encoded, commands), evalsha], alone=alone)
            if isinstance(last, redis_errors.NoScriptError):
                (last,) = await self._convoys.send([("EVAL", source, len(keys), *keys, *arguments)], alone=alone)
            return _unless_refused([*first, last])

    async def call(self, *command: Argument) -> Any:
        """One command."""
        return (await self.batch([command]))[0]

    async def call_raw(self, *command: Argument) -> Any:
        """One command whose answer stays bytes. It may be large."""
        with translated():
            (answer,) = await self._convoys.send([_encoded(command)], alone=True)
            if isinstance(answer, Exception):
                raise answer
            return answer

    async def listen(self, *command: Argument) -> Any:
        """One command that blocks until there is something to tell: it gets a connection of its own."""
        with translated():
            return as_text(
                await cast("Any", self.client.execute_command(*_encoded(command)))  # type: ignore[no-untyped-call]
            )

    async def scan(self, pattern: str) -> AsyncIterator[str]:
        """The names of all keys of a form. It walks through everything: for what is done once in a long while."""
        with translated():
            async for name in self.client.scan_iter(match=pattern, count=SCANNED_TOGETHER):
                yield as_text(name)

    async def batch(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        """Several commands in one round trip, not atomic; the answers in order."""
        if not commands:
            return []
        alone = commands[0][0] in _LARGE
        with translated():
            return _unless_refused(await self._convoys.send([_encoded(command) for command in commands], alone=alone))


def _unless_refused(answers: Sequence[Any]) -> list[Any]:
    """The answers as text. Raises the first that is a refusal."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return [as_text(answer) for answer in answers]


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


_LARGE = frozenset({"append", "put_files", "LRANGE"})
"""Scripts and commands that may carry megabytes."""
_ON_INDEXES = frozenset(
    {
        "beat",
        "claim_due",
        "delete_if",
        "mark_work",
        "mark_pending",
        "drop",
        "rate",
        "replace",
        "spend",
        "time",
        "window",
    }
)


def script_sha(script: str) -> str:
    """By what Redis knows scripts/<script>.lua."""
    return _source(script)[1]


@cache
def _source(script: str) -> tuple[str, str]:
    folder = resources.files("bot.store") / "scripts"
    source = (folder / f"{script}.lua").read_text()
    if script not in _ON_INDEXES:
        source = (folder / "thread.lua").read_text() + source
    return source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
