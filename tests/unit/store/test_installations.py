"""Installations at rest: sealed, one for each workspace, and states that are good once."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.store.database import as_text
from bot.store.installations import InstallationRecords
from bot.store.keys import installation
from bot.store.sealing import Seal, SealBroken
from bot.store.store import Store

pytestmark = pytest.mark.redis

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def _records(client: Redis, *keys: str) -> InstallationRecords:
    return Store(client, "w1", ttl_s=100).installations(Seal(keys))


async def test_what_is_kept_comes_back_and_redis_never_sees_it(client: Redis) -> None:
    records = _records(client, NEW)
    await records.put("T1", "xoxb-secret")
    assert await records.get("T1") == "xoxb-secret"
    assert await records.get("T2") is None
    kept = await client.get(installation("T1"))
    assert kept is not None
    assert b"xoxb" not in kept


async def test_a_newer_key_takes_over_and_the_old_one_can_go(client: Redis) -> None:
    await _records(client, OLD).put("T1", "one")
    await _records(client, OLD).put("E1", "two")
    assert await _records(client, NEW, OLD).reseal() == 2
    assert await _records(client, NEW).get("T1") == "one"
    assert await _records(client, NEW).get("E1") == "two"


async def test_without_its_key_a_record_is_as_good_as_none(client: Redis) -> None:
    await _records(client, OLD).put("T1", "one")
    assert await _records(client, NEW).get("T1") is None
    assert await _records(client, NEW).reseal() == 0


async def test_an_installation_made_meanwhile_is_not_overwritten_by_resealing(client: Redis) -> None:
    await _records(client, OLD).put("T1", "one")
    read = as_text(await client.get(installation("T1")))
    await _records(client, OLD).put("T1", "two")
    await (
        Store(client, "w1", ttl_s=100)
        .installations(Seal([NEW]))
        ._database.run("replace", [installation("T1")], read, "late")
    )
    assert await _records(client, NEW, OLD).get("T1") == "two"


async def test_what_was_deleted_is_gone(client: Redis) -> None:
    records = _records(client, NEW)
    await records.put("T1", "one")
    await records.delete("T1")
    assert await records.get("T1") is None
    assert await records.owners() == frozenset()


async def test_a_state_is_good_once(client: Redis) -> None:
    states = Store(client, "w1", ttl_s=100).oauth_states
    await states.keep("abc")
    assert [await states.take("abc"), await states.take("abc"), await states.take("never")] == [True, False, False]


def test_a_seal_opens_only_what_it_closed() -> None:
    with pytest.raises(SealBroken):
        Seal([NEW]).open("not a sealed text")
