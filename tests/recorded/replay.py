"""Put into a Redis what an earlier release kept in one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis

RELEASES = sorted(path.stem for path in Path(__file__).parent.glob("*.json"))


async def replay(client: Redis, release: str) -> None:
    """Write what `tests.recorded.record` wrote down on that release. Short lives are over by now, as they would be."""
    recording = json.loads((Path(__file__).parent / f"{release}.json").read_text(encoding="utf-8"))
    for key, kept in recording.items():
        if 0 <= kept["life_ms"] < 60_000:
            continue
        await _write(cast("Any", client), key, kept["type"], kept["value"])
        if kept["life_ms"] >= 0:
            await cast("Any", client).pexpire(key, kept["life_ms"])


async def _write(redis: Any, key: str, kind: str, value: Any) -> None:
    match kind:
        case "string":
            await redis.set(key, _bytes(value))
        case "hash":
            await redis.hset(key, mapping={name: _bytes(text) for name, text in value.items()})
        case "list":
            await redis.rpush(key, *map(_bytes, value))
        case "set":
            await redis.sadd(key, *map(_bytes, value))
        case "zset":
            await redis.zadd(key, dict(value))
        case "stream":
            for at, fields in value:
                await redis.xadd(key, fields, id=at)
        case _:
            raise ValueError(f"a {kind} can't be replayed")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text[7:]) if text.startswith("base64:") else text.encode()
