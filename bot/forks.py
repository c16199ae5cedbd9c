"""Branch a thread at a point: a new thread whose session is a copy of another up to there.

The transcript and the files are copied in the store, the source is only read. No process is needed for it; one is got
ready for the branch afterwards, beside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.attempts import nothing_said
from bot.errors import BotError, Reason, Refusal
from bot.inbox import Inbox
from bot.model import (
    NEARLY_FULL,
    Address,
    Decision,
    InFlight,
    Lease,
    Limits,
    Message,
    Person,
    Point,
    PointKind,
    RunRequest,
    Source,
    Thread,
    ThreadFilter,
    ThreadKey,
    ThreadStatus,
    TurnPolicy,
    just_after,
)
from bot.ports import Agent, Chat, Clock, DecisionStore, Sessions, ThreadStore, TurnStore, Workspaces
from bot.references import Reference, References

log = structlog.get_logger(__name__)

GOES_ON = "Please go on."
"""The prompt of a branch that waits for a decision, should its session be lost before that."""

ASK_AGAIN_LOOKBACK = 200
"""How many of the source thread's messages are searched for the one to ask again."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch that was made, now or (`again`) before by the same person at the same message."""

    thread: ThreadKey
    link: str
    source: Thread
    again: bool = False


@dataclass(frozen=True, slots=True)
class ForkNeeds:
    """What branching needs of the stores and the agent."""

    threads: ThreadStore
    turns: TurnStore
    decisions: DecisionStore
    sessions: Sessions
    workspaces: Workspaces
    agent: Agent | None = None
    """Gets a branch ready for its first message, when given."""
    limits: Limits = field(default_factory=Limits)
    policy: Callable[[str, Sequence[Person]], Awaitable[TurnPolicy]] = nothing_said
    """What holds in a turn, see `AttemptNeeds`."""


class Forks:
    """Makes branches."""

    def __init__(
        self,
        needs: ForkNeeds,
        inbox: Inbox,
        chat: Chat,
        references: References,
        clock: Clock,
        *,
        new_id: Callable[[], str],
    ) -> None:
        self._threads = needs.threads
        self._turns = needs.turns
        self._decisions = needs.decisions
        self._sessions = needs.sessions
        self._workspaces = needs.workspaces
        self._agent = needs.agent
        self._limits = needs.limits
        self._policy = needs.policy
        self._inbox = inbox
        self._chat = chat
        self._references = references
        self._clock = clock
        self._new_id = new_id

    async def branch(self, person: Person, thread: ThreadKey, ts: str, *, asks: str = "") -> Branch:
        """Branch at a message: after the turn of a reply, before a person's message.

        The same person asking again for the same message gets the same branch.

        Args:
            asks: names what is asked in the branch at once; the root does not offer to ask the message again then.
                Branches that ask something else are others.

        Raises:
            Refusal: NO_SESSION_HERE, NO_POINT_HERE, TURN_RUNNING, SESSION_EXPIRED or BUSY.
        """
        source = await self._threads.get(thread)
        if source is None:
            raise Refusal(Reason.NO_SESSION_HERE)
        claim = f"{ts} {asks}" if asks else ts
        made = await self._threads.claim_branch(thread, claim, person.user)
        if made is not None:
            return Branch(made, await self._chat.link(made), source, again=True)
        try:
            point, pending = await self._point(source, ts)
            ask_again = point.kind is PointKind.PROMPT and not asks
            branch = await self._make(person, thread.channel, source, point, ts, pending, ask_again=ask_again)
        except BaseException:
            await self._threads.record_branch(thread, claim, person.user, None)
            raise
        await self._threads.record_branch(thread, claim, person.user, branch.thread)
        await self._announce(person, source.key, branch.thread)
        return branch

    async def branch_from_summary(self, person: Person, thread: ThreadKey, ts: str) -> Branch:
        """Branch at a reply, and have the branch go on from a summary: the session itself stays as it is.

        Raises:
            Refusal: those of `branch`.
        """
        branch = await self.branch(person, thread, ts, asks="summary")
        try:
            await self._inbox.compact(person, branch.thread, just_after(branch.thread.root_ts))
        except Refusal as refusal:
            if refusal.reason is not Reason.ALREADY_ASKED:
                raise
        return branch

    async def continue_here(self, person: Person, channel: str, reference: Reference = "") -> Branch:
        """Bring a session into a channel or DM, as a branch in a new thread there.

        Args:
            reference: which; empty for the person's own most recent session.

        Raises:
            Refusal: NO_SESSIONS, CANT_READ, SESSION_EXPIRED, TURN_RUNNING, and those of `References.find`.
        """
        source, session_id = await self._to_continue(person, channel, reference)
        point, pending = Point(session_id, source.head, PointKind.REPLY), None
        if session_id != source.session_id:
            source, entry = _as_it_was(source, session_id)
            point = replace(point, entry=entry)
        elif source.status is ThreadStatus.DEFERRED:
            point, pending = await self._where_it_waits(source)
        if not point.entry:
            at_work = source.status is not ThreadStatus.IDLE
            raise Refusal(Reason.TURN_RUNNING if at_work else Reason.SESSION_EXPIRED)
        branch = await self._make(person, channel, source, point, "", pending, ask_again=False)
        await self._threads.record_branch(source.key, branch.thread.root_ts, person.user, branch.thread)
        await self._announce(person, source.key, branch.thread)
        return branch

    async def ask_again(self, person: Person, branch: ThreadKey) -> None:
        """Ask the message at which the branch was made again in the branch, as it was. A second time does nothing.

        Raises:
            Refusal: NO_SESSION_HERE, when the branch or the message is gone.
        """
        thread = await self._threads.get(branch)
        if thread is None or thread.source is None:
            raise Refusal(Reason.NO_SESSION_HERE)
        spoken = await self._chat.history(thread.source.thread, "", ASK_AGAIN_LOOKBACK)
        text = next((s.text for s in spoken if s.ts == thread.source.ts), "")
        if not text:
            raise Refusal(Reason.NO_SESSION_HERE)
        # The root's own ts stands for the question: a branch can be asked again once, whoever presses and how often.
        message = Message(branch, branch.root_ts, person.user, text, Address.BOT, user_team=person.team)
        await self._inbox.take(message)
        await self._chat.ask_again(person, branch, text)

    # --- making one --------------------------------------------------------------------------------------------

    async def _point(self, source: Thread, ts: str) -> tuple[Point, Decision | None]:
        """Where a message leads, and what waits there to be decided."""
        point = await self._threads.point(source.key, ts)
        if (flight := await self._threads.in_flight(source.key, ts)) is not None:
            waits = source.status is ThreadStatus.DEFERRED
            if waits and flight is InFlight.REPLY:
                return await self._where_it_waits(source)
            if source.status is not ThreadStatus.IDLE and not (waits and flight is InFlight.PROMPT):
                raise Refusal(Reason.TURN_RUNNING)
            # All turns before the one that waits lie before its prompt; and what was said to somebody else goes in
            # front of the next prompt, after all turns.
            point = Point(source.session_id, source.head, PointKind.PROMPT)
        if point is None:
            raise Refusal(Reason.NO_POINT_HERE)
        if point.entry and not await self._turns.tail(source.key, point.session_id):
            raise Refusal(Reason.SESSION_EXPIRED)
        return point, None

    async def _where_it_waits(self, source: Thread) -> tuple[Point, Decision]:
        """The end of a session that waits for a decision, and that. Raises Refusal when it goes on by now."""
        tail = await self._turns.tail(source.key, source.session_id)
        pending = await self._decisions.pending(source.key)
        if pending is None or not tail:
            raise Refusal(Reason.TURN_RUNNING)
        return Point(source.session_id, tail, PointKind.REPLY), pending

    async def _to_continue(self, person: Person, channel: str, reference: Reference) -> tuple[Thread, str]:
        if not reference:
            mine = await self._threads.page(ThreadFilter(person.team, user=person.user), limit=1)
            if not mine.threads:
                raise Refusal(Reason.NO_SESSIONS)
            return mine.threads[0], mine.threads[0].session_id
        source, session_id = await self._references.find(person.team, reference)
        # Where they ask for it they can read.
        if source.key.channel != channel and not await self._chat.can_read(person, source.key.channel):
            log.warning("refused", user=person.user, thread=str(source.key), reason=Reason.CANT_READ.value)
            raise Refusal(Reason.CANT_READ)
        return source, session_id

    async def _make(
        self,
        person: Person,
        channel: str,
        source: Thread,
        point: Point,
        ts: str,
        pending: Decision | None,
        *,
        ask_again: bool,
    ) -> Branch:
        full = point.entry == source.head and source.context_used >= NEARLY_FULL
        root_ts = await self._chat.open_branch(person, channel, source, ts, ask_again=ask_again, nearly_full=full)
        key = ThreadKey(source.key.team, channel, root_ts)
        async with self._inbox.exclusive(key) as lease:
            session_id, head = self._new_id(), ""
            if point.entry:
                session_id = await self._sessions.fork(source.key, point.session_id, point.entry, lease, source.title)
                await self._workspaces.copy(source.key, point.session_id, lease, session_id)
                head = await self._turns.tail(key, session_id)
            now = self._clock.now()
            thread = Thread(
                key,
                session_id,
                head=head,
                title=source.title,
                owner=person.user,
                created_at=now,
                active_at=now,
                source=Source(source.key, point.session_id, ts),
                context_used=source.context_used if point.entry == source.head else 0.0,
            )
            await self._threads.create(lease, thread, {root_ts: Point(session_id, head, PointKind.REPLY)})
            if pending is not None:
                await self._ask_there(lease, thread, person, pending)
            elif self._agent is not None:
                self._inbox.beside(self._get_ready(self._agent, lease, thread))
        log.info("branched", source=str(source.key), branch=str(key), session=session_id)
        return Branch(key, await self._chat.link(key), source)

    async def _ask_there(self, lease: Lease, branch: Thread, person: Person, pending: Decision) -> None:
        """The branch waits for a decision of its own, which whoever made it is asked for."""
        decision = replace(
            pending,
            id=self._new_id(),
            thread=branch.key,
            turn_id=self._new_id(),
            session_id=branch.session_id,
            asked=person.user,
            card_ts="",
        )
        key = branch.key
        message = Message(key, key.root_ts, person.user, GOES_ON, Address.BOT, user_team=person.team)
        await self._decisions.carry(lease, decision, message)

    async def _get_ready(self, agent: Agent, lease: Lease, branch: Thread) -> None:
        """Connect a process for the branch, before anybody has written there."""
        workdir = await self._workspaces.open(branch.key, branch.session_id)
        resume = bool(branch.head)
        policy = await self._policy(branch.key.channel, [Person(branch.key.team, branch.owner)])
        limits = policy.limits_or(self._limits)
        request = RunRequest(lease, branch.session_id, resume, "", tail=branch.head, limits=limits, policy=policy)
        agent.prepare(request, workdir)

    async def _announce(self, person: Person, source: ThreadKey, branch: ThreadKey) -> None:
        """Tell the source thread. The branch is made whether or not this works."""
        try:
            await self._chat.announce_branch(person, source, branch)
        except BotError as error:
            log.warning("announce_failed", source=str(source), branch=str(branch), error=str(error))


def _as_it_was(thread: Thread, archived_id: str) -> tuple[Thread, str]:
    """The thread under the title of one of its archived sessions, and that session's last entry."""
    for old in thread.archived:
        if old.session_id == archived_id:
            return replace(thread, title=old.title), old.head
    return thread, ""
