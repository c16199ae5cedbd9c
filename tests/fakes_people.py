"""Who is who, in tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.model import Person, Standing


@dataclass
class FakePeople:
    """Implements `bot.ports.People`: full members, all of them, unless a test says otherwise.

    Args:
        standings: by user id.
        groups: members by group.
        silent: Slack does not tell who is in a group.
    """

    standings: Mapping[str, Standing] = field(default_factory=dict)
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    """Of whose standing somebody wanted to know."""

    async def standing(self, person: Person) -> Standing:
        self.asked.append(person.user)
        return self.standings.get(person.user, Standing())

    async def is_in_group(self, person: Person, group: str) -> bool | None:
        return None if self.silent else person.user in self.groups.get(group, ())
