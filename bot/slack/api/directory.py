"""People and places of a workspace: names, admins, who can read what."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import Person, Standing
from bot.ports import Clock
from bot.slack.api.installations import Installations
from bot.slack.api.remembered import Remembered
from bot.slack.wire import Json, identifier, obj, text

log = structlog.get_logger(__name__)

PROFILE_LIFE_S = 600.0
"""How long a person's name and role are taken to stay as they are."""

CHANNEL_LIFE_S = 60.0
"""The same for channels and their members: somebody who left must soon read nothing more."""

GROUP_LIFE_S = 300.0
"""The same for the members of user groups."""

MEMBERS_PAGE = 1000
"""People per page of conversations.members. Documented as the most."""

MEMBERS_PAGES = 20
"""Pages that are looked through for one person."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as users.info tells of them."""

    name: str
    is_workspace_admin: bool
    standing: Standing
    deactivated: bool

    @property
    def is_full_member(self) -> bool:
        return self.standing == Standing() and not self.deactivated


@dataclass(frozen=True, slots=True)
class Channel:
    """A place as conversations.info tells of it. `dm_with` is set for a DM with the bot."""

    is_public: bool
    dm_with: str


class Directory:
    """Looks people and places up, and remembers for a while.

    Args:
        admins: users who are admins of the bot everywhere.
        workspace_admins: admins and owners of the workspace are too.
    """

    def __init__(
        self, installations: Installations, clock: Clock, *, admins: frozenset[str], workspace_admins: bool
    ) -> None:
        self._installations = installations
        self._admins = admins
        self._workspace_admins = workspace_admins
        self._profiles = Remembered(self._ask_profile, clock, life_s=PROFILE_LIFE_S)
        self._channels = Remembered(self._ask_channel, clock, life_s=CHANNEL_LIFE_S)
        self._members = Remembered(self._ask_member, clock, life_s=CHANNEL_LIFE_S)
        self._groups = Remembered(self._ask_group, clock, life_s=GROUP_LIFE_S)

    async def name_of(self, person: Person) -> str:
        """What people call this person; the user id when Slack doesn't tell."""
        try:
            return (await self._profiles.get(person)).name or person.user
        except (ChatRefused, ChatAway) as error:
            log.warning("name_unknown", user=person.user, error=str(error))
            return person.user

    async def is_admin(self, person: Person) -> bool:
        """Whether this person may manage what is not theirs. No answer from Slack means no."""
        if person.user in self._admins:
            return True
        if not self._workspace_admins:
            return False
        try:
            return (await self._profiles.get(person)).is_workspace_admin
        except (ChatRefused, ChatAway) as error:
            log.warning("role_unknown", user=person.user, error=str(error))
            return False

    async def can_read(self, person: Person, channel: str) -> bool:
        """Whether this person sees what is written in a channel or DM. No is the answer when Slack won't tell.

        Raises:
            ChatAway: Slack didn't answer.
        """
        try:
            place = await self._channels.get((person.team, channel))
            if place.dm_with:
                return place.dm_with == person.user
            if place.is_public and (await self._profiles.get(person)).is_full_member:
                return True
            return await self._members.get((person, channel))
        except ChatRefused as refused:
            log.warning("channel_unreadable", user=person.user, channel=channel, error=str(refused))
            return False

    async def is_in_group(self, person: Person, group: str) -> bool | None:
        """Whether somebody is in a user group. None when Slack does not tell."""
        try:
            return person.user in await self._groups.get((person.team, group))
        except (ChatRefused, ChatAway) as error:
            log.warning("group_unknown", group=group, error=str(error))
            return None

    async def standing(self, person: Person) -> Standing:
        """What kind of user somebody is; a stranger when Slack won't tell.

        Raises:
            ChatAway: Slack didn't answer.
        """
        try:
            return (await self._profiles.get(person)).standing
        except ChatRefused as refused:
            log.warning("standing_unknown", user=person.user, error=str(refused))
            return Standing(stranger=True)

    async def _ask_group(self, group: tuple[str, str]) -> frozenset[str]:
        team, group_id = group
        web = (await self._installations.of(team)).web
        answer = await web.call("usergroups.users.list", safe_to_repeat=True, urgent=True, usergroup=group_id)
        members = answer.get("users")
        return frozenset(map(str, members)) if isinstance(members, list) else frozenset()

    async def _ask_profile(self, person: Person) -> Profile:
        web = (await self._installations.of(person.team)).web
        user = obj(await web.call("users.info", safe_to_repeat=True, urgent=True, user=person.user), "user")
        profile = obj(user, "profile")
        names = (text(profile, "display_name"), text(profile, "real_name"), text(user, "real_name"), text(user, "name"))
        roles = ("is_admin", "is_owner", "is_primary_owner")
        at_home = identifier(user, "team_id") in ("", person.team)
        stranger = not (at_home or _is_colleague(user, person.team)) or user.get("is_stranger") is True
        guest = any(user.get(flag) is True for flag in ("is_restricted", "is_ultra_restricted"))
        return Profile(
            name=next((name for name in names if name), ""),
            is_workspace_admin=any(user.get(role) is True for role in roles) and at_home,
            standing=Standing(
                guest=guest,
                stranger=stranger,
                bot=user.get("is_bot") is True or user.get("is_workflow_bot") is True,
            ),
            deactivated=user.get("deleted") is True,
        )

    async def _ask_channel(self, place: tuple[str, str]) -> Channel:
        team, channel = place
        web = (await self._installations.of(team)).web
        found = obj(await web.call("conversations.info", safe_to_repeat=True, urgent=True, channel=channel), "channel")
        private = any(found.get(flag) is True for flag in ("is_private", "is_im", "is_mpim", "is_group"))
        return Channel(
            is_public=found.get("is_channel") is True and not private,
            dm_with=identifier(found, "user") if found.get("is_im") is True else "",
        )

    async def _ask_member(self, question: tuple[Person, str]) -> bool:
        person, channel = question
        web = (await self._installations.of(person.team)).web
        cursor: str | None = None
        for _ in range(MEMBERS_PAGES):
            page = await web.call(
                "conversations.members",
                safe_to_repeat=True,
                urgent=True,
                channel=channel,
                limit=MEMBERS_PAGE,
                cursor=cursor,
            )
            members = page.get("members")
            if isinstance(members, list) and person.user in members:
                return True
            cursor = text(obj(page, "response_metadata"), "next_cursor")
            if not cursor:
                return False
        log.warning("members_cut", channel=channel, looked_at=MEMBERS_PAGE * MEMBERS_PAGES)
        return False


def _is_colleague(user: Json, team: str) -> bool:
    """Whether somebody whose home is another workspace of the same organisation belongs to this one too."""
    teams = obj(user, "enterprise_user").get("teams")
    return isinstance(teams, list) and team in teams
