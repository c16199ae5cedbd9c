"""A message arrives: it is kept, ordered, and handed to the worker that runs the thread's turns.

The listener waits only for `Inbox.take` to store the message; everything after that runs in tasks that its desk owns
(`bot/desk.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import structlog

from bot.desk import Desk, DeskBounds
from bot.errors import Reason, Refusal
from bot.held import TurnRunner
from bot.intake import Door, Intake, everybody
from bot.model import (
    Address,
    Decided,
    Ending,
    Lease,
    Limits,
    Message,
    Person,
    Receipt,
    Taken,
    ThreadKey,
    Verdict,
)
from bot.ports import Chat, Clock, DecisionStore, InboxStore, Readiness, Signals, Telemetry, Untold, Workers
from bot.prompt_limits import PromptLimits

log = structlog.get_logger(__name__)


class Inbox:
    """Takes in what people say and do in threads, and has the threads' turns run, one at a time.

    Use as an async context manager: while it is open, so is the worker's desk.
    """

    def __init__(
        self,
        store: InboxStore,
        signals: Signals,
        workers: Workers,
        turns: TurnRunner,
        chat: Chat,
        clock: Clock,
        prompt_limits: PromptLimits,
        *,
        new_id: Callable[[], str],
        limits: Callable[[str, Person], Awaitable[Limits]],
        bounds: DeskBounds,
        drain_s: float,
        decisions: DecisionStore,
        admit: Callable[[Message], Awaitable[None]] = everybody,
        readiness: Readiness | None = None,
        telemetry: Telemetry | None = None,
        forget: Callable[[ThreadKey], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._store = store
        self._decisions = decisions
        self._turns = turns
        self._chat = chat
        self._clock = clock
        self._prompt_limits = prompt_limits
        self._limits = limits
        self._readiness = readiness
        telemetry = telemetry or Untold()
        self.desk = Desk(
            store,
            signals,
            workers,
            turns,
            chat,
            clock,
            bounds=bounds,
            drain_s=drain_s,
            capacity=readiness.capacity if readiness is not None else None,
            telemetry=telemetry,
            forget=forget,
        )
        door = Door(admit, prompt_limits, readiness, new_id)
        self._intake = Intake(store, chat, clock, door, self.desk.acks, telemetry)

    async def __aenter__(self) -> Self:
        await self.desk.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.desk.__aexit__(*exc)

    async def take(self, message: Message) -> Receipt:
        """Keep a message and see to it that it is answered.

        Returns as soon as the message is stored, so that Slack can have its ack.

        Raises:
            StoreAway: it could not be kept; Slack must not get its ack.
            ChatAway: nor could Slack tell who wrote it.
            Refusal: NOT_HERE, NOT_FOR_YOU, or one of a bound (PROMPT_TOO_LONG,
                TOO_MANY_PROMPTS, BOTS_TALKING, THREAD_FULL); it is not kept.
        """
        with self.desk.acks.taking():
            return await self._take(message)

    async def _take(self, message: Message) -> Receipt:
        receipt = await self._intake.keep(message)
        log.info("message_taken", thread=str(message.thread), ts=message.ts, taken=receipt.taken.value)
        if receipt.taken is Taken.PROMPT:
            self.desk.see_to_message(message.thread, receipt)
        if receipt.taken is Taken.PROMPT and receipt.behind_turn:
            self.desk.acks.then(self._chat.mark_waiting(message))
        elif receipt.taken is Taken.PROMPT and not receipt.deferred:
            self._turns.never_marked(message)
        return receipt

    def expect(self) -> None:
        """Somebody seems about to begin a session: have the agent ready."""
        if self._readiness is not None:
            self._readiness.expect_session()

    def go_on(self, thread: ThreadKey) -> None:
        """A thread that may have been at rest has work."""
        self.desk.beside(self.desk.wake(thread))

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for. What is left of it ends with the inbox."""
        self.desk.beside(work)

    def exclusive(self, thread: ThreadKey, *, wait_s: float = 5.0) -> AbstractAsyncContextManager[Lease]:
        """Hold the thread's lease for a short change of its state: see `bot.desk.Desk.exclusive`."""
        return self.desk.exclusive(thread, wait_s=wait_s)

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        """Take back a message that was deleted in Slack. False when it no longer waits."""
        return await self._store.withdraw(thread, ts)

    async def amend(self, person: Person, thread: ThreadKey, ts: str, text: str) -> bool:
        """Change a message that its author edited in Slack. False when it no longer waits.

        Raises:
            Refusal: PROMPT_TOO_LONG; it stays as it was.
        """
        try:
            await self._prompt_limits.check_length(Message(thread, ts, person.user, text, Address.OPEN))
        except Refusal:
            if await self._store.knows(thread):
                raise
            return False
        return await self._store.amend(thread, ts, text)

    async def stop(self, thread: ThreadKey, *, hold_back: bool = True, user: str = "") -> bool:
        """Stop the thread's turn, whichever worker runs it, or whatever it waits for. False when nothing ran or waited.

        Args:
            hold_back: messages that wait stay waiting, until somebody goes on, writes again, or withdraws them.
            user: who stops it, where that is known: a decision that is pending is a no of theirs.
        """
        stopped = await self._store.stop(thread, hold_back=hold_back)
        answered = await self._answer_no(thread, user)
        if stopped.running:
            await self.desk.interrupt(thread, stopped.holder)
        elif stopped.held_back:  # a running turn's reply says it itself
            self.desk.beside(self._chat.offer_held_back(thread, stopped.held_back))
        return stopped.running or stopped.held_back > 0 or answered

    async def _answer_no(self, thread: ThreadKey, user: str) -> bool:
        """End what waits for a decision. False when nothing does."""
        pending = await self._decisions.pending(thread)
        if pending is None:
            return False
        try:
            decided = Decided(Verdict.STOPPED, user, self._clock.now())
            pending = await self._decisions.decide(thread, pending.id, decided)
        except Refusal as refused:
            log.info("decided_otherwise", decision=pending.id, reason=refused.reason.value)
            return False
        self.desk.beside(self._chat.show_decided(pending))
        self.go_on(thread)
        return True

    async def answer_held_back(self, thread: ThreadKey) -> int:
        """Have the messages answered that a stop holds back. Returns how many there were."""
        resumed = await self._store.go_on(thread)
        if resumed.count:
            self.desk.beside(self.desk.see_to(thread, resumed.holder, resumed.prefers))
        return resumed.count

    async def withdraw_held_back(self, thread: ThreadKey, user: str = "") -> int:
        """Take back the messages that a stop holds back, one user's or (empty) all. Returns how many there were."""
        withdrawn = await self._store.withdraw_held_back(thread, user)
        if withdrawn:
            self.desk.beside(self._chat.unmark_waiting(withdrawn))
        return len(withdrawn)

    async def continue_turn(self, person: Person, thread: ThreadKey, reply_ts: str, ending: Ending) -> Receipt:
        """Go on where a limit stopped a turn, with twice that limit.

        Args:
            reply_ts: the message whose button was pressed; pressing it again changes nothing.
            ending: the limit that was hit, MAX_TURNS, MAX_BUDGET or MAX_TIME.

        Raises:
            Refusal: ALREADY_ASKED, and those of `take`.
        """
        limits = await self._limits(thread.channel, person)
        turns, budget, turn_s = limits.max_turns, limits.max_budget_usd, limits.max_turn_s
        raised = Limits(
            max_turns=turns * 2 if turns and ending is Ending.MAX_TURNS else turns,
            max_budget_usd=budget * 2 if budget and ending is Ending.MAX_BUDGET else budget,
            max_turn_s=turn_s * 2 if turn_s and ending is Ending.MAX_TIME else turn_s,
        )
        text = "Please continue where you stopped."
        return await self._take_once(
            Message(thread, reply_ts, person.user, text, Address.BOT, user_team=person.team, limits=raised)
        )

    async def compact(self, person: Person, thread: ThreadKey, ts: str) -> Receipt:
        """Have the session compacted, as soon as what runs has ended.

        Args:
            ts: stands for what was done, such as a message with the word; the same one again changes nothing.

        Raises:
            Refusal: ALREADY_ASKED, and those of `take`.
        """
        message = Message(thread, ts, person.user, "", Address.BOT, user_team=person.team, compact=True)
        return await self._take_once(message)

    async def _take_once(self, message: Message) -> Receipt:
        """Take what a button asks for, and say so when it was asked for before."""
        receipt = await self.take(message)
        if receipt.taken is Taken.DUPLICATE:
            raise Refusal(Reason.ALREADY_ASKED)
        return receipt
