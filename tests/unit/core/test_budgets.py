"""Turns are kept to the budgets, and people are told before and when one is used up."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.budgets import Budgets, BudgetTable
from bot.model import Budget, Ending, PeriodKind, ScopeKind, Spent
from tests.fakes import ManualClock, MemoryStore, always
from tests.fakes_agent import Script
from tests.unit.core.conftest import ANA, BEN, Worker, World
from tests.waiting import until

# A turn of the fake agent costs half a dollar.


async def up(world: World, **budgets: Budget) -> Worker:
    worker = world.start_worker(table=BudgetTable(reserve_usd=0.5, **budgets))
    await world.enter.enter_async_context(worker.inbox)
    return worker


def endings(world: World) -> list[Ending]:
    return [reply.closing.outcome.ending for reply in world.chat.replies if reply.closing is not None]


async def spent_by(worker: Worker, user: str) -> Spent:
    report = await worker.budgets.report(ANA if user == "U_ANA" else BEN, "C1", admin=False)
    return report.accounts[0].spent


async def test_a_turn_goes_on_the_accounts_of_its_author_channel_and_workspace(world: World, worker: Worker) -> None:
    await worker.inbox.take(world.message("hello"))
    await until(lambda: len(world.chat.posted) == 1)
    report = await worker.budgets.report(ANA, "C1", admin=True)
    assert [account.scope.kind for account in report.accounts] == [*ScopeKind]
    assert [account.spent.day_usd for account in report.accounts] == [0.5, 0.5, 0.5]
    assert (report.top_users, report.top_channels) == ((("U_ANA", 0.5),), (("C1", 0.5),))
    theirs = await worker.budgets.report(BEN, "D1", admin=False)
    assert [(account.scope.kind, account.spent.day_usd) for account in theirs.accounts] == [(ScopeKind.USER, 0.0)]
    assert theirs.top_users == theirs.top_channels == ()


@pytest.mark.parametrize("scope", [*ScopeKind])
async def test_a_prompt_beyond_a_budget_is_refused_with_when_it_resets(world: World, scope: ScopeKind) -> None:
    worker = await up(world, **{scope.value: Budget(day_usd=0.5)})
    first = world.message("first")
    await worker.inbox.take(first)
    await until(lambda: len(world.chat.posted) == 1)
    await worker.inbox.take(world.message("second", root=first.ts))
    await until(lambda: len(world.chat.posted) == 2)
    assert endings(world) == [Ending.DONE, Ending.OVER_BUDGET]
    closing = world.chat.replies[1].closing
    assert closing is not None
    level = closing.outcome.used_up
    assert level is not None
    assert (level.scope, level.period, level.budget_usd, level.spent_usd) == (scope, PeriodKind.DAY, 0.5, 0.5)
    assert len(world.agent.runs) == 1


async def test_after_a_refusal_nothing_stays_reserved(world: World) -> None:
    worker = await up(world, channel=Budget(day_usd=9.0), workspace=Budget(day_usd=9.0), user=Budget(month_usd=0.0))
    await worker.inbox.take(world.message("hello"))
    await until(lambda: endings(world) == [Ending.OVER_BUDGET])
    report = await worker.budgets.report(ANA, "C1", admin=True)
    assert [account.spent for account in report.accounts] == [Spent(), Spent(), Spent()]


async def test_a_burst_is_let_in_only_as_far_as_the_budget_may_reach(world: World) -> None:
    workers = [await up(world, workspace=Budget(day_usd=1.0)) for _ in range(3)]
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate) for _ in range(9)]
    for number in range(9):
        await workers[number % 3].inbox.take(world.message(str(number)))
    await until(lambda: endings(world) == [Ending.OVER_BUDGET] * 7)
    gate.set()
    await until(lambda: endings(world).count(Ending.DONE) == 2)


async def test_of_several_authors_the_newest_who_has_something_left_pays(world: World) -> None:
    worker = await up(world, user=Budget(day_usd=0.5))
    await worker.inbox.take(world.message("uses it up", user="U_BEN"))
    await until(lambda: len(world.chat.posted) == 1)
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    other = world.message("elsewhere", user="U_CLEO")
    await worker.inbox.take(other)
    await world.agent.wait_for_runs(2)
    for user in ("U_ANA", "U_BEN"):
        await worker.inbox.take(world.message("more", root=other.ts, user=user))
    gate.set()
    await until(lambda: endings(world) == [Ending.DONE] * 3)
    assert (await spent_by(worker, "U_BEN")).day_usd == 0.5
    assert (await spent_by(worker, "U_ANA")).day_usd == 0.5


async def test_at_four_fifths_of_a_budget_its_payer_is_warned_once(world: World) -> None:
    worker = await up(world, user=Budget(day_usd=1.25), workspace=Budget(month_usd=50.0))
    first = world.message("1")
    await worker.inbox.take(first)
    for count in (1, 2, 3):
        await until(lambda count=count: len(world.chat.posted) == count)  # type: ignore[misc]
        await worker.inbox.take(world.message(str(count + 1), root=first.ts))
    await until(lambda: endings(world)[-1] is Ending.OVER_BUDGET)
    [(user, level)] = world.chat.warned
    assert (user, level.scope, level.spent_usd) == ("U_ANA", ScopeKind.USER, 1.0)


async def test_a_refused_prompt_leaves_the_session_as_it_was(world: World) -> None:
    first = world.message("first")
    async with world.start_worker(table=BudgetTable(user=Budget(day_usd=0.5))).inbox as inbox:
        await inbox.take(first)
        await until(lambda: len(world.chat.posted) == 1)
        await inbox.take(world.message("refused", root=first.ts))
        await until(lambda: endings(world)[1:] == [Ending.OVER_BUDGET])
        async with inbox.exclusive(first.thread):
            pass
    async with world.start_worker().inbox as inbox:
        await inbox.take(world.message("third", root=first.ts))
        await until(lambda: len(world.chat.posted) == 3)
    assert [request.text for request in world.agent.requests] == ["first", "third"]
    assert world.agent.requests[1].resume


@pytest.mark.parametrize(
    ("now", "day_ends", "month_ends"),
    [
        ("2026-11-21T23:30", "2026-11-22T00:00", "2026-12-01T00:00"),
        ("2026-12-31T12:00", "2027-01-01T00:00", "2027-01-01T00:00"),
        ("2026-03-29T01:00", "2026-03-30T00:00", "2026-04-01T00:00"),
    ],
)
async def test_periods_end_at_midnight_by_the_clock_that_is_set(now: str, day_ends: str, month_ends: str) -> None:
    zone = ZoneInfo("Europe/Berlin")

    def at(local: str) -> float:
        return datetime.fromisoformat(local).replace(tzinfo=zone).timestamp()

    budgets = Budgets(MemoryStore().spend, ManualClock(at(now)), always(BudgetTable()), zone, new_id=lambda: "run")
    report = await budgets.report(ANA, "C1", admin=False)
    assert (report.day_resets_at, report.month_resets_at) == (at(day_ends), at(month_ends))
