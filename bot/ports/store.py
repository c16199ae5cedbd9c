"""What the core needs of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from bot.model import (
    MAX_WAITING,
    ArchivedSession,
    Decided,
    Decision,
    InFlight,
    Lease,
    Message,
    Outcome,
    Person,
    Point,
    PointMap,
    Progress,
    Receipt,
    Resumed,
    Signal,
    Stopped,
    Thread,
    ThreadFilter,
    ThreadKey,
    ThreadPage,
    TranscriptEntry,
    Turn,
    TurnState,
)


class InboxStore(Protocol):
    """Messages that wait, and the right to work on them."""

    async def accept(
        self, message: Message, session_id: str, max_waiting: int = MAX_WAITING, *, counted: bool = True
    ) -> Receipt:
        """Keep a message, once, and say what became of it, in one atomic step.

        Args:
            message: what arrived. Its place in the queue follows its ts, not its arrival.
            session_id: the session to give to the thread, should this message create it.
            max_waiting: how many prompts may wait in the thread; as many context messages are kept, the newest.
            counted: it is counted within its author's bounds, so that it may become a prompt; else that is REFUSED.
        """
        ...

    async def enlist(self, message: Message, session_id: str) -> None:
        """Show the thread that this message created in the lists of threads, before its first turn has ended."""
        ...

    async def knows(self, thread: ThreadKey) -> bool:
        """Whether the thread has a session."""
        ...

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        """Take a message back that still waits. False when it does not (any more)."""
        ...

    async def amend(self, thread: ThreadKey, ts: str, text: str) -> bool:
        """Change the text of a message that still waits. False when it does not (any more)."""
        ...

    async def stop(self, thread: ThreadKey, *, hold_back: bool) -> Stopped:
        """Ask the turn that runs to stop, whoever takes it up.

        Args:
            hold_back: prompts that wait now are held back, until `go_on` or the next prompt.
        """
        ...

    async def go_on(self, thread: ThreadKey) -> Resumed:
        """Hold nothing back any more."""
        ...

    async def withdraw_held_back(self, thread: ThreadKey, user: str = "") -> Sequence[Message]:
        """Take back the prompts that are held back, of one user or (empty) of all. Returns them."""
        ...

    async def acquire(self, thread: ThreadKey) -> Lease | None:
        """Take the thread's lease for this worker, with a new fencing token. None when another lease is alive."""
        ...

    async def renew(self, lease: Lease) -> bool:
        """Extend the lease by its full length; revive it when it ran out and nobody took it since.

        False when it is lost for good.
        """
        ...

    async def release(self, lease: Lease, *, even_with_work: bool = False) -> bool:
        """Give the lease back, unless there is work (then False, and it is kept).

        Work is a prompt that waits and is not held back, or a turn in flight that is RUNNING or ANSWERED; a DEFERRED
        one is work only while messages came behind it that nobody heeded yet.

        Args:
            even_with_work: give it back whatever waits, so that another worker can go on (draining). Taking up a turn
                that was given back like this counts as no further attempt at it.
        """
        ...

    async def holder(self, thread: ThreadKey) -> str:
        """The worker that holds the lease, or empty."""
        ...

    async def abandoned(self, limit: int) -> Sequence[ThreadKey]:
        """Threads that have work and no live lease, the longest waiting first."""
        ...


class Signals(Protocol):
    """What workers tell one another. Losing a signal must never lose work: `InboxStore.abandoned` finds it."""

    @property
    def worker(self) -> str:
        """This worker's id, as leases name it."""
        ...

    async def send(self, worker: str, signal: Signal) -> None: ...

    def receive(self) -> AsyncIterator[Signal]:
        """The signals for this worker, for as long as it lives."""
        ...


class Workers(Protocol):
    """Which workers live, and how many threads more each would take on."""

    async def beat(self, room: int) -> Mapping[str, int]:
        """Say that this worker lives, and hear who else does.

        Args:
            room: how many threads more this worker would take on; below 0 it leaves.

        Returns the room of every other living worker.
        """
        ...

    async def living(self) -> Mapping[str, int]:
        """Every living worker, this one too, with its room."""
        ...


class TurnStore(Protocol):
    """The turn in flight of a thread."""

    async def begin(self, lease: Lease, turn_id: str) -> Turn | None:
        """Start the next turn, or take up the one in flight.

        All waiting prompts, and the context kept with them, become the turn's prompt in order of ts. A turn that is in
        flight already (RUNNING or ANSWERED, from a worker that died) comes back under its own id with `attempt` raised;
        so does one that was decided about, with `attempt` at 1. None when there is nothing to do; a DEFERRED turn is
        nothing to do, unless messages came behind it that nobody heeded yet.
        """
        ...

    async def tail(self, thread: ThreadKey, session_id: str) -> str:
        """Uuid of the transcript's last entry that it can be cut after; empty when there is no transcript."""
        ...

    async def held_back(self, thread: ThreadKey) -> int:
        """How many prompts a stop holds back."""
        ...

    async def save(self, lease: Lease, turn_id: str, progress: Progress, state: TurnState) -> None:
        """Keep how far the turn has come."""
        ...

    async def restart_session(self, lease: Lease, turn_id: str, session_id: str) -> None:
        """Give the thread a new, empty session for the turn in flight, without archiving the old one."""
        ...

    async def finish(
        self, lease: Lease, turn_id: str, outcome: Outcome, reply_ts: Sequence[str], *, keep_head: bool = False
    ) -> None:
        """End the turn in flight: counters, cost, status, head and points, in one atomic step.

        With the ending DEFERRED it does not end: it waits for its decision, or goes on when that was made meanwhile.

        The points: each of the prompt's messages leads to the head before the turn (a point that a ts has already
        stays), each of `reply_ts` and of its cards to the new one, which is the transcript's tail.

        Args:
            keep_head: the turn left nothing worth resuming: the head stays where it was, for points as well.
        """
        ...


class DecisionStore(Protocol):
    """What waits for people, and what they decided. A thread has at most one decision that is pending."""

    async def ask(self, lease: Lease, decision: Decision, progress: Progress) -> Decision:
        """Keep the decision with the turn in flight, whose run it ended, and with how far that has come.

        The turn is ANSWERED then: what it said is to be delivered, and the card to be posted. Returns the decision as
        it is kept: the store sets when it was asked, and when it expires.
        """
        ...

    async def carry(self, lease: Lease, decision: Decision, message: Message) -> Decision:
        """Ask it in a branch as well: the lease's thread gets a turn in flight of its own, which waits for it.

        Args:
            decision: as the branch is to ask it; it waits as long as the source's did from its beginning.
            message: stands for the prompt.

        Returns it as it is kept. What is in flight there already stays, and nothing is changed then.
        """
        ...

    async def posted(self, lease: Lease, decision_id: str, card_ts: str) -> None:
        """Keep which message shows the decision."""
        ...

    async def heed(self, lease: Lease, messages: Sequence[Message]) -> None:
        """These messages, which came behind the decision, have been looked at: they don't decide it."""
        ...

    async def get(self, thread: ThreadKey, decision_id: str) -> Decision | None:
        """A decision, pending or not; None when there is none of this id (any more)."""
        ...

    async def pending(self, thread: ThreadKey) -> Decision | None:
        """What the thread's turn waits for."""
        ...

    async def decide(self, thread: ThreadKey, decision_id: str, decided: Decided, *, by_message: str = "") -> Decision:
        """Decide, once, and let the turn go on: the thread has work from then on.

        An allowance for the thread is kept as one of its rules. EXPIRED is refused as NOT_ASKED before its time, and
        after its time everything else is refused as decided so.

        Args:
            by_message: ts of the waiting message that decided; it waits no more.

        Raises:
            Refusal: NOT_ASKED, or AlreadyDecided.
        """
        ...

    async def record(self, decision: Decision) -> None:
        """Put what was decided into the audit trail. More than once is possible, after a crash; never not at all."""
        ...

    async def overdue(self, limit: int) -> Sequence[Decision]:
        """Decisions that nobody made in time and that are still pending, the oldest first."""
        ...

    async def waiting_for(self, person: Person, limit: int) -> Sequence[Decision]:
        """Pending decisions about this person's prompts, those that expire first in front."""
        ...


class ThreadStore(Protocol):
    """Threads, their sessions, and what leads to them."""

    async def get(self, key: ThreadKey) -> Thread | None: ...

    async def find(self, team: str, id_prefix: str) -> Sequence[tuple[ThreadKey, str]]:
        """Threads, with the session's whole id, of sessions (archived ones too) whose id starts so. At most 10."""
        ...

    async def page(self, query: ThreadFilter, cursor: str = "", limit: int = 10) -> ThreadPage: ...

    async def create(self, lease: Lease, thread: Thread, points: PointMap) -> None:
        """Make a thread for a branch, with its first points, replacing what an early message made of it."""
        ...

    async def reset(self, lease: Lease, session_id: str) -> ArchivedSession:
        """Archive the current session under the thread and give it a new, empty one."""
        ...

    async def restore(self, lease: Lease, session_id: str = "") -> ArchivedSession:
        """Make an archived session current again, and archive the current one if it has had a turn.

        Args:
            session_id: which; empty for the one archived last.

        Raises:
            Refusal: NOTHING_ARCHIVED.
        """
        ...

    async def rename(self, key: ThreadKey, title: str) -> None: ...

    async def tag(self, key: ThreadKey, tag: str) -> None:
        """Set the tag; empty clears it."""
        ...

    async def set_mentions_only(self, key: ThreadKey, on: bool) -> None: ...

    async def point(self, key: ThreadKey, ts: str) -> Point | None:
        """Where a Slack message leads, or None when it leads nowhere."""
        ...

    async def asked_in(self, key: ThreadKey, turn_id: str) -> Sequence[str]:
        """The people's messages that a turn answered, in order. None are known of old turns."""
        ...

    async def in_flight(self, key: ThreadKey, ts: str) -> InFlight | None:
        """How the message waits, or belongs to the turn in flight; None when it does neither."""
        ...

    async def claim_branch(self, key: ThreadKey, ts: str, user: str) -> ThreadKey | None:
        """Claim the making of this user's branch at this message, for 60 seconds.

        Returns the branch when it was made before; None when the claim is ours.

        Raises:
            Refusal: BUSY, when another worker is making it right now.
        """
        ...

    async def branches(self, key: ThreadKey) -> Sequence[ThreadKey]:
        """The branches that were made of a thread, in order; some may be gone."""
        ...

    async def record_branch(self, key: ThreadKey, ts: str, user: str, branch: ThreadKey | None) -> None:
        """Keep the branch that was made under a claim; None gives the claim back."""
        ...


class Transcripts(Protocol):
    """Transcripts of sessions, each under the thread it belongs to. `subpath` is empty for the main one."""

    async def append(self, lease: Lease, session_id: str, subpath: str, entries: Sequence[TranscriptEntry]) -> None:
        """Append in order; an entry whose uuid is there already is skipped."""
        ...

    async def load(self, thread: ThreadKey, session_id: str, subpath: str) -> Sequence[str] | None:
        """The bodies in order; None when there is no such transcript."""
        ...

    async def subpaths(self, thread: ThreadKey, session_id: str) -> Sequence[str]: ...

    async def rewrite(self, lease: Lease, session_id: str, subpath: str, bodies: Mapping[int, str]) -> None:
        """Put other bodies in the place of a transcript's entries, by their index; uuids and order stay."""
        ...

    async def delete(self, lease: Lease, session_id: str) -> None:
        """Remove a session's transcripts, the side ones too."""
        ...


class FileStore(Protocol):
    """The compressed working directory of each session."""

    async def put(self, lease: Lease, session_id: str, digest: str, archive: bytes) -> None: ...

    async def digest(self, thread: ThreadKey, session_id: str) -> str:
        """Digest of what is kept; empty when nothing is."""
        ...

    async def get(self, thread: ThreadKey, session_id: str) -> bytes | None: ...


class DepartureStore(Protocol):
    """Workspaces that have removed the app."""

    async def depart(self, team: str, due: float) -> None:
        """Keep that a workspace's data is to go at that time; one that is kept already keeps its time."""
        ...

    async def stay(self, team: str) -> bool:
        """The workspace is back. False when it had not left."""
        ...

    async def claim_due(self, now: float, claim_s: float) -> str:
        """A workspace whose time has come; nobody else gets it for `claim_s` seconds. Empty when there is none."""
        ...

    async def leaving(self, team: str) -> bool:
        """Whether the workspace has left and is not back."""
        ...

    async def forget_team(self, team: str) -> None:
        """Remove everything that is kept of the workspace but its installation, and that it has left.

        What is still there of its threads goes too, whoever holds them: to be called when they are forgotten.
        """
        ...
