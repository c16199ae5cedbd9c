"""What people may have forgotten: their own conversations, their words in those of others, and what they deleted.

All of it happens under the thread's lease, so that no turn runs meanwhile and nothing that was taken out is written
again. Branches are independent: they stay, with what was copied into them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.errors import Reason, Refusal
from bot.model import Lease, Message, Person, Point, PointKind, Signal, SignalKind, Thread, ThreadFilter, ThreadKey
from bot.ports import Chat, ErasureStore, InboxStore, Sessions, Signals, ThreadStore, Workers
from bot.references import Reference, References

log = structlog.get_logger(__name__)

PAGE = 100
OWN_WAIT_S = 20.0
"""How long a turn that was stopped gets to end."""
OTHERS_WAIT_S = 20.0
"""How long somebody else's turn is waited for."""
ATTEMPTS = 3
"""How often a thread is asked for until no turn is in flight in it that is to lose its words."""
DELETED_WAIT_S = 0.6
"""The same, each time, after a message was deleted: Slack's ack is due within 3 s, or it tells us again later."""


class Holding(Protocol):
    """How a thread is had to oneself; see `bot.inbox.Inbox`."""

    async def stop(self, thread: ThreadKey) -> bool: ...

    def exclusive(self, thread: ThreadKey, *, wait_s: float = 5.0) -> AbstractAsyncContextManager[Lease]: ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out.

    Args:
        threads: conversations that are gone as a whole.
        turns: turns in the conversations of others that lost their words.
        left: conversations that could not be had to oneself: they have to be forgotten again later.
    """

    threads: int = 0
    turns: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class PrivacyNeeds:
    """What forgetting needs of the stores and the agent."""

    threads: ThreadStore
    erasure: ErasureStore
    inbox: InboxStore
    sessions: Sessions
    workers: Workers
    signals: Signals


class Privacy:
    """Forgets."""

    def __init__(self, needs: PrivacyNeeds, holding: Holding) -> None:
        self._threads = needs.threads
        self._erasure = needs.erasure
        self._inbox = needs.inbox
        self._sessions = needs.sessions
        self._workers = needs.workers
        self._signals = needs.signals
        self._holding = holding

    async def about(self, person: Person) -> tuple[Sequence[Thread], Sequence[Thread]]:
        """The threads that are this person's own, and those of others in which they took part."""
        threads = [thread async for thread in self._all(ThreadFilter(person.team, user=person.user))]
        own = [thread for thread in threads if thread.owner == person.user]
        return own, [thread for thread in threads if thread.owner != person.user]

    async def forget_thread(self, key: ThreadKey) -> None:
        """Remove a thread with all its sessions, wherever anything of it is.

        Raises:
            Refusal: BUSY, when its turn did not end in time.
        """
        await self._holding.stop(key)
        async with self._holding.exclusive(key, wait_s=OWN_WAIT_S) as lease:
            await self._erasure.forget(lease)
        await self._tell_workers(key)
        log.info("thread_forgotten", thread=str(key))

    async def forget_person(
        self, person: Person, *, spend: bool, told: Callable[[int, int], None] = lambda _done, _all: None
    ) -> Forgotten:
        """Remove a person's threads as a whole, and their words from those of others.

        Args:
            spend: what they have spent as well. It counts against their limits, which nobody may lift for themselves.
            told: hears how many of how many threads have been seen to.
        """
        # All of the team's: who was only overheard in a thread is not in any list of theirs.
        keys = [thread.key async for thread in self._all(ThreadFilter(person.team))]
        found = Forgotten()
        for done, key in enumerate(keys):
            told(done, len(keys))
            found = await self._forget_in(key, person.user, found)
        await self._erasure.forget_person(person, spend=spend)
        told(len(keys), len(keys))
        log.info("person_forgotten", threads=found.threads, turns=found.turns, left=found.left)
        return found

    async def message_deleted(self, key: ThreadKey, ts: str) -> bool:
        """Take the words out of the turn that a deleted message belongs to. False when it belongs to none.

        A turn that is still running is stopped first.

        Raises:
            Refusal: BUSY: it has to be asked for again.
        """
        if any(message.ts == ts for message in await self._erasure.in_turn(key)):
            await self._holding.stop(key)
        elif not _is_prompt((await self._erasure.points(key)).get(ts)):
            return False
        async with self._without_turn_of(key, lambda message: message.ts == ts, DELETED_WAIT_S) as lease:
            turns = await self._take_out(lease, lambda kept_ts, _point: kept_ts == ts)
        if turns:
            await self._tell_workers(key)
            log.info("turn_removed", thread=str(key))
        return bool(turns)

    # --- one thread ----------------------------------------------------------------------------------------------

    async def _forget_in(self, key: ThreadKey, user: str, found: Forgotten) -> Forgotten:
        thread = await self._threads.get(key)
        if thread is None:
            return found
        try:
            if thread.owner == user:
                await self.forget_thread(key)
                return replace(found, threads=found.threads + 1)
            return replace(found, turns=found.turns + await self._leave(thread, user))
        except Refusal as refusal:
            log.warning("not_forgotten", thread=str(key), reason=refusal.reason.value)
            return replace(found, left=found.left + 1)

    async def _leave(self, thread: Thread, user: str) -> int:
        """Take a user's words out of somebody else's thread. Returns how many turns lost theirs."""
        key = thread.key
        waiting = [message for message in await self._erasure.waiting(key) if message.user == user]
        said = user in {point.user for point in (await self._erasure.points(key)).values()}
        at_work = user in {message.user for message in await self._erasure.in_turn(key)}
        if not (waiting or said or at_work or user in thread.people):
            return 0
        if at_work:
            await self._holding.stop(key)
        async with self._without_turn_of(key, lambda message: message.user == user, OTHERS_WAIT_S) as lease:
            for message in waiting:
                await self._inbox.withdraw(key, message.ts)
            turns = await self._take_out(lease, lambda _ts, point: point.user == user)
            await self._erasure.disown(lease, user)
        await self._tell_workers(key)
        return turns

    @asynccontextmanager
    async def _without_turn_of(
        self, key: ThreadKey, concerned: Callable[[Message], bool], wait_s: float
    ) -> AsyncIterator[Lease]:
        """Hold the thread's lease while no turn of such messages is in flight: one that waited for a decision and was
        stopped has to end first, on whichever worker.

        Raises:
            Refusal: BUSY.
        """
        for _ in range(ATTEMPTS):
            async with self._holding.exclusive(key, wait_s=wait_s) as lease:
                if not any(concerned(message) for message in await self._erasure.in_turn(key)):
                    yield lease
                    return
        raise Refusal(Reason.BUSY)

    async def _take_out(self, lease: Lease, chosen: Callable[[str, Point], bool]) -> int:
        """Empty the turns of the chosen messages, in whichever of the thread's sessions they are."""
        points = await self._erasure.points(lease.thread)
        starts: dict[str, set[str]] = {}
        taken = [point for ts, point in points.items() if point.kind is PointKind.PROMPT and chosen(ts, point)]
        for point in taken:
            starts.setdefault(point.session_id, set()).add(point.entry)
        await self._erasure.forget_decisions(lease, {point.turn_id for point in taken})
        thread = await self._threads.get(lease.thread)
        if thread is not None and "" in starts.get(thread.session_id, ()):
            await self._threads.rename(lease.thread, "")  # the title was made of its first words
        cuts = _cuts(points)
        return sum([await self._sessions.take_out(lease, sid, after, cuts[sid]) for sid, after in starts.items()])

    async def _tell_workers(self, key: ThreadKey) -> None:
        """Have every worker let go of what it has of the thread: processes that know it, files."""
        for worker in await self._workers.living():
            await self._signals.send(worker, Signal(SignalKind.FORGET, key))

    async def _all(self, query: ThreadFilter) -> AsyncIterator[Thread]:
        cursor, more = "", True
        while more:
            page = await self._threads.page(query, cursor, PAGE)
            for thread in page.threads:
                yield thread
            cursor, more = page.cursor, bool(page.cursor)


class PersonalPrivacy:
    """The same, for people: who may have what forgotten."""

    def __init__(self, privacy: Privacy, references: References, chat: Chat) -> None:
        self._privacy = privacy
        self._references = references
        self._chat = chat

    async def about(self, person: Person, user: str) -> tuple[Sequence[Thread], Sequence[Thread]]:
        """See `Privacy.about`. Raises Refusal(NOT_YOURS) for somebody else's, but to admins."""
        return await self._privacy.about(await self._whose(person, user))

    async def forget(self, person: Person, user: str) -> Forgotten:
        """Forget a person. Raises Refusal(NOT_YOURS) for somebody else, but to admins."""
        whose = await self._whose(person, user)
        return await self._privacy.forget_person(whose, spend=await self._chat.is_admin(person))

    async def thread_to_forget(self, person: Person, reference: Reference) -> Thread:
        """The thread that is meant, if this person may have it forgotten: who began it may, and admins.

        Raises:
            Refusal: NOT_YOURS, and those of `References.find`.
        """
        thread, _ = await self._references.find(person.team, reference)
        if person.user != thread.owner and not await self._chat.is_admin(person):
            log.warning("refused", user=person.user, thread=str(thread.key), reason=Reason.NOT_YOURS.value)
            raise Refusal(Reason.NOT_YOURS)
        return thread

    async def forget_thread(self, person: Person, reference: Reference) -> Thread:
        """Forget one thread. Returns it as it was.

        Raises:
            Refusal: those of `thread_to_forget`, and BUSY.
        """
        thread = await self.thread_to_forget(person, reference)
        await self._privacy.forget_thread(thread.key)
        log.info("forgotten_for", user=person.user, thread=str(thread.key))
        return thread

    async def message_deleted(self, key: ThreadKey, ts: str) -> bool:
        """See `Privacy.message_deleted`."""
        return await self._privacy.message_deleted(key, ts)

    async def _whose(self, person: Person, user: str) -> Person:
        if user != person.user and not await self._chat.is_admin(person):
            log.warning("refused", user=person.user, reason=Reason.NOT_YOURS.value)
            raise Refusal(Reason.NOT_YOURS)
        return Person(person.team, user)


def _is_prompt(point: Point | None) -> bool:
    return point is not None and point.kind is PointKind.PROMPT


def _cuts(points: Mapping[str, Point]) -> Mapping[str, set[str]]:
    """Where turns end or begin, by session."""
    cuts: dict[str, set[str]] = {}
    for point in points.values():
        cuts.setdefault(point.session_id, set()).add(point.entry)
    return cuts
