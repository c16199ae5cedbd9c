"""What the settings and the policy together allow somebody in a place: where the policy says nothing, the settings do.

A part of the composition.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.budgets import BudgetTable
from bot.config import Settings
from bot.model import Budget, Limits, Person
from bot.policies import Policies
from bot.prompt_limits import PromptBounds


class Allowed:
    """The bounds that hold for somebody in a channel or DM."""

    def __init__(self, settings: Settings, policies: Policies) -> None:
        self._settings = settings
        self._policies = policies

    @property
    def anywhere(self) -> Limits:
        """Bounds of a turn in no particular place, for nobody in particular."""
        settings = self._settings
        by_settings = Limits(settings.max_turns, settings.max_budget_usd, settings.max_turn_s)
        return self._policies.everywhere().limits_or(by_settings)

    async def turn(self, channel: str, person: Person) -> Limits:
        """Bounds of this person's turn."""
        return (await self._policies.of_turn(channel, [person])).limits_or(self.anywhere)

    async def prompts(self, channel: str, person: Person) -> PromptBounds:
        """What this person may send."""
        said, settings = (await self._policies.of_person(channel, person)).turn.limits, self._settings
        return PromptBounds(
            settings.prompts_per_minute if said.prompts_per_minute is None else said.prompts_per_minute,
            settings.max_prompt_chars if said.max_prompt_chars is None else said.max_prompt_chars,
            settings.max_waiting if said.max_waiting is None else said.max_waiting,
        )

    async def budgets(self, channel: str, person: Person) -> BudgetTable:
        """What may be spent by this person, in this channel, in the workspace."""
        said, settings = (await self._policies.of_person(channel, person)).turn.limits, self._settings
        max_turn_usd = (await self.turn(channel, person)).max_budget_usd
        return BudgetTable(
            user=_budget(
                [said.user_day_usd, settings.budget_user_day_usd], [said.user_month_usd, settings.budget_user_month_usd]
            ),
            channel=_budget(
                [said.channel_day_usd, settings.budget_channel_day_usd],
                [said.channel_month_usd, settings.budget_channel_month_usd],
            ),
            workspace=_budget(
                [said.workspace_day_usd, settings.budget_workspace_day_usd],
                [said.workspace_month_usd, settings.budget_workspace_month_usd],
            ),
            reserve_usd=min(settings.budget_reserve_usd, max_turn_usd or settings.budget_reserve_usd),
        )


def _budget(day_usd: Sequence[float | None], month_usd: Sequence[float | None]) -> Budget:
    """The first of each that is said."""
    return Budget(_first(day_usd), _first(month_usd))


def _first(bounds: Sequence[float | None]) -> float | None:
    return next((bound for bound in bounds if bound is not None), None)
