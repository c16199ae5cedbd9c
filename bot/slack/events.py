"""What the bot does about each event of Slack's Events API.

A message is stored before its event is acknowledged, and nothing else is waited for: whatever is slow goes on in the
background.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog

from bot.errors import Reason, Refusal, StoreAway
from bot.model import Address, Message, Person, ThreadKey
from bot.slack import wording_commands as words
from bot.slack.api.conversations import Conversations
from bot.slack.commands import Compact, Reset, Restore, Stop
from bot.slack.core import Doors
from bot.slack.desk import Desk
from bot.slack.gestures import Place, Reaction, answer_thread, home_opened, reaction, stop_pressed
from bot.slack.home import Home
from bot.slack.normalise import Deleted, Edited, Ignored, ReplyDeleted, Word, WordKind, arrival
from bot.slack.surface import Surface
from bot.slack.views import edited as edited_view
from bot.slack.views.home import Shown
from bot.slack.views.parts import Notice
from bot.slack.wire import Json, event_organisation, event_owner, event_team, identifiers, obj, text

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What events and interactions are answered with."""

    doors: Doors
    surface: Surface
    desk: Desk
    home: Home
    conversations: Conversations


@dataclass(frozen=True, slots=True)
class Emoji:
    """What reactions do: names of emoji, without colons."""

    branch: frozenset[str]
    stop: frozenset[str]


class Events:
    """The listeners of the Events API.

    Args:
        follow_deletes: messages that are deleted after they were answered take their words along.
    """

    def __init__(self, around: Surroundings, emoji: Emoji, *, follow_deletes: bool) -> None:
        self._doors = around.doors
        self._answers = around.surface.answers
        self._surface = around.surface
        self._desk = around.desk
        self._home = around.home
        self._conversations = around.conversations
        self._emoji = emoji
        self._follow_deletes = follow_deletes

    async def on_message(self, body: Json, first_time: bool) -> None:
        """A message, an edit or a deletion.

        Args:
            first_time: Slack has not sent this event before.

        Raises:
            StoreAway: it could not be stored; the event must not be acknowledged.
        """
        installation = await self._surface.installations.of(event_team(body))
        found = arrival(body, installation.own)
        match found:
            case Message():
                # A mention comes as `app_mention` too.
                await self._take(found, once=text(obj(body, "event"), "type") == "message", first_time=first_time)
            case Edited():
                await self._amend(found)
            case Deleted(thread, ts):
                if not await self._doors.inbox.withdraw(thread, ts) and self._follow_deletes:
                    # Before the ack: what can't be done now Slack tells us again.
                    await self._doors.privacy.message_deleted(thread, ts)
            case ReplyDeleted(thread, ts):
                stopped = await self._doors.admin.reply_deleted(thread, ts)
                log.info("reply_deleted", thread=str(thread), stopped=stopped)
            case Word():
                self._start(_place_of_word(found), lambda: self._heed(found), f"word {found.kind.value}")
            case Ignored(reason):
                log.debug("event_ignored", reason=reason)

    async def _offer_to_ask_again(self, place: Place, thread: ThreadKey, ts: str) -> None:
        """To the author of a message that was answered already; nobody else sees it."""
        if await self._doors.edits.can_ask_again(thread, ts):
            await self._answers.tell(place, edited_view.offer(thread, ts))

    async def _amend(self, edited: Edited) -> None:
        """Store what a waiting message says now; to ask it again is offered for one that was answered."""
        thread, ts, author = edited.thread, edited.ts, Person(edited.thread.team, edited.user)
        place = Place(author, thread.channel, thread_ts=answer_thread(thread, ts), unasked=True)
        try:
            waits = await self._doors.inbox.amend(author, thread, ts, edited.text)
        except Refusal as refusal:
            self._refuse(place, refusal)
            return
        if not waits:
            self._start(place, lambda: self._offer_to_ask_again(place, thread, ts), "offer after an edit")

    async def _take(self, message: Message, *, once: bool, first_time: bool) -> None:
        """Store a message.

        Args:
            once: of the events that this message comes as, this is the one whose trouble is told.
            first_time: Slack has not sent this event before.
        """
        thread, unasked = message.thread, message.address is not Address.BOT
        place = Place(_person(message), thread.channel, thread_ts=answer_thread(thread, message.ts), unasked=unasked)
        try:
            await self._doors.inbox.take(message)
        except StoreAway:
            if once and first_time and message.address is Address.BOT:
                self._tell(place, words.MESSAGE_DELAYED)
            raise
        except Refusal as refusal:
            # One bot that answers another's message is how two of them begin to talk without end.
            if once and not message.by_bot:
                self._refuse(place, refusal)

    async def _heed(self, word: Word) -> None:
        """Do what a word asks for."""
        place = _place_of_word(word)
        try:
            notice = await self._carried_out(word)
        except Refusal as refusal:
            if refusal.reason is Reason.NO_SESSION_HERE and not word.asked:
                # Somebody says stop to somebody else, in a thread of theirs.
                return
            raise
        await self._answers.tell(place, notice)

    async def _carried_out(self, word: Word) -> Notice:
        desk, channel = self._desk, word.thread.channel
        match word.kind:
            case WordKind.NAME:
                return Notice(words.GREETING)
            case WordKind.HELP:
                return await desk.help(word.person, channel)
            case WordKind.STOP if word.at_root:
                return await desk.stop_latest(word.person, channel)
            case WordKind.STOP:
                return await desk.carry_out(Stop(word.thread), word.person, channel)
            case _ if word.at_root:
                return Notice(words.NOT_IN_A_THREAD)
            case WordKind.RESTORE:
                return await desk.carry_out(Restore(word.thread), word.person, channel)
            case WordKind.COMPACT:
                return await desk.carry_out(Compact(word.thread, word.ts), word.person, channel)
            case WordKind.RESET:
                return await desk.carry_out(Reset(word.thread), word.person, channel)

    async def on_reaction(self, body: Json, _first_time: bool) -> None:
        """One emoji branches, one stops; others say nothing to the bot, nor do its own reactions."""
        found = reaction(body)
        own = (await self._surface.installations.of(event_team(body))).own
        if found is None or found.person.user == own.user:
            return
        if found.emoji in self._emoji.branch:
            self._start(Place(found.person, found.channel), lambda: self._branch(found), "branch")
        elif found.emoji in self._emoji.stop:
            place = Place(found.person, found.channel, unasked=True)
            self._start(place, lambda: self._stop(found), "stop by reaction")

    async def _stop(self, found: Reaction) -> None:
        """On any message of the thread. Where nothing can be stopped the reaction meant something else."""
        thread = await self._conversations.thread_of(found.person.team, found.channel, found.ts)
        if thread is None:
            return
        place = Place(found.person, found.channel, thread_ts=answer_thread(thread, found.ts))
        try:
            notice = await self._desk.carry_out(Stop(thread), found.person, found.channel)
        except Refusal as refusal:
            if refusal.reason in (Reason.NO_SESSION_HERE, Reason.NOTHING_RUNNING):
                return
            raise
        await self._answers.tell(place, notice)

    async def _branch(self, found: Reaction) -> None:
        thread = await self._conversations.thread_of(found.person.team, found.channel, found.ts)
        if thread is None:
            raise Refusal(Reason.NO_SESSION_HERE)
        place = Place(found.person, found.channel, thread_ts=answer_thread(thread, found.ts))

        async def work() -> None:
            await self._answers.tell(place, await self._desk.branch(found.person, thread, found.ts))

        await self._answers.attend(place, work)

    async def on_home_opened(self, body: Json, _first_time: bool) -> None:
        opened = home_opened(body)
        if opened is None:
            return
        home = self._home
        if opened.tab == "home":
            self._surface.background.start(home.open(opened.person, Shown()), "open home")
        elif opened.tab == "messages" and opened.channel:
            self._doors.inbox.expect()
            self._surface.background.start(home.suggest(opened.person, opened.channel), "suggest prompts")

    async def on_stop_pressed(self, body: Json, _first_time: bool) -> None:
        """Slack's own Stop button. Slack has stopped the stream already, whoever pressed it.

        Raises:
            StoreAway: whether something runs could not be told; Slack sends the event again.
        """
        pressed = stop_pressed(body)
        if pressed is not None:
            stopped = await self._doors.inbox.stop(pressed.thread, user=pressed.person.user)
            log.info("stop_pressed", thread=str(pressed.thread), user=pressed.person.user, stopped=stopped)

    async def on_removed(self, body: Json, _first_time: bool) -> None:
        """The app was taken out of a workspace or an organisation, or its token revoked.

        Raises:
            StoreAway, ChatAway, ChatRefused: it could not be seen to; Slack sends the event again.
        """
        event = obj(body, "event")
        if text(event, "type") == "tokens_revoked" and not obj(event, "tokens").get("bot"):
            return  # somebody's own token, and we ask for none
        owner = event_owner(body)
        teams = await self._surface.installations.remove(owner)
        log.warning("removed_from", owner=owner, teams=sorted(teams))
        await self._leave(teams)

    async def on_access_revoked(self, body: Json, _first_time: bool) -> None:
        """An organisation took the app from some of its workspaces.

        Raises:
            StoreAway: it could not be seen to; Slack sends the event again.
        """
        organisation, named = event_organisation(body), identifiers(obj(body, "event"), "team_ids")
        teams = await self._surface.installations.revoke(organisation, named)
        log.warning("access_revoked", organisation=organisation, teams=sorted(teams))
        await self._leave(teams)

    async def _leave(self, teams: Iterable[str]) -> None:
        for team in teams:
            await self._doors.departing.left(team)

    async def on_access_granted(self, body: Json, _first_time: bool) -> None:
        """An organisation gave the app to some of its workspaces; one that comes back in time keeps its data.

        Raises:
            StoreAway: it could not be seen to; Slack sends the event again.
        """
        organisation, named = event_organisation(body), identifiers(obj(body, "event"), "team_ids")
        teams = await self._surface.installations.grant(organisation, named)
        log.info("access_granted", organisation=organisation, teams=sorted(teams))

    async def on_nothing_to_do(self, body: Json, _first_time: bool) -> None:
        """Events that only need their ack."""
        log.debug("event_ignored", event_type=text(obj(body, "event"), "type"))

    def _start(self, place: Place, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._surface.background.start(self._answers.attend(place, work), name)

    def _tell(self, place: Place, said: str) -> None:
        self._start(place, lambda: self._answers.tell(place, Notice(said)), "tell")

    def _refuse(self, place: Place, refusal: Refusal) -> None:
        self._surface.background.start(self._answers.refuse(place, refusal), "refuse")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event the bot listens to.

    Args:
        type: the event's type in its body.
        subscriptions: what the app's manifest names to get it.
    """

    type: str
    subscriptions: tuple[str, ...]
    listener: Callable[[Events, Json, bool], Awaitable[None]]


EVENTS = (
    EventRow("message", ("message.channels", "message.groups", "message.im", "message.mpim"), Events.on_message),
    EventRow("app_mention", ("app_mention",), Events.on_message),
    EventRow("reaction_added", ("reaction_added",), Events.on_reaction),
    EventRow("app_home_opened", ("app_home_opened",), Events.on_home_opened),
    EventRow("agent_session_stopped", ("agent_session_stopped",), Events.on_stop_pressed),
    EventRow("app_context_changed", ("app_context_changed",), Events.on_nothing_to_do),
    EventRow("app_uninstalled", ("app_uninstalled",), Events.on_removed),
    EventRow("tokens_revoked", ("tokens_revoked",), Events.on_removed),
    EventRow("team_access_granted", ("team_access_granted",), Events.on_access_granted),
    EventRow("team_access_revoked", ("team_access_revoked",), Events.on_access_revoked),
)
"""Every event the bot listens to. The manifest's subscriptions are these."""


def _place_of_word(word: Word) -> Place:
    thread_ts = answer_thread(word.thread, word.ts)
    return Place(word.person, word.thread.channel, thread_ts=thread_ts, unasked=not word.asked)


def _person(message: Message) -> Person:
    return Person(message.thread.team, message.user)
