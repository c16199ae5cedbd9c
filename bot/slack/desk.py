"""Where commands, buttons and words come together: each is carried out and answered with a notice."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.admin import SessionView
from bot.errors import Reason, Refusal
from bot.model import Person, ThreadFilter, ThreadKey
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.api.direct import send_file
from bot.slack.api.permalinks import permalink
from bot.slack.commands import (
    Command,
    Compact,
    Continue,
    Export,
    Forget,
    Help,
    List,
    Rename,
    Reset,
    Restore,
    SetStreaming,
    Show,
    ShowPolicy,
    Stop,
    StopMine,
    Tag,
    Unclear,
    Usage,
)
from bot.slack.core import Doors, Reference
from bot.slack.reply.mode import StreamingMode
from bot.slack.surface import Surface
from bot.slack.text.mrkdwn import cut, escaped
from bot.slack.views import forgetting, listing, policy, session, usage
from bot.slack.views.parts import TITLE_CHARS, Notice, title_of

log = structlog.get_logger(__name__)

PAGE_ROWS = 10


class Desk:
    """Carries out what people ask for.

    Args:
        command: the slash command's name, for help.
        branch_emoji: the emoji that branch, for help.
    """

    def __init__(self, doors: Doors, surface: Surface, *, command: str, branch_emoji: Sequence[str]) -> None:
        self._doors = doors
        self._directory = surface.directory
        self._installations = surface.installations
        self._modes = surface.modes
        self._clock = surface.clock
        self._command = command
        self._branch_emoji = branch_emoji

    async def carry_out(self, command: Command, person: Person, channel: str) -> Notice:
        """Do what a command asks for.

        Args:
            person: who asks.
            channel: where; what is continued goes there.

        Raises:
            Refusal: it can't be done, or not by this person.
        """
        match command:
            case Help():
                return await self.help(person, channel)
            case Unclear(why):
                return Notice(why)
            case ShowPolicy():
                return await self._policy(command, person, channel)
            case StopMine():
                return await self.stop_latest(person, channel)
            case Usage():
                return await self._usage(person, channel)
            case SetStreaming(mode):
                return await self._set_streaming(person, channel, mode)
            case List():
                return await self._list(command, person)
            case Show(reference):
                view = await self._doors.admin.show(person, reference)
                page = await self._page(person, view)
                return session.show(view, await self.links(person.team), self._clock.now(), page)
            case Export(reference):
                return await self._export(person, reference)
            case Forget():
                return await self._forget(command, person)
            case Continue(reference):
                branch = await self._doors.forks.continue_here(person, channel, reference)
                return Notice(wording.continued(branch.link))
            case _:
                return await self._change(command, person)

    async def _page(self, person: Person, view: SessionView) -> str:
        """Where this person can read all of it; empty when nobody can."""
        return (
            await self._doors.pages.link(person, view.thread.key, view.session_id)
            if self._doors.pages is not None
            else ""
        )

    async def _export(self, person: Person, reference: Reference) -> Notice:
        """A file goes into a direct message, whoever else is where it was asked for."""
        copied = await (
            self._doors.copies.of_thread(person, reference) if reference else self._doors.copies.of_person(person)
        )
        if not copied.threads:
            return Notice(words.EXPORTED_NOTHING)
        web = (await self._installations.of(person.team)).web
        await send_file(web, person.user, copied.name, copied.content, words.EXPORT_COMMENT)
        return Notice(words.exported(copied.threads, copied.left_out))

    async def _forget(self, asked: Forget, person: Person) -> Notice:
        of_self = asked.user == person.user
        if not asked.user and asked.confirmed:
            return forgetting.thread_forgotten(await self._doors.privacy.forget_thread(person, asked.reference))
        if not asked.user:
            return forgetting.question_about_thread(await self._doors.privacy.thread_to_forget(person, asked.reference))
        if asked.confirmed:
            return forgetting.person_forgotten(await self._doors.privacy.forget(person, asked.user), of_self=of_self)
        own, shared = await self._doors.privacy.about(person, asked.user)
        return forgetting.question_about_person(asked.user, len(own), len(shared), of_self=of_self)

    async def help(self, person: Person, channel: str) -> Notice:
        """What one can do here; admins hear of a bit more, and how answers appear in the channel."""
        notice = await self._help(person)
        if not await self._directory.is_admin(person):
            return notice
        mode = (await self._modes.at(person.team, channel)).mode
        return Notice(f"{notice.text}\n{words.set_streaming(self._command, mode)}")

    async def _policy(self, asked: ShowPolicy, person: Person, channel: str) -> Notice:
        """Everybody sees what holds for themselves where they are; admins for anybody anywhere."""
        whose, where = asked.user or person.user, asked.channel or channel
        elsewhere = (whose, where) != (person.user, channel)
        if elsewhere and not await self._directory.is_admin(person):
            return Notice(words.POLICY_NOT_YOURS)
        return policy.show(whose, where, await self._doors.rules.of(Person(person.team, whose), where))

    async def _usage(self, person: Person, channel: str) -> Notice:
        admin = await self._directory.is_admin(person)
        return usage.show(await self._doors.accounts.report(person, channel, admin=admin), admin=admin)

    async def _set_streaming(self, person: Person, channel: str, mode: StreamingMode) -> Notice:
        if not await self._directory.is_admin(person):
            return Notice(words.ADMINS_SET)
        await self._modes.choose(person.team, channel, mode)
        log.info("streaming_set", channel=channel, mode=mode.value, user=person.user)
        return Notice(words.streaming_set(mode))

    async def _help(self, person: Person) -> Notice:
        admin = await self._directory.is_admin(person)
        return Notice(wording.help_text(self._command, self._branch_emoji, admin=admin))

    async def branch(self, person: Person, thread: ThreadKey, ts: str) -> Notice:
        """Branch at a message. Raises Refusal."""
        branch = await self._doors.forks.branch(person, thread, ts)
        return Notice(wording.branch_made(branch.link, again=branch.again))

    async def stop_latest(self, person: Person, channel: str) -> Notice:
        """Stop the person's turns that run in a channel or DM, for whoever says so outside of a thread.

        Raises:
            Refusal: NOTHING_RUNNING.
        """
        mine = await self._doors.admin.page(person, ThreadFilter(person.team, channel=channel, user=person.user))
        at_work = [thread for thread in mine.threads if thread.status in listing.AT_WORK]
        if not at_work:
            raise Refusal(Reason.NOTHING_RUNNING)
        for thread in at_work:
            await self._doors.admin.stop(person, thread.key)
        return Notice(wording.STOPPING)

    async def links(self, team: str) -> listing.LinkOf:
        """How a workspace's threads are addressed."""
        url = (await self._installations.of(team)).url
        return lambda key, ts="": permalink(url, key, ts)

    async def _list(self, asked: List, person: Person) -> Notice:
        try:
            found = await self._doors.admin.page(person, asked.query, asked.cursor, PAGE_ROWS)
        except Refusal as refusal:
            if refusal.reason is Reason.NOT_YOURS:
                return Notice(words.LIST_NOT_YOURS)
            raise
        return listing.page(asked, found, await self.links(person.team), self._clock.now())

    async def _change(self, command: Reset | Restore | Stop | Compact | Rename | Tag, person: Person) -> Notice:
        thread = await self._doors.admin.thread_of(person, command.reference)
        key = thread.key
        match command:
            case Reset(confirmed=False):
                return session.reset_question(thread)
            case Reset():
                return session.reset_done(thread, await self._doors.admin.reset(person, key))
            case Restore(reference, session_id):
                meant = [old.session_id for old in thread.archived if old.session_id.startswith(str(reference))]
                await self._doors.admin.restore(person, key, session_id or next(iter(meant), ""))
                return Notice(wording.restored(title_of(await self._doors.admin.thread_of(person, key))))
            case Stop():
                await self._doors.admin.stop(person, key)
                return Notice(wording.STOPPING)
            case Compact(_, ts):
                await self._doors.admin.compact(person, key, ts)
                return Notice(wording.COMPACTING)
            case Rename(_, title):
                await self._doors.admin.rename(person, key, title)
                return Notice(wording.renamed(escaped(cut(title, TITLE_CHARS))))
            case Tag(_, tag):
                await self._doors.admin.tag(person, key, tag)
                return Notice(wording.tagged(escaped(cut(tag, TITLE_CHARS))))
