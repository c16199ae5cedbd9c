"""What accounts have spent, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.model import Budget, PeriodKind, Periods, Scope, ScopeKind, Spent
from bot.ports import SpendRun
from tests.memory.state import Memory, SpendAccount, SpendHeld


class MemorySpend:
    """SpendStore of every worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def _account(self, scope: Scope, periods: Periods) -> SpendAccount:
        account, now = self._memory.accounts[scope], self._memory.clock.now()
        if account.periods.day < periods.day:
            account.periods, account.day_usd = replace(account.periods, day=periods.day), 0.0
        if account.periods.month < periods.month:
            account.periods, account.month_usd = replace(account.periods, month=periods.month), 0.0
        for held in account.held.values():
            if held.until <= now and not held.counted:
                held.counted = True
                account.add(held.amount_usd)
        return account

    async def reserve(
        self, scope: Scope, periods: Periods, run: SpendRun, amount_usd: float, budget: Budget, *, lasts_s: float
    ) -> PeriodKind | None:
        account = self._account(scope, periods)
        before = account.held.get(run.turn_id)
        if before is not None and before.run == run.id:
            return None
        if before is not None:
            if not before.counted:
                account.add(before.amount_usd)
            del account.held[run.turn_id]
        for period in PeriodKind:
            bound = budget.of(period)
            if bound is not None and account.spent.of(period) + account.spent.reserved_usd >= bound:
                return period
        account.held[run.turn_id] = SpendHeld(run.id, amount_usd, self._memory.clock.now() + lasts_s)
        return None

    async def release(self, scope: Scope, periods: Periods, run: SpendRun) -> None:
        account = self._account(scope, periods)
        held = account.held.get(run.turn_id)
        if held is not None and held.run == run.id and not held.counted:
            del account.held[run.turn_id]

    async def settle(self, scope: Scope, periods: Periods, run: SpendRun, cost_usd: float) -> tuple[Spent, Spent]:
        account = self._account(scope, periods)
        before = account.spent
        if run.id not in account.settled:
            account.settled.add(run.id)
            held = account.held.get(run.turn_id)
            if held is not None and held.run == run.id:
                del account.held[run.turn_id]
                cost_usd = max(0.0, cost_usd - held.amount_usd) if held.counted else cost_usd
            account.add(cost_usd)
            self._memory.spenders[scope.team, scope.kind, account.periods.month][scope.id] = account.spent.month_usd
        return before, account.spent

    async def spent(self, scopes: Sequence[Scope], periods: Periods) -> Sequence[Spent]:
        return [self._account(scope, periods).spent for scope in scopes]

    async def top(self, team: str, kind: ScopeKind, month: str, count: int) -> Sequence[tuple[str, float]]:
        sums = self._memory.spenders[team, kind, month]
        return sorted(sums.items(), key=lambda item: -item[1])[:count]
