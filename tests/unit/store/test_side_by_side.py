"""During a rolling upgrade workers of an earlier release go on with what this one writes.

They can't be run here. But what they read was recorded: the same deeds, done by this release, leave every key and field
that they left, of the same kind. What is new beside that they leave alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from tests.recorded import replay
from tests.recorded.record import Recorder, contents

READ_BY_NONE = {"delivery_new"}
"""Told the script that wrote it whether a repeated call had made the thread; without it that was a known thread."""

Kept = Mapping[str, Mapping[str, Any]]


@pytest.fixture
async def written() -> Kept:
    """What this release leaves after the recorded deeds."""
    client = cast("Redis", FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0))))
    await Recorder(client).everything()
    try:
        return cast("Kept", await contents(client))
    finally:
        await client.aclose()


@pytest.fixture(params=replay.RELEASES)
def earlier(request: pytest.FixtureRequest) -> Kept:
    """What an earlier release left."""
    path = Path(replay.__file__).with_name(f"{request.param}.json")
    return cast("Kept", json.loads(path.read_text(encoding="utf-8")))


def test_every_key_is_where_it_was_and_of_its_kind(written: Kept, earlier: Kept) -> None:
    assert {key: kept["type"] for key, kept in earlier.items()}.items() <= {
        key: kept["type"] for key, kept in written.items()
    }.items()


def test_every_field_is_there(written: Kept, earlier: Kept) -> None:
    for key, kept in earlier.items():
        if kept["type"] == "hash":
            assert set(kept["value"]) - READ_BY_NONE <= set(written[key]["value"]), key


def test_every_value_has_the_shape_it_had(written: Kept, earlier: Kept) -> None:
    for key, kept in earlier.items():
        before, now = _documents(kept), _documents(written[key])
        for name in before.keys() & now.keys():
            assert _shape(before[name]) <= _shape(now[name]), f"{key} {name}"


def _documents(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a key that are JSON objects, by field or place."""
    value = kept["value"]
    if kept["type"] == "string":
        named = {"": value}
    elif kept["type"] == "hash":
        named = dict(value)
    elif kept["type"] == "list":
        named = {str(place): text for place, text in enumerate(value)}
    else:
        return {}
    return {name: json.loads(text) for name, text in named.items() if str(text).startswith("{")}


def _shape(document: Any, path: str = "") -> set[str]:
    """The names in a JSON object, and those in the objects inside."""
    if isinstance(document, dict):
        return {f"{path}.{name}" for name in document}.union(
            *(_shape(value, f"{path}.{name}") for name, value in document.items())
        )
    return set()
