"""Money: who spends it, within which bounds, and how much it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ScopeKind(StrEnum):
    """On whose account a turn goes; each turn goes on one of each kind."""

    USER = "user"
    CHANNEL = "channel"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True)
class Scope:
    """An account. `id` is the user's or the channel's; empty for the workspace's own."""

    kind: ScopeKind
    team: str
    id: str = ""


class PeriodKind(StrEnum):
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Periods:
    """The day and the month that it is, as `2026-11-21` and `2026-11`, by the clock that budgets follow."""

    day: str
    month: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent on an account, in US dollars. None means no bound."""

    day_usd: float | None = None
    month_usd: float | None = None

    def of(self, period: PeriodKind) -> float | None:
        return self.day_usd if period is PeriodKind.DAY else self.month_usd

    def __bool__(self) -> bool:
        return self.day_usd is not None or self.month_usd is not None


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on an account, and what running turns have reserved of it, in US dollars."""

    day_usd: float = 0.0
    month_usd: float = 0.0
    reserved_usd: float = 0.0

    def of(self, period: PeriodKind) -> float:
        return self.day_usd if period is PeriodKind.DAY else self.month_usd


@dataclass(frozen=True, slots=True)
class Level:
    """A budget that is used up, or almost.

    Args:
        spent_usd: without what running turns have reserved.
        resets_at: when the period ends.
        zone: by whose clock, for example `Europe/Berlin`.
    """

    scope: ScopeKind
    period: PeriodKind
    budget_usd: float
    spent_usd: float
    resets_at: float
    zone: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account as `usage` shows it."""

    scope: Scope
    spent: Spent
    budget: Budget


@dataclass(frozen=True, slots=True)
class SpendReport:
    """What somebody may know of the money.

    Args:
        accounts: one's own; admins get the workspace's as well.
        top_users: user ids with what they spent this month, the most first; for admins.
        top_channels: the same for channels.
    """

    accounts: tuple[Account, ...]
    day_resets_at: float
    month_resets_at: float
    zone: str
    top_users: tuple[tuple[str, float], ...] = ()
    top_channels: tuple[tuple[str, float], ...] = ()
