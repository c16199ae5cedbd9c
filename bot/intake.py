"""A message is let in: within its author's bounds, and kept before anything else is done about it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bot.acks import AcksFirst
from bot.errors import Reason, Refusal
from bot.model import Address, Message, Receipt, Taken, ThreadKey
from bot.ports import Chat, Clock, InboxStore, Readiness, Telemetry
from bot.prompt_limits import PromptLimits

BRANCH_WAIT_S = 1.5
"""How long a message below a root of the bot's waits for that thread to become known; its ack is due within 3 s."""

BRANCH_POLL_S = 0.1
"""How often that thread is asked for."""

OPEN_THREADS = 1000
"""Of how many threads a worker remembers that a reply without a mention is a prompt there."""


async def everybody(_message: Message) -> None:
    """Lets every message in."""


@dataclass(frozen=True, slots=True)
class Door:
    """Who and what is let in.

    Args:
        admit: raises Refusal for a message of somebody who is kept out.
        limits: what one person may send.
        readiness: where a new thread's session may stand ready.
        new_id: makes a session's id where none does.
    """

    admit: Callable[[Message], Awaitable[None]]
    limits: PromptLimits
    readiness: Readiness | None
    new_id: Callable[[], str]


class Intake:
    """Keeps the messages that come in at the door.

    Args:
        acks: for what is done once a message is acknowledged.
    """

    def __init__(
        self, store: InboxStore, chat: Chat, clock: Clock, door: Door, acks: AcksFirst, telemetry: Telemetry
    ) -> None:
        self._store = store
        self._chat = chat
        self._clock = clock
        self._door = door
        self._acks = acks
        self._telemetry = telemetry
        self._open: OrderedDict[ThreadKey, None] = OrderedDict()
        """Threads that began here, or where a reply without a mention was a prompt lately: the next one most likely is,
        too."""

    async def keep(self, message: Message) -> Receipt:
        """Keep a message. Raises as `bot.inbox.Inbox.take` does."""
        await self._door.admit(message)
        if message.under_bot:
            await self._await_branch(message.thread)
        message = replace(message, trace=self._telemetry.trace_parent())
        if message.address is Address.BOT:
            await self._check(message)
            receipt = await self._accept(message, counted=True)
        else:
            receipt = await self._accept_unasked(message)
        self._telemetry.message_taken(receipt.taken)
        if receipt.taken is Taken.FULL:
            raise Refusal(Reason.THREAD_FULL, str(await self._door.limits.waiting(message)))
        return receipt

    async def _await_branch(self, thread: ThreadKey) -> None:
        """Give a branch whose root was posted just now the moment it takes until it has its session."""
        deadline = self._clock.now() + BRANCH_WAIT_S
        while not await self._store.knows(thread) and self._clock.now() < deadline:
            await self._clock.sleep(BRANCH_POLL_S)

    async def _check(self, message: Message) -> None:
        try:
            await self._door.limits.check(message)
        except Refusal as refusal:
            self._telemetry.message_taken(Taken.REFUSED)
            if refusal.reason is Reason.BOTS_TALKING and await self._door.limits.first_word_of_it(message):
                self._acks.then(self._chat.tell_of_bots(message.thread))
            raise

    async def _accept_unasked(self, message: Message) -> Receipt:
        """Only the store knows whether this is a prompt, and only prompts are bounded. So what may be one is counted
        before it is kept: a turn would answer at once what is kept."""
        counted = message.thread in self._open and await self._is_within_bounds(message)
        receipt = await self._accept(message, counted=counted)
        if receipt.taken is Taken.REFUSED:
            await self._check(message)
            receipt = await self._accept(message, counted=True)
        if message.address is Address.OPEN:
            self._note(message.thread, is_open=receipt.taken is Taken.PROMPT)
        return receipt

    async def _is_within_bounds(self, message: Message) -> bool:
        """Whether it is counted now. What is beyond its author's bounds may still be kept as context."""
        try:
            await self._door.limits.check(message)
        except Refusal:
            return False
        return True

    def _note(self, thread: ThreadKey, *, is_open: bool) -> None:
        self._open.pop(thread, None)
        if is_open:
            self._open[thread] = None
        if len(self._open) > OPEN_THREADS:
            self._open.popitem(last=False)

    async def _accept(self, message: Message, *, counted: bool) -> Receipt:
        readiness = self._door.readiness
        session_id = readiness.offer_session_id() if readiness is not None else self._door.new_id()
        waiting = await self._door.limits.waiting(message)
        receipt = await self._store.accept(message, session_id, waiting, counted=counted)
        if receipt.new_thread:
            self._note(message.thread, is_open=True)
            self._acks.then(self._store.enlist(message, session_id))
        elif readiness is not None:
            # A store that fails leaves open which it is: then nobody else gets the id.
            readiness.decline_session_id(session_id)
        return receipt
