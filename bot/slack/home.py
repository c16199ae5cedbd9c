"""App Home, and what the bot suggests where a conversation begins."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from slack_sdk.models.views import View

from bot.errors import ChatAway, ChatRefused, Refusal
from bot.model import Person, ThreadFilter
from bot.slack import wording_commands as words
from bot.slack import wording_money
from bot.slack.api.direct import dm_with
from bot.slack.background import Overloaded
from bot.slack.core import Doors
from bot.slack.desk import Desk
from bot.slack.surface import Surface
from bot.slack.views import home as view
from bot.slack.views.home import Shown

log = structlog.get_logger(__name__)

HOME_ROWS = 20

FRESH_S = 2.0
"""How long after a change App Home shows it: several at once are shown together, within the rate of views.publish."""


class Home:
    """Keeps people's App Home fresh."""

    def __init__(self, doors: Doors, surface: Surface, desk: Desk) -> None:
        self._doors = doors
        self._desk = desk
        self._directory = surface.directory
        self._installations = surface.installations
        self._background = surface.background
        self._clock = surface.clock
        self._stale: dict[str, set[str]] = {}

    async def open(self, person: Person, shown: Shown) -> None:
        """Show somebody what they asked for, and keep it fresh while they may be looking."""
        if shown.everybody and not await self._directory.is_admin(person):
            shown = Shown()
        await self._doors.viewers.keep(person.team, person.user, shown.dump())
        await self._publish(person, shown)

    async def refresh(self, person: Person) -> None:
        """Show somebody what they look at, as it is now."""
        looking = await self._doors.viewers.of(person.team, [person.user])
        await self._publish(person, Shown.read(looking.get(person.user, "")))

    def changed(self, team: str, people: Iterable[str]) -> None:
        """A thread of theirs has changed: those who look see it soon. Returns at once."""
        waiting = self._stale.get(team)
        if waiting is not None:
            waiting.update(people)
            return
        self._stale[team] = set(people)
        try:
            self._background.start(self._freshen(team), "freshen homes")
        except Overloaded:
            self._stale.pop(team)
            log.info("homes_not_freshened", team=team)

    async def _freshen(self, team: str) -> None:
        await self._background.pause(self._clock, FRESH_S)
        people = self._stale.pop(team)
        for user, shown in (await self._doors.viewers.of(team, people)).items():
            await self._publish(Person(team, user), Shown.read(shown))

    async def _publish(self, person: Person, shown: Shown) -> None:
        try:
            await self._doors.admission.check(person)
            built = await self._built(person, shown)
        except Refusal as refusal:
            built = view.closed(refusal.reason)
        web = (await self._installations.of(person.team)).web
        await web.call("views.publish", safe_to_repeat=True, urgent=True, user_id=person.user, view=built.to_dict())

    async def _built(self, person: Person, shown: Shown) -> View:
        is_admin = await self._directory.is_admin(person)
        everybody = shown.everybody and is_admin
        query = ThreadFilter(person.team, user="" if everybody else person.user, text=shown.text if everybody else "")
        found = await self._doors.admin.page(person, query, shown.cursor, limit=HOME_ROWS)
        report = await self._doors.accounts.report(person, "", admin=is_admin)
        facts = [wording_money.account(account) for account in report.accounts]
        if is_admin:
            facts.append(words.health(await self._doors.health(person.team)))
        links = await self._desk.links(person.team)
        return view.home(
            shown,
            found,
            links,
            self._clock.now(),
            is_admin=is_admin,
            facts=facts,
            waiting=await self._doors.decisions.waiting_for(person),
        )

    async def suggest(self, person: Person, channel: str) -> None:
        """Suggest first prompts in a DM. Whether Slack shows them is its own affair: a failure is only logged."""
        try:
            await self._doors.admission.check(person, channel)
        except Refusal:
            return
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
        return await dm_with(web, person.user)
