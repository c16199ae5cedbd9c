"""Workspaces that have removed the app: remembered until their data is gone or they are back."""

from __future__ import annotations

from bot.model import Periods, Scope, ScopeKind, ThreadFilter, ThreadKey
from bot.ports import SpendRun
from tests.contracts.world import AnyStore, World, answered, message


async def test_a_workspace_is_due_when_its_time_has_come_and_only_for_one(world: World) -> None:
    one, other = world.worker("w1").departures, world.worker("w2").departures
    await one.depart("T1", 100.0)
    await one.depart("T2", 50.0)
    assert await one.claim_due(49.0, 10.0) == ""
    assert await one.claim_due(120.0, 10.0) == "T2"
    assert await other.claim_due(120.0, 10.0) == "T1"
    assert await other.claim_due(121.0, 10.0) == ""


async def test_what_one_worker_did_not_finish_another_goes_on_with(store: AnyStore) -> None:
    await store.departures.depart("T1", 100.0)
    assert await store.departures.claim_due(100.0, 10.0) == "T1"
    assert await store.departures.claim_due(110.0, 10.0) == "T1"


async def test_leaving_twice_does_not_put_it_off(store: AnyStore) -> None:
    await store.departures.depart("T1", 100.0)
    await store.departures.depart("T1", 900.0)
    assert await store.departures.claim_due(100.0, 10.0) == "T1"


async def test_a_workspace_that_is_back_stays(store: AnyStore) -> None:
    await store.departures.depart("T1", 100.0)
    assert await store.departures.leaving("T1")
    assert await store.departures.stay("T1")
    assert not await store.departures.leaving("T1")
    assert not await store.departures.stay("T1")
    assert await store.departures.claim_due(1_000.0, 10.0) == ""


async def test_a_workspace_that_is_forgotten_is_not_due_again(store: AnyStore) -> None:
    await store.departures.depart("T1", 100.0)
    await store.departures.forget_team("T1")
    assert await store.departures.claim_due(1_000.0, 10.0) == ""


PERIODS = Periods("2026-11-21", "2026-11")


async def test_everything_of_a_workspace_goes_and_nothing_of_another(store: AnyStore) -> None:
    # The second one's id begins with the first one's.
    for team in ("T1", "T12"):
        await answered(store, message("1.1", thread=ThreadKey(team, "C1", "1.1")), session_id=f"session-{team}")
        for scope in _accounts(team):
            await store.spend.settle(scope, PERIODS, SpendRun("turn", "run"), 1.0)
        await store.departures.depart(team, 100.0)
    await store.departures.forget_team("T1")
    assert not (await store.threads.page(ThreadFilter("T1"), "", 10)).threads
    assert len((await store.threads.page(ThreadFilter("T12"), "", 10)).threads) == 1
    assert [spent.month_usd for spent in await store.spend.spent(_accounts("T1"), PERIODS)] == [0.0, 0.0, 0.0]
    assert [spent.month_usd for spent in await store.spend.spent(_accounts("T12"), PERIODS)] == [1.0, 1.0, 1.0]
    assert await store.departures.leaving("T12")


def _accounts(team: str) -> list[Scope]:
    return [Scope(ScopeKind.WORKSPACE, team), Scope(ScopeKind.USER, team, "U1"), Scope(ScopeKind.CHANNEL, team, "C1")]
