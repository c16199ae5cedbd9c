"""What every account has spent. Each account is one key, so that reserving and settling are one script each."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Budget, PeriodKind, Periods, Scope, ScopeKind, Spent
from bot.ports import SpendRun
from bot.store import keys
from bot.store.database import Argument, Database

LIFETIME_S = 62 * 86_400
"""How long an account outlives its last turn: two months, so that this month's sum never goes early."""


class Spend:
    """SpendStore over Redis. Raises StoreAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self, scope: Scope, periods: Periods, run: SpendRun, amount_usd: float, budget: Budget, *, lasts_s: float
    ) -> PeriodKind | None:
        used_up, *_ = await self._run("reserve", scope, periods, run, amount_usd, budget, lasts_s)
        return PeriodKind(used_up) if used_up else None

    async def release(self, scope: Scope, periods: Periods, run: SpendRun) -> None:
        await self._run("release", scope, periods, run)

    async def settle(self, scope: Scope, periods: Periods, run: SpendRun, cost_usd: float) -> tuple[Spent, Spent]:
        _, *amounts = await self._run("settle", scope, periods, run, cost_usd)
        before, after = _spent(amounts[:3]), _spent(amounts[3:])
        if scope.id and after.month_usd:
            key = keys.top_spenders(scope.team, scope.kind.value, periods.month)
            # The month's sum only grows, so that of two who write it the later one is right.
            await self._database.batch(
                [("ZADD", key, "GT", _micros(after.month_usd), scope.id), ("EXPIRE", key, LIFETIME_S)]
            )
        return before, after

    async def spent(self, scopes: Sequence[Scope], periods: Periods) -> Sequence[Spent]:
        looks = [await self._run("look", scope, periods, SpendRun("", "-")) for scope in scopes]
        return [_spent(look[4:]) for look in looks]

    async def top(self, team: str, kind: ScopeKind, month: str, count: int) -> Sequence[tuple[str, float]]:
        key = keys.top_spenders(team, kind.value, month)
        flat = await self._database.call("ZRANGE", key, 0, count - 1, "REV", "WITHSCORES")
        return [(name, float(score) / 1e6) for name, score in zip(flat[::2], flat[1::2], strict=True)]

    async def _run(
        self,
        what: str,
        scope: Scope,
        periods: Periods,
        run: SpendRun,
        amount_usd: float = 0.0,
        budget: Budget | None = None,
        lasts_s: float = 0.0,
    ) -> list[str]:
        bounds = [_bound(budget.day_usd if budget else None), _bound(budget.month_usd if budget else None)]
        args: list[Argument] = [periods.day, periods.month, run.turn_id, run.id, _micros(amount_usd), *bounds]
        key = keys.spend(scope.team, scope.kind.value, scope.id)
        answer: list[str] = await self._database.run("spend", (key,), what, *args, round(lasts_s * 1e6), LIFETIME_S)
        return answer


def _spent(amounts: Sequence[str]) -> Spent:
    day, month, reserved = (int(amount) / 1e6 for amount in amounts)
    return Spent(day, month, reserved)


def _micros(usd: float) -> int:
    return round(usd * 1e6)


def _bound(usd: float | None) -> int:
    return -1 if usd is None else _micros(usd)
