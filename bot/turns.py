"""One turn: a prompt becomes a reply and an outcome, whatever happens to the workers in between.

What a turn has said is kept as it goes (`Progress`), so that another worker can take it up: an answer that is complete
is only delivered, without asking the model again; one that is not goes through another `Attempt`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from bot.asking import Asking, AskingNeeds
from bot.attempts import Attempt, AttemptNeeds
from bot.budgets import Budgets, Reservation
from bot.errors import ChatAway, ChatRefused
from bot.model import (
    Closing,
    Counted,
    Decision,
    Ending,
    Lease,
    Level,
    Message,
    Outcome,
    Progress,
    ThreadKey,
    Turn,
    TurnState,
    Usage,
)
from bot.ports import Chat, Clock, DecisionStore, Reply, Telemetry, TurnStore, Untold
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
    decisions: DecisionStore
    lease: Lease
    turn: Turn
    times: TurnTimes
    progress: Progress = field(init=False)
    outcome: Outcome | None = field(init=False)
    tool_ran: bool = field(init=False)
    files: tuple[str, ...] = field(init=False)
    went_on: bool = field(init=False)
    asking: Decision | None = None
    """What the run's end left to be decided; `kept` once it is in the store."""
    kept: Decision | None = None
    reserved: Reservation | None = None
    nearly_used: Sequence[Level] = ()
    """Budgets of which the payer is to be warned."""

    def __post_init__(self) -> None:
        self.progress = self.turn.progress
        self.tool_ran, self.went_on = self.progress.tool_ran, self.progress.went_on
        self.files = self.progress.files
        answered = self.turn.state is TurnState.ANSWERED
        self.outcome = self.progress.outcome if answered else None
        self.kept = self.turn.decision if answered else None

    async def save(self, progress: Progress) -> None:
        self.progress = replace(
            progress, tool_ran=self.tool_ran, outcome=self.outcome, files=self.files, went_on=self.went_on
        )
        if self.asking is not None and self.kept is None:
            self.kept = await self.decisions.ask(self.lease, self.asking, self.progress)
        else:
            state = TurnState.ANSWERED if self.outcome else TurnState.RUNNING
            await self.store.save(self.lease, self.turn.id, self.progress, state)
        self.times.saved(progress)

    async def note_tool(self) -> None:
        """Keep that a tool runs, before anything of it is shown."""
        if not self.tool_ran:
            self.tool_ran = True
            await self.save(self.progress)

    async def note_going_on(self) -> None:
        """Keep that what was decided is acted on, before it is."""
        if not self.went_on:
            self.went_on = True
            await self.save(self.progress)

    def end(self, outcome: Outcome, asking: Decision | None) -> None:
        """The run has ended; what it left to be decided is kept with the next save."""
        self.outcome, self.asking = outcome, asking
        if asking is not None:
            self.went_on, self.kept = False, None


class Turns:
    """Runs the turns of threads whose lease this worker holds."""

    def __init__(
        self,
        store: TurnStore,
        chat: Chat,
        clock: Clock,
        needs: AttemptNeeds,
        budgets: Budgets,
        asking: AskingNeeds,
        *,
        show_usage: bool = False,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._store = store
        self._chat = chat
        self._clock = clock
        self._needs = needs
        self._budgets = budgets
        self._asking = Asking(asking)
        self._decisions = asking.decisions
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
            await (self._heed(lease, turn) if turn.state is TurnState.DEFERRED else self._run(lease, turn))
        return True

    async def _heed(self, lease: Lease, turn: Turn) -> None:
        """Look at what was said while the turn waits for somebody."""
        try:
            waiting = await self._asking.heed(lease, turn)
            for message in waiting:
                self._unmarked.pop((message.thread, message.ts), None)
                await self._chat.mark_waiting(message)
        except ChatAway as away:
            log.warning("not_heeded_yet", method=away.method)
            await self._clock.sleep(DELIVERY_RETRY_S)

    async def _run(self, lease: Lease, turn: Turn) -> None:
        self._stopped[lease.thread] = turn.stop_asked
        if turn.attempt > 1:
            self._telemetry.count(Counted.TAKEOVER)
        bound = log.bind(thread=str(lease.thread), turn=turn.id, attempt=turn.attempt)
        bound.info("turn_began", messages=len(turn.prompt.messages), state=turn.state.value)
        unmark = asyncio.create_task(self._unmark(turn), name="unmark waiting")
        await self._asking.note_decided(turn)
        try:
            outcome = await (self._end(lease, turn) if self._asking.ends(turn) else self._answer(lease, turn))
            self._telemetry.turn_ended(outcome)
            bound.info("turn_ended", ending=outcome.ending.value, duration_s=round(outcome.duration_s, 3))
            await unmark
        except ChatRefused as refused:
            # The reply could not even be opened: the workspace has removed the app, and nobody is left to answer.
            bound.warning("turn_dropped", code=refused.code)
            dropped = Outcome(Ending.STOPPED, turn.thread.session_id, detail=refused.code)
            await self._store.finish(lease, turn.id, dropped, (), keep_head=True)
            self._telemetry.turn_ended(dropped)
        except ChatAway as away:
            # The answer is kept; the thread's next turn is this one again, for delivery only.
            bound.warning("delivery_failed", method=away.method)
            await self._clock.sleep(DELIVERY_RETRY_S)
        finally:
            unmark.cancel()
            self._attempts.pop(lease.thread, None)
            self._stopped.pop(lease.thread, None)

    async def _end(self, lease: Lease, turn: Turn) -> Outcome:
        """End a turn that waited, as was decided: what it said stays, and the card says what became of it."""
        outcome = Outcome(Ending.STOPPED, turn.thread.session_id)
        await self._asking.turn_down(lease, turn, outcome)
        await self._store.finish(lease, turn.id, outcome, [part.ts for part in turn.progress.parts])
        return outcome

    async def _answer(self, lease: Lease, turn: Turn) -> Outcome:
        times = TurnTimes(turn, self._clock, self._telemetry)
        journal = _Journal(self._store, self._decisions, lease, turn, times)
        async with self._chat.reply(turn, journal) as plain_reply:
            reply = TimedReply(plain_reply, times)
            if journal.outcome is None:
                outcome = await self._ask_within_budget(lease, turn, reply, journal)
                journal.end(*self._deferred(lease, turn, outcome))
            assert journal.outcome is not None
            outcome = journal.outcome
            async with self._settling(journal, outcome):
                held_back = await self._store.held_back(lease.thread)
                reply_ts = await self._deliver(turn, reply, outcome, journal, held_back)
        times.done()
        outcome = await self._wait_or_end(lease, turn, outcome, journal)
        keep_head = outcome.ending in NOTHING_TO_KEEP and not journal.tool_ran
        await self._store.finish(lease, turn.id, outcome, reply_ts, keep_head=keep_head)
        if journal.reserved is not None and journal.nearly_used:
            await self._chat.warn_of_budgets(journal.reserved.payer, lease.thread, journal.nearly_used)
        if self._stopped[lease.thread] and not held_back:
            await self._offer_late(lease.thread)
        return outcome

    def _deferred(self, lease: Lease, turn: Turn, outcome: Outcome) -> tuple[Outcome, Decision | None]:
        """How the run ended, and what it left to be decided. Who stopped it is asked nothing any more."""
        if outcome.ending is not Ending.DEFERRED:
            return outcome, None
        attempt = self._attempts.get(lease.thread)
        call = attempt.deferred if attempt is not None else None
        if call is None or self._stopped[lease.thread]:
            return replace(outcome, ending=Ending.STOPPED), None
        return outcome, self._asking.decision(turn, outcome, call)

    async def _wait_or_end(self, lease: Lease, turn: Turn, outcome: Outcome, journal: _Journal) -> Outcome:
        """Post what is to be decided below what was said; where nothing is, leave no call waiting in the session."""
        if outcome.ending is Ending.DEFERRED:
            if journal.kept is None:
                await journal.save(journal.progress)
            decision = journal.kept
            if decision is not None and await self._asking.post(lease, decision, again=turn.attempt > 1):
                return outcome
            outcome = replace(outcome, ending=Ending.STOPPED)
        await self._asking.turn_down(lease, turn, outcome)
        return outcome

    async def _offer_late(self, thread: ThreadKey) -> None:
        """A stop that came while the reply was being closed: its closing could not say what is held back."""
        if held_back := await self._store.held_back(thread):
            await self._chat.offer_held_back(thread, held_back)

    async def _ask_within_budget(self, lease: Lease, turn: Turn, reply: Reply, journal: _Journal) -> Outcome:
        """A turn that was let in before, and is taken up again, is counted but not refused."""
        reserved = await self._budgets.reserve(turn, refusable=turn.attempt == 1 and turn.decision is None)
        if isinstance(reserved, Level):
            return Outcome(Ending.OVER_BUDGET, turn.thread.session_id, used_up=reserved)
        outcome = await self._ask(lease, turn, reply, journal)
        journal.reserved = reserved
        return outcome

    @asynccontextmanager
    async def _settling(self, journal: _Journal, outcome: Outcome) -> AsyncIterator[None]:
        """Count what the run cost while its reply is delivered, in the same round trips."""
        if journal.reserved is None:
            yield
            return
        settling = asyncio.create_task(self._budgets.settle(journal.reserved, outcome.cost_usd), name="settle the cost")
        try:
            yield
        finally:
            journal.nearly_used = await settling

    async def _ask(self, lease: Lease, turn: Turn, reply: Reply, journal: _Journal) -> Outcome:
        if turn.attempt > MAX_ATTEMPTS:
            return Outcome(Ending.CRASHED, turn.thread.session_id, detail=f"{MAX_ATTEMPTS} attempts")
        if self._stopped[lease.thread]:
            return Outcome(Ending.STOPPED, turn.thread.session_id)
        attempt = self._attempts[lease.thread] = Attempt(self._needs, lease, turn, reply, journal)
        max_turn_s = (await attempt.limits()).max_turn_s
        try:
            outcome = await self._within_time(lease.thread, attempt, max_turn_s)
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
        usage = Usage(outcome.model, turn.spent_s + outcome.duration_s, turn.spent_usd + outcome.cost_usd)
        shown = self._show_usage and outcome.ending is not Ending.DEFERRED
        try:
            files = await self._files(turn, outcome, journal.files)
            return await reply.close(Closing(outcome, usage if shown else None, files, held_back))
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
        await self._asking.show_decided(turn)
        try:
            marked = [message for message in turn.prompt.messages if (message.thread, message.ts) not in self._unmarked]
            if marked:
                await self._chat.unmark_waiting(marked)
        except (ChatAway, ChatRefused) as error:
            log.info("unmark_failed", error=str(error))
