"""What the core needs of the agent and its files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.model import AgentEvent, Exchange, Lease, Passage, RunRequest, ThreadKey


class Run(Protocol):
    """One run of the agent."""

    def __aiter__(self) -> AsyncIterator[AgentEvent]:
        """Its events; the last is RunEnded. Whatever the agent's process does ends in one, not in an exception.

        Raises:
            LeaseLost: a transcript entry could not be kept because the thread is another worker's now.
        """
        ...

    async def interrupt(self) -> None:
        """Stop it: the events end soon with RunEnded(STOPPED). May be called at any time, and twice."""
        ...


class Agent(Protocol):
    """Runs prompts in sessions."""

    def run(self, request: RunRequest, workdir: Path) -> AbstractAsyncContextManager[Run]:
        """A run; leaving the context ends whatever of it still lives."""
        ...

    def prepare(self, request: RunRequest, workdir: Path) -> None:
        """A run of this session comes soon: start getting ready for it. Returns at once, and may do nothing.

        Args:
            request: as `run` will get it; its text and images don't matter yet.
        """
        ...


class Readiness(Protocol):
    """Processes that the agent has ready ahead of their turn. Nothing but speed depends on them."""

    def offer_session_id(self) -> str:
        """An id for a session that may be about to begin. It is offered to nobody else until it is declined."""
        ...

    def decline_session_id(self, session_id: str) -> None:
        """The offered id was given to no thread, for certain."""
        ...

    def expect_session(self) -> None:
        """Somebody seems about to begin a session."""
        ...

    def capacity(self) -> int | None:
        """How many turns may run at once, as far as memory and processes go; None for no bound."""
        ...


class Sessions(Protocol):
    """What can be done with a session's transcript without running the agent."""

    async def fork(self, source: ThreadKey, session_id: str, up_to: str, lease: Lease, title: str) -> str:
        """Copy a transcript, up to and including the entry `up_to` (empty: all of it), into the lease's thread.

        Returns the new session's id.

        Raises:
            Refusal: SESSION_EXPIRED, when there is nothing to copy or the entry is gone.
        """
        ...

    async def turn_down(self, lease: Lease, session_id: str) -> None:
        """A call that the session may wait with is not carried out: the model is told so when the session goes on."""
        ...

    async def exchanges(self, thread: ThreadKey, session_id: str, last: int) -> Sequence[Exchange]:
        """The last exchanges, oldest first; none when the transcript is gone."""
        ...

    async def passages(self, thread: ThreadKey, session_id: str) -> Sequence[Passage]:
        """All that was said, thought and done in a session; none when the transcript is gone."""
        ...

    async def entries(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        """The transcript as the agent wrote it, an entry of JSON each; none when it is gone."""
        ...

    async def take_out(self, lease: Lease, session_id: str, starts: Collection[str], cuts: Collection[str]) -> int:
        """Take the words out of turns: prompts, answers, and what tools were given and gave. Their places stay.

        A process that still knows the words does not answer for this session any more.

        Args:
            starts: the entries after which the turns begin; empty for the session's beginning.
            cuts: the entries at which a turn may end.

        Returns how many turns there were.
        """
        ...

    async def rename(self, lease: Lease, session_id: str, title: str) -> None: ...

    async def tag(self, lease: Lease, session_id: str, tag: str) -> None: ...


class Workspaces(Protocol):
    """Each session's own working directory."""

    async def open(self, thread: ThreadKey, session_id: str) -> Path:
        """The directory, brought up to what the store keeps."""
        ...

    async def keep(self, lease: Lease, session_id: str) -> None:
        """Put the directory into the store if it changed since it was opened or kept."""
        ...

    async def survey(self, workdir: Path) -> Mapping[Path, tuple[int, int]]:
        """Every regular file below the directory, with what differs once it is written to. Follows no symlink.

        Hidden files, and those in hidden directories, are left out.
        """
        ...

    async def copy(self, source: ThreadKey, session_id: str, lease: Lease, new_session_id: str) -> None:
        """Give a branch's session a copy of its source's files, in the store."""
        ...
