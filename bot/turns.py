"""One turn: a prompt becomes a reply and an outcome, whatever happens to the workers in between.

What a turn has said is kept as it goes (`Progress`), so that another worker can take it up: an answer that is complete
is only delivered, without asking the model again; one that is not goes through another `Attempt`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from bot.attempts import Attempt, AttemptNeeds
from bot.budgets import Budgets
from bot.errors import ChatAway, ChatRefused
from bot.model import (
    Closing,
    Counted,
    Ending,
    Lease,
    Level,
    Message,
    Outcome,
    Person,
    Progress,
    ThreadKey,
    Turn,
    TurnState,
    Usage,
)
from bot.ports import Chat, Clock, Reply, Telemetry, TurnStore, Untold
from bot.tasks import end
from bot.timings import TimedReply, TurnTimes

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
"""How often a turn is begun, over all workers, before it is given up: it may be what they die of."""

DELIVERY_RETRY_S = 5.0
"""Seconds between two attempts to deliver an answer while Slack is away."""

REMEMBERED_MESSAGES = 1000
"""Of how many messages it is remembered that they are not marked."""

NOTHING_TO_KEEP = frozenset(
    {
        Ending.CRASHED,
        Ending.OVERLOADED,
        Ending.CREDENTIALS,
        Ending.NO_CREDIT,
        Ending.UNREACHABLE,
        Ending.MODEL_ERROR,
        Ending.SESSION_GONE,
        Ending.OVER_BUDGET,
        Ending.NOT_COMPACTED,
    }
)
"""Endings that leave nothing worth resuming, unless a tool ran: the next prompt starts from before this turn."""


@dataclass(slots=True)
class _Journal:
    """Writes the reply's progress into the turn in flight, with what the turn itself knows."""

    store: TurnStore
    lease: Lease
    turn: Turn
    times: TurnTimes
    progress: Progress = field(init=False)
    outcome: Outcome | None = field(init=False)
    tool_ran: bool = field(init=False)
    files: tuple[str, ...] = field(init=False)
    payer: Person | None = None
    nearly_used: Sequence[Level] = ()
    """Budgets of which the payer is to be warned."""

    def __post_init__(self) -> None:
        self.progress = self.turn.progress
        self.outcome = self.progress.outcome
        self.tool_ran = self.progress.tool_ran
        self.files = self.progress.files

    async def save(self, progress: Progress) -> None:
        self.progress = replace(progress, tool_ran=self.tool_ran, outcome=self.outcome, files=self.files)
        state = TurnState.ANSWERED if self.outcome else TurnState.RUNNING
        await self.store.save(self.lease, self.turn.id, self.progress, state)
        self.times.saved(progress)

    async def note_tool(self) -> None:
        """Keep that a tool runs, before anything of it is shown."""
        if not self.tool_ran:
            self.tool_ran = True
            await self.save(self.progress)


class Turns:
    """Runs the turns of threads whose lease this worker holds."""

    def __init__(
        self,
        store: TurnStore,
        chat: Chat,
        clock: Clock,
        needs: AttemptNeeds,
        budgets: Budgets,
        *,
        show_usage: bool = False,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._store = store
        self._chat = chat
        self._clock = clock
        self._needs = needs
        self._budgets = budgets
        self._show_usage = show_usage
        self._telemetry = telemetry or Untold()
        self._attempts: dict[ThreadKey, Attempt] = {}
        self._stopped: dict[ThreadKey, bool] = {}
        """Threads with a turn in hand: whether it was stopped here."""
        self._unmarked: OrderedDict[tuple[ThreadKey, str], None] = OrderedDict()

    def never_marked(self, message: Message) -> None:
        """This message is known not to wait visibly: its turn need not ask Slack to take the mark off."""
        self._unmarked[message.thread, message.ts] = None
        while len(self._unmarked) > REMEMBERED_MESSAGES:
            self._unmarked.popitem(last=False)

    async def interrupt(self, thread: ThreadKey) -> bool:
        """Stop the turn that runs here. False when none does."""
        if thread not in self._stopped:
            return False
        self._stopped[thread] = True
        if (attempt := self._attempts.get(thread)) is not None:
            await attempt.stop()
        return True

    async def run_next(self, lease: Lease) -> bool:
        """Run the thread's next turn, or finish the one that is in flight. False when there was nothing to do.

        Raises:
            LeaseLost: the thread is another worker's now.
            StoreAway: Redis is away.
        """
        turn = await self._store.begin(lease, self._needs.new_id())
        if turn is None:
            return False
        thread, trace = str(lease.thread), turn.prompt.author.trace
        with (
            structlog.contextvars.bound_contextvars(thread=thread, turn=turn.id),
            self._telemetry.span("turn", parent=trace, thread=thread, turn=turn.id, attempt=turn.attempt),
        ):
            await self._run(lease, turn)
        return True

    async def _run(self, lease: Lease, turn: Turn) -> None:
        self._stopped[lease.thread] = turn.stop_asked
        if turn.attempt > 1:
            self._telemetry.count(Counted.TAKEOVER)
        bound = log.bind(thread=str(lease.thread), turn=turn.id, attempt=turn.attempt)
        bound.info("turn_began", messages=len(turn.prompt.messages), state=turn.state.value)
        unmark = asyncio.create_task(self._unmark(turn), name="unmark waiting")
        try:
            outcome = await self._answer(lease, turn)
            self._telemetry.turn_ended(outcome)
            bound.info("turn_ended", ending=outcome.ending.value, duration_s=round(outcome.duration_s, 3))
            await unmark
        except ChatAway as away:
            # The answer is kept; the thread's next turn is this one again, for delivery only.
            bound.warning("delivery_failed", method=away.method)
            await self._clock.sleep(DELIVERY_RETRY_S)
        finally:
            unmark.cancel()
            self._attempts.pop(lease.thread, None)
            self._stopped.pop(lease.thread, None)

    async def _answer(self, lease: Lease, turn: Turn) -> Outcome:
        times = TurnTimes(turn, self._clock, self._telemetry)
        journal = _Journal(self._store, lease, turn, times)
        async with self._chat.reply(turn, journal) as plain_reply:
            reply = TimedReply(plain_reply, times)
            if journal.outcome is None:
                journal.outcome = await self._ask_within_budget(lease, turn, reply, journal)
            outcome = journal.outcome
            held_back = await self._store.held_back(lease.thread)
            reply_ts = await self._deliver(turn, reply, outcome, journal, held_back)
        times.done()
        keep_head = outcome.ending in NOTHING_TO_KEEP and not journal.tool_ran
        await self._store.finish(lease, turn.id, outcome, reply_ts, keep_head=keep_head)
        if journal.payer is not None and journal.nearly_used:
            await self._chat.warn_of_budgets(journal.payer, lease.thread, journal.nearly_used)
        if self._stopped[lease.thread] and not held_back:
            await self._offer_late(lease.thread)
        return outcome

    async def _offer_late(self, thread: ThreadKey) -> None:
        """A stop that came while the reply was being closed: its closing could not say what is held back."""
        if held_back := await self._store.held_back(thread):
            await self._chat.offer_held_back(thread, held_back)

    async def _ask_within_budget(self, lease: Lease, turn: Turn, reply: Reply, journal: _Journal) -> Outcome:
        """A turn that was let in before, and is taken up again, is counted but not refused."""
        reserved = await self._budgets.reserve(turn, refusable=turn.attempt == 1)
        if isinstance(reserved, Level):
            return Outcome(Ending.OVER_BUDGET, turn.thread.session_id, used_up=reserved)
        outcome = await self._ask(lease, turn, reply, journal)
        journal.nearly_used = await self._budgets.settle(reserved, outcome.cost_usd)
        journal.payer = reserved.payer
        return outcome

    async def _ask(self, lease: Lease, turn: Turn, reply: Reply, journal: _Journal) -> Outcome:
        if turn.attempt > MAX_ATTEMPTS:
            return Outcome(Ending.CRASHED, turn.thread.session_id, detail=f"{MAX_ATTEMPTS} attempts")
        if self._stopped[lease.thread]:
            return Outcome(Ending.STOPPED, turn.thread.session_id)
        attempt = self._attempts[lease.thread] = Attempt(self._needs, lease, turn, reply, journal.note_tool)
        limits = turn.prompt.limits or self._needs.limits
        try:
            outcome = await self._within_time(lease.thread, attempt, limits.max_turn_s)
            journal.files = attempt.files
            return outcome
        except ChatRefused as refused:
            # Somebody deleted the reply or its thread, which ends the turn as a stop does.
            log.info("reply_gone", thread=str(lease.thread), code=refused.code)
            return Outcome(Ending.STOPPED, turn.thread.session_id)

    async def _within_time(self, thread: ThreadKey, attempt: Attempt, max_turn_s: float | None) -> Outcome:
        """Run the attempt, and stop it when its time is over."""
        if max_turn_s is None:
            return await attempt.run()
        late = False

        async def stop_when_over() -> None:
            nonlocal late
            await self._clock.sleep(max_turn_s)
            late = True
            await attempt.stop()

        watch = asyncio.create_task(stop_when_over(), name="time of a turn")
        try:
            outcome = await attempt.run()
        finally:
            await end([watch])
        over = late and outcome.ending is Ending.STOPPED and not self._stopped[thread]
        return replace(outcome, ending=Ending.MAX_TIME) if over else outcome

    async def _deliver(
        self, turn: Turn, reply: Reply, outcome: Outcome, journal: _Journal, held_back: int
    ) -> Sequence[str]:
        usage = Usage(outcome.model, outcome.duration_s, outcome.cost_usd) if self._show_usage else None
        try:
            files = await self._files(turn, outcome, journal.files)
            return await reply.close(Closing(outcome, usage, files, held_back))
        except ChatRefused as refused:
            # The channel or the thread is gone, or we were removed: nobody is left to read it.
            log.warning("reply_refused", method=refused.method, code=refused.code)
            return [part.ts for part in journal.progress.parts]

    async def _files(self, turn: Turn, outcome: Outcome, names: Sequence[str]) -> tuple[Path, ...]:
        """Where the turn's files are on this machine; another worker may have made them."""
        if not names:
            return ()
        workdir = (await self._needs.workspaces.open(turn.thread.key, outcome.session_id)).resolve()
        paths = [(workdir / name) for name in names]
        return tuple(path for path in paths if path.resolve().is_relative_to(workdir))

    async def _unmark(self, turn: Turn) -> None:
        try:
            marked = [message for message in turn.prompt.messages if (message.thread, message.ts) not in self._unmarked]
            if marked:
                await self._chat.unmark_waiting(marked)
        except (ChatAway, ChatRefused) as error:
            log.info("unmark_failed", error=str(error))
