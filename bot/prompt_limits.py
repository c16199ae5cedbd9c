"""Bounds on what people send: how much at once, and how often."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.errors import Reason, Refusal
from bot.model import MAX_WAITING, Message, Person, ThreadKey
from bot.ports import PromptCounts

log = structlog.get_logger(__name__)

WINDOW_S = 60.0

BOTS_WINDOW_S = 3600.0
BOTS_IN_THREAD = 5
BOTS_IN_CHANNEL = 30
"""How many prompts of other apps' bots are taken within an hour: two bots that answer one another would never end, in a
thread or with a new one each time."""


@dataclass(frozen=True, slots=True)
class PromptBounds:
    """What one person may send.

    Args:
        per_minute: prompts within any 60 seconds, over all threads and workers.
        chars: characters of one message, with what is forwarded in it.
        waiting: messages that wait in one thread, of everybody together.
    """

    per_minute: int = 20
    chars: int = 40_000
    waiting: int = MAX_WAITING


class PromptLimits:
    """Holds people to these bounds.

    Args:
        bounds: those that hold for a person in a channel.
    """

    def __init__(self, counts: PromptCounts, bounds: Callable[[str, Person], Awaitable[PromptBounds]]) -> None:
        self._counts = counts
        self._bounds = bounds

    async def waiting(self, message: Message) -> int:
        """How many messages may wait in a message's thread, as far as its author goes."""
        return (await self._bounds_of(message)).waiting

    async def check_length(self, message: Message) -> None:
        """Raises Refusal: PROMPT_TOO_LONG."""
        bounds = await self._bounds_of(message)
        if len(message.text) > bounds.chars:
            log.info("prompt_refused", reason="too_long", thread=str(message.thread), chars=len(message.text))
            raise Refusal(Reason.PROMPT_TOO_LONG, f"{bounds.chars:,}")

    async def check(self, message: Message) -> None:
        """Count a prompt as its author's, once however often it is delivered.

        Raises:
            Refusal: PROMPT_TOO_LONG; TOO_MANY_PROMPTS, with the seconds until one more is taken; BOTS_TALKING.
            StoreAway.
        """
        await self.check_length(message)
        if message.by_bot:
            await self._check_bots(message)
            return
        bounds, thread = await self._bounds_of(message), message.thread
        wait_s = await self._counts.count(
            thread.team, f"user:{message.user}", f"{thread.channel}:{message.ts}", bounds.per_minute, WINDOW_S
        )
        if wait_s:
            log.info("prompt_refused", reason="too_many", thread=str(thread), user=message.user, wait_s=round(wait_s))
            raise Refusal(Reason.TOO_MANY_PROMPTS, str(math.ceil(wait_s)))

    async def _check_bots(self, message: Message) -> None:
        """Count what all bots say in the thread, and in its channel."""
        thread, item = message.thread, f"{message.thread.channel}:{message.ts}"
        for whose, bound in ((_thread_id(thread), BOTS_IN_THREAD), (thread.channel, BOTS_IN_CHANNEL)):
            if await self._counts.count(thread.team, f"bots:{whose}", item, bound, BOTS_WINDOW_S):
                log.warning("bots_talking", thread=str(thread), user=message.user)
                raise Refusal(Reason.BOTS_TALKING)

    async def first_word_of_it(self, message: Message) -> bool:
        """Whether bots were not told in this thread for an hour that they are not answered. Raises StoreAway."""
        whose = f"told-bots:{_thread_id(message.thread)}"
        return not await self._counts.count(message.thread.team, whose, message.ts, 1, BOTS_WINDOW_S)

    async def _bounds_of(self, message: Message) -> PromptBounds:
        return await self._bounds(message.thread.channel, Person(message.thread.team, message.user))


def _thread_id(thread: ThreadKey) -> str:
    return f"{thread.channel}-{thread.root_ts}"
