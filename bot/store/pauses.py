"""A stop, and what it holds back until somebody goes on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import StoreAway
from bot.model import Message, Resumed, Stopped, ThreadKey
from bot.store import messages
from bot.store.indexes import MARK_VALID_US
from bot.store.keys import ThreadKeys
from bot.store.leases import Leases, holder_in

ATTEMPTS = 5


class Pauses(Leases):
    """The part of the inbox port that stops, and goes on."""

    async def stop(self, thread: ThreadKey, *, hold_back: bool) -> Stopped:
        owner, running, held_back = await self._database.run("stop", ThreadKeys(thread).state, int(hold_back))
        return Stopped(holder_in(owner), bool(running), held_back)

    async def go_on(self, thread: ThreadKey) -> Resumed:
        for _ in range(ATTEMPTS):
            # Written into the index before it has work again, so that the work is found whoever dies.
            marked_us = await self._work.mark(thread)
            answer = await self._database.run("go_on", ThreadKeys(thread).state, marked_us, MARK_VALID_US)
            if answer is not None:
                count, owner, prefers = answer
                return Resumed(count, holder_in(owner), prefers)
        raise StoreAway("the index and the thread could not be written in time of each other")

    async def withdraw_held_back(self, thread: ThreadKey, user: str = "") -> Sequence[Message]:
        bodies = await self._database.run("withdraw_held_back", ThreadKeys(thread).state, user)
        return [messages.message_from(thread, body) for body in bodies]
