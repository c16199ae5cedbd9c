"""A whole session for people to read, and the tree of branches that it is a part of."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import Reason, Refusal
from bot.model import Passage, Person, Thread, ThreadKey
from bot.ports import Chat, Sessions, ThreadStore
from bot.references import References

MAX_TREE = 200
"""Threads of a tree that are shown: more make no picture."""


@dataclass(frozen=True, slots=True)
class Twig:
    """A thread of the tree.

    Args:
        parent: the index of what it was branched from, in the tree; -1 for the first.
        readable: whether the person may read it; if not, its title is not theirs to know either.
        here: it is the one that is read.
    """

    thread: Thread
    parent: int
    readable: bool
    here: bool


@dataclass(frozen=True, slots=True)
class View:
    """A session as it is read.

    Args:
        link: where Slack shows the thread; empty when it doesn't say.
        tree: its source's source and so on first, each thread after what it was branched from.
    """

    thread: Thread
    session_id: str
    link: str
    passages: Sequence[Passage]
    tree: Sequence[Twig]


class Viewing:
    """Shows whole sessions to those who may read them: the thread's people, and admins."""

    def __init__(self, threads: ThreadStore, sessions: Sessions, references: References, chat: Chat) -> None:
        self._threads = threads
        self._sessions = sessions
        self._references = references
        self._chat = chat

    async def view(self, person: Person, thread: ThreadKey, session_id: str) -> View:
        """Raises Refusal: NOT_YOURS, NO_SESSION_HERE, or UNKNOWN_SESSION when the thread has no such session now."""
        found = await self._readable(person, thread, session_id)
        passages = await self._sessions.passages(thread, session_id)
        return View(found, session_id, await self._chat.link(thread), passages, await self._tree(person, found))

    async def entries(self, person: Person, thread: ThreadKey, session_id: str) -> tuple[Thread, Sequence[str]]:
        """The transcript as the agent wrote it. Raises Refusal: see `view`."""
        found = await self._readable(person, thread, session_id)
        return found, await self._sessions.entries(thread, session_id)

    async def beside(self, person: Person, thread: ThreadKey, session_id: str) -> ThreadKey:
        """The thread of the same tree whose current session that is. Raises Refusal: UNKNOWN_SESSION, or see `view`."""
        here, _ = await self._references.find_for(person, thread)
        for twig in await self._tree(person, here):
            if twig.readable and twig.thread.session_id == session_id:
                return twig.thread.key
        raise Refusal(Reason.UNKNOWN_SESSION, session_id)

    async def _readable(self, person: Person, key: ThreadKey, session_id: str) -> Thread:
        thread, _ = await self._references.find_for(person, key)
        if session_id not in {thread.session_id, *(old.session_id for old in thread.archived)}:
            raise Refusal(Reason.UNKNOWN_SESSION, session_id)
        return thread

    async def _tree(self, person: Person, thread: Thread) -> Sequence[Twig]:
        root = await self._root_of(thread)
        found: list[tuple[Thread, int]] = [(root, -1)]
        known, waiting = {root.key}, deque([0])
        while waiting:
            index = waiting.popleft()
            for key in await self._threads.branches(found[index][0].key):
                branch = await self._threads.get(key) if key not in known and len(found) < MAX_TREE else None
                if branch is not None:
                    known.add(key)
                    waiting.append(len(found))
                    found.append((branch, index))
        return [
            Twig(one, parent, await self._references.may_manage(person, one), here=one.key == thread.key)
            for one, parent in found
        ]

    async def _root_of(self, thread: Thread) -> Thread:
        seen = {thread.key}
        while thread.source is not None and len(seen) < MAX_TREE and thread.source.thread not in seen:
            parent = await self._threads.get(thread.source.thread)
            if parent is None:
                break
            seen.add(parent.key)
            thread = parent
        return thread
