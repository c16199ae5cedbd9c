"""Sentences about money, in the manner of `bot.slack.wording`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.model import Account, Level, PeriodKind, ScopeKind

_WHOSE: dict[ScopeKind, str] = {
    ScopeKind.USER: "your",
    ScopeKind.CHANNEL: "this channel's",
    ScopeKind.WORKSPACE: "this workspace's",
}
_SPENDING: dict[ScopeKind, str] = {
    ScopeKind.USER: "You",
    ScopeKind.CHANNEL: "This channel",
    ScopeKind.WORKSPACE: "The workspace",
}
_PERIOD: dict[PeriodKind, str] = {PeriodKind.DAY: "today", PeriodKind.MONTH: "this month"}

USAGE_TITLE = "What was spent"
TOP_USERS = "Most this month, by person"
TOP_CHANNELS = "Most this month, by channel"
NOBODY_YET = "nobody yet"


def usd(amount: float) -> str:
    """`$0.31`, `under 1 ¢`."""
    return f"${amount:,.2f}" if amount >= 0.005 or amount <= 0 else "under 1 ¢"


def when(at: float, zone: str) -> str:
    """`00:00 on 22 November (UTC)`."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{local:%H:%M} on {local.day} {local:%B} ({zone})"


def used_up(level: Level) -> str:
    """Why a prompt is not answered, and until when."""
    budget = f"{_WHOSE[level.scope]} budget for {_PERIOD[level.period]} ({usd(level.budget_usd)})"
    if level.spent_usd < level.budget_usd:
        return (
            f"I can't take this on just now: answers that are still being written may use up what is left of {budget}. "
            "Please send your message again when they have ended."
        )
    return (
        f"I can't take this on: {budget} is used up. It starts afresh at {when(level.resets_at, level.zone)}. "
        "Send your message again then, or ask whoever runs the bot for more."
    )


def nearly_used(level: Level) -> str:
    """A warning, once."""
    whose = _WHOSE[level.scope].capitalize()
    if level.spent_usd >= level.budget_usd:
        state = f"is used up ({usd(level.spent_usd)} of {usd(level.budget_usd)})"
    else:
        state = f"is nearly used up: {usd(level.spent_usd)} of {usd(level.budget_usd)}"
    afresh = when(level.resets_at, level.zone)
    return f"{whose} budget for {_PERIOD[level.period]} {state}. It starts afresh at {afresh}."


def account(shown: Account) -> str:
    """`*You*: $0.31 of $5.00 today ($4.69 left) · $3.20 this month`."""
    periods = " · ".join(_of_period(shown, period) for period in PeriodKind)
    return f"*{_SPENDING[shown.scope.kind]}*: {periods}"


def _of_period(shown: Account, period: PeriodKind) -> str:
    spent, budget = shown.spent.of(period), shown.budget.of(period)
    if budget is None:
        return f"{usd(spent)} {_PERIOD[period]}"
    left = max(0.0, budget - spent)
    return f"{usd(spent)} of {usd(budget)} {_PERIOD[period]} ({usd(left)} left)"


def resets(day_at: float, month_at: float, zone: str) -> str:
    return f"Days start afresh at {when(day_at, zone)}, months at {when(month_at, zone)}."
