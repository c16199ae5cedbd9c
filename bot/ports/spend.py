"""What the core needs of the store to keep to budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.model import Budget, PeriodKind, Periods, Scope, ScopeKind, Spent


@dataclass(frozen=True, slots=True)
class SpendRun:
    """A run of the agent that costs money. `id` is new for each; those of one turn follow one another."""

    turn_id: str
    id: str


class SpendStore(Protocol):
    """What every account has spent today and this month, over all workers.

    A period that has ended is never gone back to, whatever a worker's clock says.
    """

    async def reserve(
        self, scope: Scope, periods: Periods, run: SpendRun, amount_usd: float, budget: Budget, *, lasts_s: float
    ) -> PeriodKind | None:
        """Count this amount until the run is settled. A repeat for the same run changes nothing.

        What an earlier run of the same turn had reserved was spent: nobody saw its end. So was what is not settled
        within `lasts_s` seconds.

        Returns the period whose budget is used up, by what was spent and reserved; nothing is reserved then.
        """
        ...

    async def release(self, scope: Scope, periods: Periods, run: SpendRun) -> None:
        """The run did not take place: give back what was reserved."""
        ...

    async def settle(self, scope: Scope, periods: Periods, run: SpendRun, cost_usd: float) -> tuple[Spent, Spent]:
        """Put the run's cost in the place of what was reserved, if anything. A repeat soon after changes nothing.

        Returns what was spent before and after.
        """
        ...

    async def spent(self, scopes: Sequence[Scope], periods: Periods) -> Sequence[Spent]: ...

    async def top(self, team: str, kind: ScopeKind, month: str, count: int) -> Sequence[tuple[str, float]]:
        """Who spent most this month: ids of users or channels with US dollars, the most first."""
        ...
