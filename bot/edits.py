"""A message that was answered is changed: its author may have it asked again, in a branch from before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.errors import Reason, Refusal
from bot.forks import ASK_AGAIN_LOOKBACK, Branch, Forks
from bot.inbox import Inbox
from bot.model import Address, Message, Person, Point, PointKind, ThreadKey
from bot.ports import Chat, ThreadStore

log = structlog.get_logger(__name__)


class Edits:
    """Asks changed messages again."""

    def __init__(self, threads: ThreadStore, forks: Forks, inbox: Inbox, chat: Chat) -> None:
        self._threads = threads
        self._forks = forks
        self._inbox = inbox
        self._chat = chat

    async def can_ask_again(self, thread: ThreadKey, ts: str) -> bool:
        """Whether a person's message was answered, so that it can be asked again."""
        point = await self._threads.point(thread, ts)
        return _was_asked(point)

    async def ask_again(self, person: Person, thread: ThreadKey, ts: str) -> Branch:
        """Branch before the message, and ask it there as it reads now, with what was answered together with it.

        The same text is asked once: another time gets the same branch.

        Raises:
            Refusal: NOT_YOUR_MESSAGE, and those of `Forks.branch`.
        """
        point = await self._threads.point(thread, ts)
        if point is None or not _was_asked(point):
            raise Refusal(Reason.NO_POINT_HERE)
        written = await self._chat.written(thread, ts)
        if written is None or written.user != person.user or person.team != thread.team:
            log.warning("refused", user=person.user, thread=str(thread), reason=Reason.NOT_YOUR_MESSAGE.value)
            raise Refusal(Reason.NOT_YOUR_MESSAGE)
        text = await self._together(written, await self._threads.asked_in(thread, point.turn_id))
        branch = await self._forks.branch(person, thread, ts, asks=_digest(text))
        key = branch.thread
        asked = replace(written, thread=key, ts=key.root_ts, text=text, address=Address.BOT, under_bot=False)
        await self._inbox.take(asked)
        if not branch.again:
            await self._chat.ask_again(person, key, text)
        log.info("edit_asked_again", thread=str(thread), branch=str(key), user=person.user)
        return branch

    async def _together(self, written: Message, timestamps: Sequence[str]) -> str:
        """The text of the whole prompt; others of its authors are named."""
        if not set(timestamps) - {written.ts}:
            return written.text
        past = await self._chat.history(written.thread, "", ASK_AGAIN_LOOKBACK)
        texts = {spoken.ts: (spoken.user, spoken.text) for spoken in past}
        texts[written.ts] = (written.user, written.text)
        said = [texts[ts] for ts in timestamps if ts in texts]
        return "\n\n".join(text if user == written.user else f"@{user}: {text}" for user, text in said)


def _was_asked(point: Point | None) -> bool:
    return point is not None and point.kind is PointKind.PROMPT and not point.overheard


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
