"""Which organisation's installation serves a workspace."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from bot.slack.oauth.records import InstallationRecords
from bot.store.sealing import Seal
from tests.contracts.world import AnyStore, World

SEAL = Seal([Fernet.generate_key().decode()])


@pytest.fixture
def records(store: AnyStore) -> InstallationRecords:
    return store.installations(SEAL)


async def test_what_is_put_is_there_for_every_worker_until_it_is_deleted(world: World) -> None:
    one, other = (world.worker(name).installations(SEAL) for name in ("w1", "w2"))
    await one.put("T1", "first")
    await one.put("T1", "second")
    assert [await other.get("T1"), await other.get("T2")] == ["second", None]
    await one.delete("T1")
    assert await other.get("T1") is None


async def test_an_organisation_serves_the_workspaces_that_it_is_said_to(records: InstallationRecords) -> None:
    for team in ("T1", "T2"):
        await records.serve(team, "E1")
    await records.serve("T3", "E2")
    assert set(await records.served("E1")) == {"T1", "T2"}
    assert [await records.served_by(team) for team in ("T1", "T3", "T4")] == ["E1", "E2", ""]


async def test_a_workspace_that_is_served_no_longer_is_still_known_to_have_been(records: InstallationRecords) -> None:
    for team in ("T1", "T2"):
        await records.serve(team, "E1")
    for _ in range(2):
        await records.unserve("T1", "E1")
    assert [await records.served_by(team) for team in ("T1", "T2")] == ["", "E1"]
    assert set(await records.served("E1")) == {"T1", "T2"}
    await records.serve("T1", "E1")
    assert await records.served_by("T1") == "E1"


async def test_what_one_organisation_ends_is_never_another_ones(records: InstallationRecords) -> None:
    await records.serve("T1", "E1")
    await records.serve("T1", "E2")
    for organisation in ("E1", "E3"):
        await records.unserve("T1", organisation)
    await records.unserve("T9", "E1")
    assert await records.served_by("T1") == "E2"
