"""The quiet sign of life below the composer, while nothing else shows one."""

from __future__ import annotations

import asyncio
import math
from zlib import crc32

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import AgentEvent, TextDelta, Thinking, ToolStarted
from bot.ports import Clock
from bot.slack import wording
from bot.slack.api.limits import STATUS_CHARS, STATUS_REFRESH_S
from bot.slack.api.web import SlackApi
from bot.slack.text.markdown import one_line
from bot.slack.waiting import first_of

log = structlog.get_logger(__name__)

SETTLE_S = 2.0
"""The least time between two changes of the status."""

QUIET_S = 20.0
"""After so long without more text an answer that has begun is being thought about again."""

SIGN_S = 9.6
"""While text waits, people see at least so often that there is more of it."""


class StatusLine:
    """Shows that a turn is being worked on. What Slack says to it never hurts the turn.

    Slack takes a status away by itself when the bot posts in the thread, and after two minutes.
    """

    def __init__(self, api: SlackApi, channel: str, thread_ts: str, clock: Clock) -> None:
        self._api = api
        self._channel = channel
        self._thread_ts = thread_ts
        self._clock = clock
        self._wanted = wording.THINKING
        self._told = ""
        self._characters = 0
        self._text_due: float | None = None
        """When text comes that waits; None while none does."""
        self._heard_at = clock.now()
        # Many turns that begin at once would all ask for their sign of life at once.
        self._seen_at = self._heard_at - SIGN_S * crc32(thread_ts.encode()) / 2**32
        self._changed = asyncio.Event()

    def note(self, event: AgentEvent) -> None:
        """Follow what the agent does."""
        match event:
            case Thinking():
                self._want(wording.THINKING)
            case ToolStarted(title=title):
                self._want(one_line(wording.working_on(title), STATUS_CHARS))
            case TextDelta(text=text):
                self._characters += len(text)
                self._wanted, self._heard_at = "", self._clock.now()
            case _:
                pass

    def text_waits(self, until: float = math.inf) -> None:
        """There is text that can't be shown before then."""
        if self._text_due != until:
            self._text_due = until
            self._changed.set()

    def text_shown(self) -> None:
        """More text is there to read."""
        self._text_due, self._seen_at = None, self._clock.now()

    def covered(self) -> None:
        """Something was posted: Slack has taken the status away, which comes again if there still is one."""
        self.text_shown()
        self._told = ""
        self._changed.set()

    async def keep(self) -> None:
        """Show the status at once, and keep it alive, until Slack refuses or this is cancelled."""
        try:
            while True:
                self._changed.clear()
                self._wanted = self._due()
                if self._wanted and self._wanted != self._told:
                    await self._set(self._wanted)
                    await self._clock.sleep(SETTLE_S)
                if not await first_of(self._changed, self._clock, self._rest_s()):
                    self._told = ""
        except (ChatRefused, ChatAway) as error:
            log.debug("status_failed", error=str(error))

    def _due(self) -> str:
        """What the status says now."""
        now = self._clock.now()
        if now >= self._sign_at():
            return wording.writing(self._characters)
        if not self._wanted and now - self._heard_at >= QUIET_S:
            return wording.THINKING
        return self._wanted

    def _rest_s(self) -> float:
        """How long it may stay so."""
        lasts_s = STATUS_REFRESH_S if self._wanted else QUIET_S
        return max(min(lasts_s, self._sign_at() - self._clock.now()), 0.0)

    def _sign_at(self) -> float:
        """When people are to see a sign of text that waits. Signs stand at equal distances, so that few are needed."""
        if self._text_due is None:
            return math.inf
        wait_s = self._text_due - self._seen_at
        if math.isinf(wait_s):
            return self._seen_at + SIGN_S
        steps = math.ceil(wait_s / SIGN_S)
        return self._seen_at + wait_s / steps if steps > 1 else math.inf

    async def clear(self) -> None:
        """Take the status away, if one may be there."""
        if self._told:
            try:
                await self._set("")
            except (ChatRefused, ChatAway) as error:
                log.debug("status_failed", error=str(error))

    def _want(self, status: str) -> None:
        self._wanted = status
        self._changed.set()

    async def _set(self, status: str) -> None:
        self._told = status
        await self._api.call(
            "assistant.threads.setStatus",
            safe_to_repeat=False,
            channel_id=self._channel,
            thread_ts=self._thread_ts,
            status=status,
        )
        self._seen_at = self._clock.now()
