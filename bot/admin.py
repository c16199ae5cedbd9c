"""What people do with sessions besides talking: list, show, reset, restore, stop, rename, tag."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import structlog

from bot.errors import Reason, Refusal
from bot.inbox import Inbox
from bot.model import Exchange, Lease, Person, Thread, ThreadFilter, ThreadKey, ThreadPage, ThreadStatus
from bot.ports import Chat, Clock, Sessions, ThreadStore
from bot.references import Reference, References

log = structlog.get_logger(__name__)

MAX_TITLE = 80
"""Characters of a title or tag; a longer one does not fit a list."""

MAX_LINEAGE = 20
"""How many ancestors of a branch are followed."""

AT_REST_ATTEMPTS = 3
"""How often a thread's lease is asked for until no turn is in flight in it."""

SHOWN_EXCHANGES = 3
"""How many of a session's last exchanges are shown."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session, as `show` tells of it.

    `lineage` is what it was branched from, nearest first.
    """

    thread: Thread
    session_id: str
    link: str
    lineage: tuple[Thread, ...]
    exchanges: tuple[Exchange, ...]


class Admin:
    """Sessions, for the people they belong to and for admins."""

    def __init__(
        self,
        threads: ThreadStore,
        sessions: Sessions,
        inbox: Inbox,
        chat: Chat,
        references: References,
        clock: Clock,
        *,
        new_id: Callable[[], str],
    ) -> None:
        self._threads = threads
        self._sessions = sessions
        self._inbox = inbox
        self._chat = chat
        self._references = references
        self._clock = clock
        self._new_id = new_id

    async def page(self, person: Person, query: ThreadFilter, cursor: str = "", limit: int = 10) -> ThreadPage:
        """Sessions, the most recently active first. Who is no admin sees only their own.

        Raises:
            Refusal: NOT_YOURS, when somebody else's are asked for.
        """
        query = replace(query, team=person.team)
        if not await self._chat.is_admin(person):
            if query.user not in ("", person.user):
                log.warning("refused", user=person.user, reason=Reason.NOT_YOURS.value)
                raise Refusal(Reason.NOT_YOURS)
            query = replace(query, user=person.user)
        return await self._threads.page(query, cursor, limit)

    async def thread_of(self, person: Person, reference: Reference) -> Thread:
        """The thread that is meant, if this person may manage it.

        Raises:
            Refusal: those of `References.find_for`.
        """
        thread, _ = await self._references.find_for(person, reference)
        return thread

    async def show(self, person: Person, reference: Reference) -> SessionView:
        """One session with what it was branched from and its last exchanges.

        Raises:
            Refusal: those of `References.find_for`.
        """
        thread, session_id = await self._references.find_for(person, reference)
        exchanges = await self._sessions.exchanges(thread.key, session_id, SHOWN_EXCHANGES)
        link = await self._chat.link(thread.key)
        return SessionView(thread, session_id, link, await self._lineage(thread), tuple(exchanges))

    async def _lineage(self, thread: Thread) -> tuple[Thread, ...]:
        lineage: list[Thread] = []
        while thread.source is not None and len(lineage) < MAX_LINEAGE:
            parent = await self._threads.get(thread.source.thread)
            if parent is None:
                break
            lineage.append(parent)
            thread = parent
        return tuple(lineage)

    async def reset(self, person: Person, key: ThreadKey) -> str:
        """Give the thread a fresh session from its next message on. Returns the archived session's id.

        A turn that runs is stopped first.

        Raises:
            Refusal: those of `References.find_for`, and BUSY.
        """
        thread = await self.thread_of(person, key)
        await self._inbox.stop(thread.key, hold_back=False, user=person.user)
        async with self._at_rest(thread.key) as lease:
            archived = await self._threads.reset(lease, self._new_id())
        log.info("session_reset", thread=str(key), user=person.user, archived=archived.session_id)
        return archived.session_id

    async def restore(self, person: Person, key: ThreadKey, session_id: str = "") -> str:
        """Make an archived session current again. Returns its id.

        Args:
            session_id: which; empty for the one that was reset last.

        Raises:
            Refusal: those of `References.find_for`, NOTHING_ARCHIVED and BUSY.
        """
        thread = await self.thread_of(person, key)
        if not thread.archived:
            raise Refusal(Reason.NOTHING_ARCHIVED)
        await self._inbox.stop(thread.key, hold_back=False, user=person.user)
        async with self._at_rest(thread.key) as lease:
            restored = await self._threads.restore(lease, session_id)
        log.info("session_restored", thread=str(key), user=person.user, session=restored.session_id)
        return restored.session_id

    @asynccontextmanager
    async def _at_rest(self, key: ThreadKey) -> AsyncIterator[Lease]:
        """Hold the thread's lease once no turn is in flight: one that was stopped while it waited ends first.

        Raises:
            Refusal: BUSY.
        """
        for _ in range(AT_REST_ATTEMPTS):
            async with self._inbox.exclusive(key) as lease:
                thread = await self._threads.get(key)
                if thread is None or thread.status not in (ThreadStatus.RUNNING, ThreadStatus.DEFERRED):
                    yield lease
                    return
        raise Refusal(Reason.BUSY)

    async def stop(self, person: Person, key: ThreadKey) -> None:
        """Stop the turn that runs. Messages that wait are held back.

        Raises:
            Refusal: those of `References.find_for`, and NOTHING_RUNNING.
        """
        thread = await self.thread_of(person, key)
        if not await self._inbox.stop(thread.key, user=person.user):
            raise Refusal(Reason.NOTHING_RUNNING)
        log.info("turn_stopped", thread=str(key), user=person.user)

    async def go_on(self, person: Person, key: ThreadKey, *, there: bool = False) -> int:
        """Have the messages answered that a stop holds back. Returns how many there were.

        Args:
            there: the person asks in the thread itself, where writing on would do the same.

        Raises:
            Refusal: NOTHING_WAITS, and those of `References.find_for` unless `there`.
        """
        if not there:
            await self.thread_of(person, key)
        count = await self._inbox.answer_held_back(key)
        if not count:
            raise Refusal(Reason.NOTHING_WAITS)
        log.info("went_on", thread=str(key), user=person.user, messages=count)
        return count

    async def withdraw_held_back(self, person: Person, key: ThreadKey) -> int:
        """Take back the messages that a stop holds back: all, or who can't manage the thread only their own.

        Returns how many there were.

        Raises:
            Refusal: NOTHING_WAITS, and those of `References.find`.
        """
        thread, _ = await self._references.find(person.team, key)
        everybody = await self._references.may_manage(person, thread)
        count = await self._inbox.withdraw_held_back(key, "" if everybody else person.user)
        if not count:
            raise Refusal(Reason.NOTHING_WAITS)
        log.info("waiting_withdrawn", thread=str(key), user=person.user, messages=count)
        return count

    async def compact(self, person: Person, key: ThreadKey, ts: str = "", *, there: bool = False) -> None:
        """Have the session go on from a summary of what was said, which makes room in the model's context.

        Args:
            ts: stands for what was done; empty for something that can be done again and again.
            there: the person asks in the thread itself, where anybody may write.

        Raises:
            Refusal: NOTHING_TO_COMPACT, WAITS_FOR_DECISION, and those of `References.find_for`; of `References.find`
                when `there`.
        """
        find = self._references.find(person.team, key) if there else self._references.find_for(person, key)
        thread, _ = await find
        if not thread.head:
            raise Refusal(Reason.NOTHING_TO_COMPACT)
        if thread.status is ThreadStatus.DEFERRED:
            raise Refusal(Reason.WAITS_FOR_DECISION)
        await self._inbox.compact(person, key, ts or f"{self._clock.now():.6f}")
        log.info("compacting", thread=str(key), user=person.user)

    async def reply_deleted(self, key: ThreadKey, ts: str) -> bool:
        """Somebody deleted a message of the bot's: stop its turn, if it still runs. False when none was stopped."""
        return await self._threads.in_flight(key, ts) is not None and await self._inbox.stop(key, hold_back=False)

    async def rename(self, person: Person, key: ThreadKey, title: str) -> None:
        """Give the session another title.

        Raises:
            Refusal: BAD_ARGUMENT for an empty or too long one, and those of `References.find_for`.
        """
        title = _label(title)
        if not title:
            raise Refusal(Reason.BAD_ARGUMENT, title)
        thread = await self.thread_of(person, key)
        await self._threads.rename(thread.key, title)
        await self._label_transcript(thread, lambda lease: self._sessions.rename(lease, thread.session_id, title))

    async def tag(self, person: Person, key: ThreadKey, tag: str) -> None:
        """Tag the session; an empty tag takes the tag away.

        Raises:
            Refusal: BAD_ARGUMENT for a too long one, and those of `References.find_for`.
        """
        tag = _label(tag)
        thread = await self.thread_of(person, key)
        await self._threads.tag(thread.key, tag)
        await self._label_transcript(thread, lambda lease: self._sessions.tag(lease, thread.session_id, tag))

    async def _label_transcript(self, thread: Thread, write: Callable[[Lease], Awaitable[None]]) -> None:
        """Put a label into the transcript too, for whoever reads that with the SDK.

        The thread's own label is what Slack shows; it stands even while a turn keeps the transcript busy.
        """
        if not thread.head:
            return
        try:
            async with self._inbox.exclusive(thread.key, wait_s=1.0) as lease:
                await write(lease)
        except Refusal as refusal:
            log.info("transcript_label_skipped", thread=str(thread.key), reason=refusal.reason.value)


def _label(text: str) -> str:
    """A title or tag as it is kept: one line, trimmed. Raises Refusal when it is too long."""
    label = " ".join(text.split())
    if len(label) > MAX_TITLE:
        raise Refusal(Reason.BAD_ARGUMENT, f"{label[:20]}…")
    return label
