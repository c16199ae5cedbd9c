"""What the core needs to know of people before it lets them do something."""

from __future__ import annotations

from typing import Protocol

from bot.model import Person, Standing


class People(Protocol):
    """Who is who, as far as Slack tells."""

    async def standing(self, person: Person) -> Standing:
        """What kind of user somebody is; a stranger when Slack knows nobody by that id. Raises ChatAway."""
        ...

    async def is_in_group(self, person: Person, group: str) -> bool | None:
        """Whether somebody is in a user group. None when Slack does not tell."""
        ...
