"""Budgets: what a turn may cost is reserved before it starts and settled after, on three accounts at once.

A turn goes on the account of the workspace, of the channel, and of the first of its authors, the newest first, who has
something left. Accounts lie on different slots of the store, so they are reserved one after the other, and given back
where a later one has nothing left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.errors import StoreAway
from bot.model import (
    Account,
    Budget,
    Level,
    PeriodKind,
    Periods,
    Person,
    Scope,
    ScopeKind,
    SpendReport,
    Spent,
    ThreadKey,
    Turn,
)
from bot.ports import Clock, SpendRun, SpendStore

log = structlog.get_logger(__name__)

WARN_AT = 0.8
"""The part of a budget whose use is warned of."""

RESERVED_FOR_S = 6 * 3600.0
"""How long a reservation counts that nobody settles; then it counts as spent."""

TOP = 5
"""How many of those who spent most are told."""


@dataclass(frozen=True, slots=True)
class BudgetTable:
    """The budgets of every account of a kind.

    Args:
        reserve_usd: what a running turn counts for until its cost is known.
    """

    user: Budget = field(default_factory=Budget)
    channel: Budget = field(default_factory=Budget)
    workspace: Budget = field(default_factory=Budget)
    reserve_usd: float = 0.5

    def of(self, kind: ScopeKind) -> Budget:
        return {ScopeKind.USER: self.user, ScopeKind.CHANNEL: self.channel, ScopeKind.WORKSPACE: self.workspace}[kind]


@dataclass(frozen=True, slots=True)
class Reservation:
    """The accounts that a run goes on, and what is reserved there."""

    run: SpendRun
    payer: Person
    accounts: tuple[tuple[Scope, Budget], ...]


class Budgets:
    """Keeps turns to the budgets.

    Args:
        tables: the budgets for a person in a channel.
        zone: by whose clock days and months begin.
    """

    def __init__(
        self,
        store: SpendStore,
        clock: Clock,
        tables: Callable[[str, Person], Awaitable[BudgetTable]],
        zone: ZoneInfo,
        *,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tables = tables
        self._zone = zone
        self._new_id = new_id

    async def reserve(self, turn: Turn, *, refusable: bool) -> Reservation | Level:
        """Reserve for a run of this turn.

        Args:
            refusable: False for a turn that was let in before: it is counted, whatever is left.

        Returns the reservation, or the budget that is used up; nothing is reserved then.

        Raises:
            StoreAway.
        """
        run = SpendRun(turn.id, self._new_id())
        payers = _payers(turn)
        shared = await self._accounts(turn.thread.key, payers[0], ScopeKind.WORKSPACE, ScopeKind.CHANNEL)
        used_up = await self._reserve_all(run, turn, shared, payers[0], refusable=refusable)
        if used_up is not None:
            return used_up
        first: Level | None = None
        for payer in payers:
            own = await self._accounts(turn.thread.key, payer, ScopeKind.USER)
            used_up = await self._reserve_all(run, turn, own, payer, refusable=refusable)
            if used_up is None:
                return Reservation(run, payer, (*shared, *own))
            first = first or used_up
        await self._release(run, shared)
        assert first is not None
        return first

    async def settle(self, reservation: Reservation, cost_usd: float) -> Sequence[Level]:
        """Count what the run cost. Returns the budgets that this brought to 80 % or more, once each.

        A store that is away is logged: what was reserved counts as spent in the end.
        """
        periods = self._periods()
        try:
            spent = await asyncio.gather(
                *(self._store.settle(scope, periods, reservation.run, cost_usd) for scope, _ in reservation.accounts)
            )
        except StoreAway as away:
            log.warning("spend_not_settled", turn=reservation.run.turn_id, cost_usd=cost_usd, error=str(away))
            return ()
        crossed = [
            self._level(scope.kind, budget, period, after)
            for (scope, budget), (before, after) in zip(reservation.accounts, spent, strict=True)
            for period in PeriodKind
            if _crosses(budget.of(period), before.of(period), after.of(period))
        ]
        for level in crossed:
            log.warning("budget_nearly_used", scope=level.scope.value, period=level.period.value, spent=level.spent_usd)
        return crossed

    async def report(self, person: Person, channel: str, *, admin: bool) -> SpendReport:
        """What this person may know of the money, asked for in a channel."""
        periods, thread = self._periods(), ThreadKey(person.team, channel, "")
        kinds = [ScopeKind.USER] + ([ScopeKind.CHANNEL] if channel and not channel.startswith("D") else [])
        accounts = await self._accounts(thread, person, *kinds, *([ScopeKind.WORKSPACE] if admin else []))
        spent = await self._store.spent([scope for scope, _ in accounts], periods)
        tops = [
            tuple(await self._store.top(person.team, kind, periods.month, TOP)) if admin else ()
            for kind in (ScopeKind.USER, ScopeKind.CHANNEL)
        ]
        listed = tuple(Account(scope, one, budget) for (scope, budget), one in zip(accounts, spent, strict=True))
        ends = {period: self._ends_at(period) for period in PeriodKind}
        return SpendReport(listed, ends[PeriodKind.DAY], ends[PeriodKind.MONTH], self._zone.key, *tops)

    # --- accounts ------------------------------------------------------------------------------------------------

    async def _accounts(self, thread: ThreadKey, payer: Person, *kinds: ScopeKind) -> tuple[tuple[Scope, Budget], ...]:
        table = await self._tables(thread.channel, payer)
        ids: Mapping[ScopeKind, str] = {ScopeKind.USER: payer.user, ScopeKind.CHANNEL: thread.channel}
        return tuple((Scope(kind, thread.team, ids.get(kind, "")), table.of(kind)) for kind in kinds)

    async def _reserve_all(
        self, run: SpendRun, turn: Turn, accounts: Sequence[tuple[Scope, Budget]], payer: Person, *, refusable: bool
    ) -> Level | None:
        """Reserve on each of the accounts that has a budget, or on none. Returns the budget that is used up."""
        amount_usd = (await self._tables(turn.thread.key.channel, payer)).reserve_usd
        periods = self._periods()
        done: list[tuple[Scope, Budget]] = []
        for scope, budget in accounts:
            if not budget:
                continue
            bound = budget if refusable else Budget()
            period = await self._store.reserve(scope, periods, run, amount_usd, bound, lasts_s=RESERVED_FOR_S)
            if period is not None:
                await self._release(run, done)
                [spent] = await self._store.spent([scope], periods)
                log.info("budget_used_up", scope=scope.kind.value, period=period.value, turn=turn.id)
                return self._level(scope.kind, budget, period, spent)
            done.append((scope, budget))
        return None

    async def _release(self, run: SpendRun, accounts: Sequence[tuple[Scope, Budget]]) -> None:
        for scope, budget in accounts:
            if budget:
                await self._store.release(scope, self._periods(), run)

    def _level(self, scope: ScopeKind, budget: Budget, period: PeriodKind, spent: Spent) -> Level:
        bound = budget.of(period)
        assert bound is not None
        return Level(scope, period, bound, spent.of(period), self._ends_at(period), self._zone.key)

    # --- time ----------------------------------------------------------------------------------------------------

    def _periods(self) -> Periods:
        now = self._now()
        return Periods(now.date().isoformat(), now.strftime("%Y-%m"))

    def _ends_at(self, period: PeriodKind) -> float:
        today = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        if period is PeriodKind.DAY:
            return (today + timedelta(days=1)).timestamp()
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), self._zone)


def _payers(turn: Turn) -> Sequence[Person]:
    """The prompt's authors, of the newest message first."""
    newest_first = dict.fromkeys(message.user for message in reversed(turn.prompt.messages))
    return [Person(turn.thread.key.team, user) for user in newest_first]


def _crosses(budget_usd: float | None, before_usd: float, after_usd: float) -> bool:
    return budget_usd is not None and before_usd < WARN_AT * budget_usd <= after_usd
