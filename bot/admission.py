"""Who may deal with the bot, and where. Asked before anything that somebody does takes effect.

Slack is asked only for what the event itself does not tell, and what it answered is remembered for a while.
"""

from __future__ import annotations

import asyncio

import structlog

from bot.errors import ChatAway, Reason, Refusal
from bot.model import Access, Message, Person
from bot.ports import People

log = structlog.get_logger(__name__)

LOOKUP_S = 2.0
"""How long a message waits for Slack to tell who wrote it; its ack is due within 3 s."""


class Admission:
    """Lets people in, or turns them away."""

    def __init__(self, access: Access, people: People) -> None:
        self._access = access
        self._people = people

    async def check_message(self, message: Message) -> None:
        """Whether a message may be a prompt, or go in front of one.

        Raises:
            Refusal: NOT_HERE or NOT_FOR_YOU.
            ChatAway: Slack does not tell in time who its author is.
        """
        person = Person(message.thread.team, message.user)
        self._check_place(person, message.thread.channel)
        if message.by_bot and not self._access.bots:
            raise _refused(Reason.NOT_FOR_YOU, person, "bot")
        try:
            async with asyncio.timeout(LOOKUP_S):
                at_home = message.user_team == person.team
                await self._check_person(person, may_be_stranger=not at_home, may_be_bot=False)
        except TimeoutError:
            raise ChatAway("users.info", sent=True) from None

    async def check(self, person: Person, channel: str = "") -> None:
        """Whether somebody may do anything with the bot.

        Args:
            channel: where they do it; empty where it is about no place, as in App Home.

        Raises:
            Refusal: NOT_HERE or NOT_FOR_YOU.
            ChatAway: Slack does not tell who this is.
        """
        self._check_place(person, channel)
        await self._check_person(person, may_be_stranger=True, may_be_bot=True)

    def _check_place(self, person: Person, channel: str) -> None:
        if channel and not self._is_open(channel):
            raise _refused(Reason.NOT_HERE, person, channel)

    def _is_open(self, channel: str) -> bool:
        access = self._access
        if channel in access.deny_channels:
            return False
        if channel.startswith("D"):
            return access.direct_messages
        return not access.allow_channels or channel in access.allow_channels

    async def _check_person(self, person: Person, *, may_be_stranger: bool, may_be_bot: bool) -> None:
        """Args say what is not known of them yet."""
        if not await self._is_listed(person):
            raise _refused(Reason.NOT_FOR_YOU, person, "list")
        access = self._access
        if access.guests and (access.strangers or not may_be_stranger) and (access.bots or not may_be_bot):
            return
        standing = await self._people.standing(person)
        if standing.stranger and not access.strangers:
            raise _refused(Reason.NOT_FOR_YOU, person, "stranger")
        if standing.guest and not access.guests:
            raise _refused(Reason.NOT_FOR_YOU, person, "guest")
        if standing.bot and not access.bots:
            raise _refused(Reason.NOT_FOR_YOU, person, "bot")

    async def _is_listed(self, person: Person) -> bool:
        """Whether the lists of people and groups let somebody in. Where Slack does not tell of a group, it is no."""
        access = self._access
        if person.user in access.deny_users:
            return False
        for group in sorted(access.deny_groups):
            if await self._people.is_in_group(person, group) is not False:
                return False
        if person.user in access.allow_users or not (access.allow_users or access.allow_groups):
            return True
        for group in sorted(access.allow_groups):
            if await self._people.is_in_group(person, group):
                return True
        return False


def _refused(reason: Reason, person: Person, why: str) -> Refusal:
    log.info("not_admitted", user=person.user, reason=reason.value, why=why)
    return Refusal(reason)
