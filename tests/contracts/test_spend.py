"""What accounts spend is counted once, over all workers, and budgets hold against a burst."""

from __future__ import annotations

import asyncio

import pytest

from bot.model import Budget, PeriodKind, Periods, Scope, ScopeKind, Spent
from bot.ports import SpendRun
from tests.contracts.world import AnyStore, World

TODAY = Periods("2026-11-21", "2026-11")
TOMORROW = Periods("2026-11-22", "2026-11")
NEXT_MONTH = Periods("2026-12-01", "2026-12")
ANA = Scope(ScopeKind.USER, "T1", "U1")
BEN = Scope(ScopeKind.USER, "T1", "U2")
WORKSPACE = Scope(ScopeKind.WORKSPACE, "T1")
DAILY = Budget(day_usd=1.0)
LONG_S = 3600.0


async def spent(store: AnyStore, scope: Scope = ANA, periods: Periods = TODAY) -> Spent:
    [one] = await store.spend.spent([scope], periods)
    return one


async def test_nothing_is_spent_at_first(store: AnyStore) -> None:
    assert await spent(store) == Spent()


async def test_what_is_reserved_counts_until_it_is_settled(store: AnyStore) -> None:
    run = SpendRun("turn", "run")
    assert await store.spend.reserve(ANA, TODAY, run, 0.5, DAILY, lasts_s=LONG_S) is None
    assert await spent(store) == Spent(0.0, 0.0, 0.5)
    before, after = await store.spend.settle(ANA, TODAY, run, 0.25)
    assert (before, after) == (Spent(0.0, 0.0, 0.5), Spent(0.25, 0.25, 0.0))
    assert await spent(store) == after
    assert await spent(store, BEN) == Spent()


async def test_a_call_that_is_repeated_counts_once(store: AnyStore) -> None:
    run = SpendRun("turn", "run")
    for _ in range(2):
        assert await store.spend.reserve(ANA, TODAY, run, 0.9, DAILY, lasts_s=LONG_S) is None
    for _ in range(2):
        await store.spend.settle(ANA, TODAY, run, 0.25)
    assert await spent(store) == Spent(0.25, 0.25, 0.0)


@pytest.mark.parametrize(
    ("budget", "period"),
    [(Budget(1.0, None), PeriodKind.DAY), (Budget(None, 1.0), PeriodKind.MONTH), (Budget(9.0, 1.0), PeriodKind.MONTH)],
)
async def test_a_budget_that_is_used_up_lets_nothing_in(store: AnyStore, budget: Budget, period: PeriodKind) -> None:
    await store.spend.settle(ANA, TODAY, SpendRun("turn-1", "run-1"), 1.0)
    second = SpendRun("turn-2", "run-2")
    assert await store.spend.reserve(ANA, TODAY, second, 0.1, budget, lasts_s=LONG_S) is period
    assert (await spent(store)).reserved_usd == 0.0
    assert await store.spend.reserve(ANA, TODAY, second, 0.1, Budget(), lasts_s=LONG_S) is None


async def test_a_burst_over_several_workers_is_let_in_up_to_the_budget(world: World) -> None:
    workers = [world.worker(f"w{number}") for number in range(5)]
    runs = [SpendRun(f"turn-{number}", f"run-{number}") for number in range(40)]
    answers = await asyncio.gather(
        *(
            workers[number % 5].spend.reserve(WORKSPACE, TODAY, run, 0.25, DAILY, lasts_s=LONG_S)
            for number, run in enumerate(runs)
        )
    )
    let_in = [run for run, used_up in zip(runs, answers, strict=True) if used_up is None]
    assert len(let_in) == 4
    await asyncio.gather(*(workers[0].spend.settle(WORKSPACE, TODAY, run, 0.1) for run in let_in))
    assert await spent(workers[1], WORKSPACE) == Spent(0.4, 0.4, 0.0)


async def test_what_was_reserved_for_nothing_is_given_back(store: AnyStore) -> None:
    run = SpendRun("turn", "run")
    await store.spend.reserve(ANA, TODAY, run, 0.9, DAILY, lasts_s=LONG_S)
    await store.spend.release(ANA, TODAY, SpendRun("turn", "another run"))
    assert (await spent(store)).reserved_usd == 0.9
    await store.spend.release(ANA, TODAY, run)
    assert await spent(store) == Spent()


async def test_a_run_whose_worker_died_counts_as_spent_when_the_turn_is_taken_up(store: AnyStore) -> None:
    await store.spend.reserve(ANA, TODAY, SpendRun("turn", "first"), 0.25, DAILY, lasts_s=LONG_S)
    second = SpendRun("turn", "second")
    assert await store.spend.reserve(ANA, TODAY, second, 0.25, DAILY, lasts_s=LONG_S) is None
    assert await spent(store) == Spent(0.25, 0.25, 0.25)
    await store.spend.settle(ANA, TODAY, second, 0.1)
    assert await spent(store) == Spent(0.35, 0.35, 0.0)


async def test_a_run_that_nobody_settles_counts_as_spent_in_the_end(store: AnyStore) -> None:
    run = SpendRun("turn", "run")
    await store.spend.reserve(ANA, TODAY, run, 0.25, DAILY, lasts_s=0.0)
    assert await spent(store) == Spent(0.25, 0.25, 0.0)
    await store.spend.settle(ANA, TODAY, run, 0.4)
    assert await spent(store) == Spent(0.4, 0.4, 0.0)


async def test_a_day_and_a_month_start_afresh_and_are_never_gone_back_to(store: AnyStore) -> None:
    await store.spend.settle(ANA, TODAY, SpendRun("turn-1", "run-1"), 1.0)
    await store.spend.settle(ANA, TOMORROW, SpendRun("turn-2", "run-2"), 0.25)
    assert await spent(store, periods=TOMORROW) == Spent(0.25, 1.25)
    await store.spend.settle(ANA, TODAY, SpendRun("turn-3", "run-3"), 0.25)
    assert await spent(store, periods=TOMORROW) == Spent(0.5, 1.5)
    assert await store.spend.reserve(ANA, TOMORROW, SpendRun("t", "r"), 0.1, DAILY, lasts_s=LONG_S) is None
    assert (await spent(store, periods=NEXT_MONTH)).month_usd == 0.0


async def test_who_spent_most_stands_first(store: AnyStore) -> None:
    for number, (scope, usd) in enumerate(((ANA, 0.5), (BEN, 2.0), (ANA, 0.75), (WORKSPACE, 9.0))):
        await store.spend.settle(scope, TODAY, SpendRun(f"turn-{number}", f"run-{number}"), usd)
    assert await store.spend.top("T1", ScopeKind.USER, "2026-11", 5) == [("U2", 2.0), ("U1", 1.25)]
    assert await store.spend.top("T1", ScopeKind.USER, "2026-11", 1) == [("U2", 2.0)]
    assert await store.spend.top("T1", ScopeKind.CHANNEL, "2026-11", 5) == []
    assert await store.spend.top("T2", ScopeKind.USER, "2026-11", 5) == []
