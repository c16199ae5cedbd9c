"""Which parts of the operator's policy hold in a turn: those for everybody, for its channel, and for its people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from bot.model import Allowances, Person, Policy, Rules, Section, TurnPolicy
from bot.ports import People

BASE_NAMES = ("built in", "everywhere")
"""What the sections that hold everywhere are called."""

MANY = 1000
"""Combinations of channel and groups that are kept put together."""


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds for one person in one place, and which parts of the policy that is made of.

    Args:
        sections: name and section, the most general first. In one that may or may not apply, since Slack does not tell
            whether somebody is in a group, only what is stricter is left.
    """

    sections: tuple[tuple[str, Section], ...]
    turn: TurnPolicy


class Policies:
    """Puts together what holds where, and for whom."""

    def __init__(self, policy: Policy, people: People) -> None:
        self._policy = policy
        self._people = people
        self._made: dict[tuple[str, ...], Effective] = {}
        """What was put together before, by the names of its parts. Each turn asks several times."""

    async def of_turn(self, channel: str, people: Sequence[Person]) -> TurnPolicy:
        """What holds in a turn.

        Args:
            people: whose prompts it answers; the newest last. What one of them may not do, the turn may not.
        """
        each = [(await self.of_person(channel, person)).turn for person in dict.fromkeys(people)]
        newest = each[-1]
        if len(each) == 1:
            return newest
        return replace(
            newest,
            stacks=tuple(dict.fromkeys(stack for turn in each for stack in turn.stacks)),
            repositories=tuple(r for r in newest.repositories if all(r in turn.repositories for turn in each)),
            mcp_servers=tuple(s for s in newest.mcp_servers if all(s in turn.mcp_servers for turn in each)),
        )

    async def of_person(self, channel: str, person: Person) -> Effective:
        """What holds for one person in a channel or DM."""
        named = list(zip(BASE_NAMES, self._policy.base, strict=False))
        if channel in self._policy.channels:
            named.append((f"channel {channel}", self._policy.channels[channel]))
        for group, section in self._policy.groups.items():
            member = await self._people.is_in_group(person, group)
            if member is None:
                named.append((f"group {group}?", Section(section.rules.strict)))
            elif member:
                named.append((f"group {group}", section))
        return self._of(named)

    def everywhere(self) -> TurnPolicy:
        """What holds in no particular place for nobody in particular."""
        return self._put_together(self._policy.base)

    def _of(self, named: Sequence[tuple[str, Section]]) -> Effective:
        key = tuple(name for name, _ in named)
        if key not in self._made:
            if len(self._made) >= MANY:
                self._made.clear()
            self._made[key] = Effective(tuple(named), self._put_together([section for _, section in named]))
        return self._made[key]

    def _put_together(self, sections: Sequence[Section]) -> TurnPolicy:
        rules = tuple(section.rules for section in sections if section.rules != Rules())
        servers = next((section.mcp for section in reversed(sections) if section.mcp is not None), ())
        repositories = (section.repositories for section in reversed(sections) if section.repositories is not None)
        return TurnPolicy(
            (rules,),
            next((section.model for section in reversed(sections) if section.model), ""),
            next(repositories, ()),
            tuple(self._policy.mcp_servers[name] for name in servers),
            _limits([section.limits for section in sections]),
        )


def _limits(layers: Sequence[Allowances]) -> Allowances:
    """Each bound as the last layer has it that sets it."""
    found = Allowances()
    for layer in layers:
        there = {bound.name: getattr(layer, bound.name) for bound in fields(layer)}
        found = replace(found, **{name: value for name, value in there.items() if value is not None})
    return found
