"""App Home, and what the bot suggests where a conversation begins."""

from __future__ import annotations

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import Person, ThreadFilter
from bot.ports import Clock
from bot.slack import wording_commands as words
from bot.slack.core import Management
from bot.slack.desk import Desk
from bot.slack.installations import Installations
from bot.slack.views import modals

log = structlog.get_logger(__name__)

HOME_ROWS = 20


class Home:
    """Keeps people's App Home fresh."""

    def __init__(self, admin: Management, desk: Desk, installations: Installations, clock: Clock) -> None:
        self._admin = admin
        self._desk = desk
        self._installations = installations
        self._clock = clock

    async def publish(self, person: Person) -> None:
        """Show a person their threads."""
        mine = await self._admin.page(person, ThreadFilter(person.team, user=person.user), limit=HOME_ROWS)
        view = modals.home(mine.threads, await self._desk.links(person.team), self._clock.now())
        web = (await self._installations.of(person.team)).web
        await web.call("views.publish", safe_to_repeat=True, urgent=True, user_id=person.user, view=view.to_dict())

    async def suggest(self, person: Person, channel: str) -> None:
        """Suggest first prompts in a DM. Whether Slack shows them is its own affair: a failure is only logged."""
        web = (await self._installations.of(person.team)).web
        prompts = [{"title": title, "message": message} for title, message in words.SUGGESTED_PROMPTS]
        try:
            await web.call(
                "assistant.threads.setSuggestedPrompts", safe_to_repeat=True, channel_id=channel, prompts=prompts
            )
        except (ChatRefused, ChatAway) as error:
            log.info("suggestions_failed", error=str(error))

    async def dm_with(self, person: Person) -> str:
        """The DM of the bot with a person. Raises ChatRefused and ChatAway."""
        web = (await self._installations.of(person.team)).web
        answer = await web.call("conversations.open", safe_to_repeat=True, urgent=True, users=person.user)
        channel = answer.get("channel")
        found = channel.get("id") if isinstance(channel, dict) else None
        if not isinstance(found, str):
            raise ChatRefused("conversations.open", "no_channel")
        return found
