"""What the core needs to know of people before it lets them do something."""

from __future__ import annotations

from typing import Protocol

from bot.model import Person


class People(Protocol):
    """Who is who, as far as Slack tells."""

    async def is_in_group(self, person: Person, group: str) -> bool | None:
        """Whether somebody is in a user group. None when Slack does not tell."""
        ...
