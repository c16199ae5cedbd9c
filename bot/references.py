"""What a person may do with which thread, and how they name it."""

from __future__ import annotations

import structlog

from bot.errors import Reason, Refusal
from bot.model import Person, Thread, ThreadKey
from bot.ports import Chat, ThreadStore

log = structlog.get_logger(__name__)

MIN_ID_PREFIX = 4
"""Fewer characters of a session's id name too many sessions to be useful."""

Reference = ThreadKey | str
"""A thread, or the first characters of a session's id."""


class References:
    """Finds threads by what people call them, and keeps people to what is theirs."""

    def __init__(self, threads: ThreadStore, chat: Chat) -> None:
        self._threads = threads
        self._chat = chat

    async def find(self, team: str, reference: Reference) -> tuple[Thread, str]:
        """The thread, and the session in it that is meant: the current one unless an archived one's id was given.

        Raises:
            Refusal: UNKNOWN_SESSION, AMBIGUOUS_SESSION, BAD_ARGUMENT or NO_SESSION_HERE.
        """
        if isinstance(reference, ThreadKey):
            thread = await self._threads.get(reference) if reference.team == team else None
            if thread is None:
                raise Refusal(Reason.NO_SESSION_HERE)
            return thread, thread.session_id
        prefix = reference.strip().strip("`").lower()
        if len(prefix) < MIN_ID_PREFIX:
            raise Refusal(Reason.BAD_ARGUMENT, reference)
        found = await self._threads.find(team, prefix)
        if len(found) > 1:
            raise Refusal(Reason.AMBIGUOUS_SESSION, reference)
        thread = await self._threads.get(found[0][0]) if found else None
        if thread is None:
            raise Refusal(Reason.UNKNOWN_SESSION, reference)
        return thread, found[0][1]

    async def find_for(self, person: Person, reference: Reference) -> tuple[Thread, str]:
        """The same, for somebody who wants to see or change it: one of the thread's people, or an admin.

        A session that is not theirs is refused in the same words as one that does not exist is not: the reason says so.

        Raises:
            Refusal: also NOT_YOURS.
        """
        thread, session_id = await self.find(person.team, reference)
        if not await self.may_manage(person, thread):
            log.warning("refused", user=person.user, thread=str(thread.key), reason=Reason.NOT_YOURS.value)
            raise Refusal(Reason.NOT_YOURS)
        return thread, session_id

    async def may_manage(self, person: Person, thread: Thread) -> bool:
        """Whether the thread is this person's: they own it, take part in it, or are an admin."""
        if person.team != thread.key.team:
            return False
        return person.user in (thread.owner, *thread.people) or await self._chat.is_admin(person)
