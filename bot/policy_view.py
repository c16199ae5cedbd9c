"""What holds for somebody in a place, in words: for `bot doctor`, and for people and admins in Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import fields

from bot.admission import Admission
from bot.errors import Reason, Refusal
from bot.model import Allowances, Limits, Person, Rules
from bot.policies import Effective, Policies

Line = tuple[str, str]
"""What it is about, and what holds."""

_KEPT_OUT = {
    Reason.NOT_HERE: "no: this place is closed",
    Reason.NOT_FOR_YOU: "no: this person is kept out",
}


class PolicyView:
    """Tells what holds.

    Args:
        limits: the bounds of a turn, settings included.
        model: what is used where the policy names none.
    """

    def __init__(
        self,
        policies: Policies,
        admission: Admission,
        limits: Callable[[str, Person], Awaitable[Limits]],
        model: str,
    ) -> None:
        self._policies = policies
        self._admission = admission
        self._limits = limits
        self._model = model

    async def of(self, person: Person, channel: str) -> Sequence[Line]:
        """What holds for a person in a channel or DM. Raises ChatAway."""
        effective = await self._policies.of_person(channel, person)
        turn = effective.turn
        return (
            ("may talk to it", await self._admitted(person, channel)),
            *_rules(effective),
            ("what no rule names", "is asked about"),
            ("model", turn.model or self._model or "the CLI's own choice"),
            ("repositories", ", ".join(map(str, turn.repositories)) or "none"),
            ("MCP servers", ", ".join(server.name for server in turn.mcp_servers) or "none"),
            ("a turn", _turn(await self._limits(channel, person))),
            *_allowances(turn.limits),
        )

    async def _admitted(self, person: Person, channel: str) -> str:
        try:
            await self._admission.check(person, channel)
        except Refusal as refusal:
            return _KEPT_OUT[refusal.reason]
        return "yes"


def _rules(effective: Effective) -> Iterator[Line]:
    """The most particular part first: the first that says anything about a call decides."""
    for name, section in reversed(effective.sections):
        if section.rules != Rules():
            parts = (("deny", section.rules.deny), ("ask", section.rules.ask), ("allow", section.rules.allow))
            said = "; ".join(f"{verb} {', '.join(map(str, rules))}" for verb, rules in parts if rules)
            yield f"rules, {name}", said


def _turn(limits: Limits) -> str:
    turns = f"asks the model {limits.max_turns} times at most" if limits.max_turns else "asks without a bound"
    cost = f"costs ${limits.max_budget_usd:g} at most" if limits.max_budget_usd else "costs without a bound"
    time = f"takes {limits.max_turn_s:g} s at most" if limits.max_turn_s else "takes its time"
    return f"{turns}, {cost}, {time}"


def _allowances(allowances: Allowances) -> Iterator[Line]:
    """What the policy says beside the bounds of a turn."""
    for bound in fields(allowances):
        value = getattr(allowances, bound.name)
        if value is not None and not bound.name.startswith("max_turn"):
            yield bound.name, f"{value:g}"
