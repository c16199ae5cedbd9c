"""Who may decide what waits for a person."""

from __future__ import annotations

from enum import StrEnum

from bot.model import Decision, Person
from bot.ports import Chat, ThreadStore


class Approving(StrEnum):
    """Who may decide, besides admins."""

    AUTHOR = "author"
    """The one whose prompt it was."""
    THREAD = "thread"
    """Everybody whose prompts were answered in the thread, too."""


class Approvers:
    """Knows who may decide."""

    def __init__(self, threads: ThreadStore, chat: Chat, approving: Approving) -> None:
        self._threads = threads
        self._chat = chat
        self._approving = approving

    async def may_decide(self, person: Person, decision: Decision) -> bool:
        """Whether this person may decide: whose prompt it was, admins, and the thread's participants where so set.

        Raises:
            ChatAway: Slack does not say who is an admin.
        """
        if person.team != decision.thread.team:
            return False
        if person.user == decision.asked:
            return True
        if self._approving is Approving.THREAD:
            thread = await self._threads.get(decision.thread)
            if thread is not None and person.user in (thread.owner, *thread.people):
                return True
        return await self._chat.is_admin(person)
