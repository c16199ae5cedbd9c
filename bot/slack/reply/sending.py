"""The task that brings one turn's reply to Slack: when calls are due, and waiting while Slack or the store is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from bot.errors import ChatAway, StoreAway
from bot.model import Closing, Ending, Remark, RemarkKind, ThreadKey
from bot.ports import Clock
from bot.slack.api.limits import STREAM_ROLL_S
from bot.slack.reply.draft import Act, Draft, Step
from bot.slack.reply.feed import Feed
from bot.slack.reply.finale import Finale, finale
from bot.slack.reply.record import Record
from bot.slack.reply.sheets import Goal
from bot.slack.reply.status import StatusLine
from bot.slack.reply.ways import Ways
from bot.slack.reply.writer import Writer
from bot.slack.waiting import first_of

log = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast a reply goes to Slack, in seconds.

    Args:
        stream_s: between two additions to a stream.
        update_s: between two updates of a posted message.
        plenty_chars: with so much waiting, it goes sooner.
        plenty_s: the least time between two calls even so.
        backoff_s: before trying again while Slack or the store is away; doubled up to `longest_backoff_s`.
        rest_s: without news for so long, what is too little for a message of its own gets one.
        give_up_s: how long a finished turn's reply may stand still before `close` raises.
    """

    stream_s: float = 0.7
    update_s: float = 1.2
    plenty_chars: int = 800
    plenty_s: float = 0.4
    backoff_s: float = 0.5
    longest_backoff_s: float = 15.0
    rest_s: float = 3.0
    give_up_s: float = 60.0


class Sending:
    """Takes in what was fed, and makes one call after the other."""

    def __init__(
        self,
        thread: ThreadKey,
        feed: Feed,
        draft: Draft,
        ways: Ways,
        writer: Writer,
        record: Record,
        status: StatusLine,
        clock: Clock,
        tempo: Tempo,
    ) -> None:
        self._thread = thread
        self._feed = feed
        self._draft = draft
        self._ways = ways
        self._writer = writer
        self._record = record
        self._status = status
        self._clock = clock
        self._tempo = tempo
        self._ending: Closing | None = None
        """The closing, once everything that was fed before it is in the script."""
        self._moved_at = 0.0
        self._sent_at = 0.0

    def close(self, closing: Closing) -> None:
        """Nothing more is fed: from now on the reply has to be completed within bounds."""
        self._moved_at = self._clock.now()
        self._feed.end(closing)

    async def run(self) -> None:
        """Until Slack has confirmed everything, the closing included. What `SlackReply.close` raises is raised here."""
        kept = self._draft.progress.said
        while True:
            news = await first_of(self._feed.news, self._clock, self._rest_s())
            self._feed.news.clear()
            await self._pace()
            self._take_in()
            if kept:
                await self._persist(partial(self._writer.find_orphan, kept))
                kept = ""
            await self._flush(patient=news and bool(self._draft.sheets), rested=not news)
            if self._ending is not None:
                await self._persist(self._record.keep)
                return

    def _rest_s(self) -> float | None:
        """How long nothing happens if no news comes: half words are shown then, and an old stream is closed."""
        sheet = self._draft.sheets[-1] if self._draft.sheets else None
        if sheet is None or sheet.finished:
            return max(self._tempo.rest_s, self._interval_s) if self._draft.waits else None
        if self._draft.script.text[sheet.shown :].strip():
            return self._interval_s
        if sheet.live:
            return max(sheet.opened_at + STREAM_ROLL_S - self._clock.now(), 0.0)
        return None

    @property
    def _interval_s(self) -> float:
        sheet = self._draft.sheets[-1] if self._draft.sheets else None
        return self._tempo.stream_s if sheet is not None and sheet.live else self._tempo.update_s

    async def _pace(self) -> None:
        """Wait until the next call is due. The first goes at once, and so does everything once the turn is over."""
        if not self._draft.sheets:
            return
        while self._feed.closing is None:
            plenty = self._feed.chars >= self._tempo.plenty_chars
            due = self._sent_at + (self._tempo.plenty_s if plenty else self._interval_s)
            rest = due - self._clock.now()
            if rest <= 0:
                return
            self._feed.plenty.clear()
            await first_of(self._feed.plenty, self._clock, rest)

    def _take_in(self) -> None:
        """What was fed becomes part of the script here, between calls, so that no call sees it change."""
        for event in self._feed.take():
            if event == Remark(RemarkKind.STARTED_OVER):
                self._draft.start_over()
            else:
                self._draft.script.hear(event)
        if self._feed.closing is not None and self._ending is None:
            # The journal knows the outcome now: kept before the rest is shown, it is not asked for again.
            self._ending = self._feed.closing
            self._record.outdated()

    def _finale(self, ending: Closing) -> Finale | None:
        """What ends the reply; None while code that is too long for messages still has to become a file."""
        self._draft.script.end(ending.outcome.ending)
        if self._draft.script.long_code is not None:
            return None
        return finale(ending, self._thread, silent=self._draft.silent)

    async def _flush(self, *, patient: bool, rested: bool) -> None:
        """Make calls until Slack shows what there is to show now."""
        while await self._persist(partial(self._step, patient=patient, rested=rested)):
            pass
        if self._draft.script.holds_back:
            self._status.text_waits()
        self._sent_at = self._clock.now()

    def _next(self, *, patient: bool, rested: bool) -> Step | None:
        if self._ending is None:
            return self._draft.next(Goal(patient, rested))
        return self._draft.next(Goal(patient=False, rested=True, finale=self._finale(self._ending)))

    async def _step(self, *, patient: bool, rested: bool) -> bool:
        step = await self._due_step(patient=patient, rested=rested)
        if step is None:
            return False
        known, shown = len(self._draft.timestamps), step.sheet.shown
        await self._record.keep()
        await self._writer.perform(step)
        if step.act in (Act.START, Act.POST):
            self._status.covered()
        elif step.sheet.shown > shown:
            self._status.text_shown()
        self._moved_at = self._clock.now()
        if len(self._draft.timestamps) > known:
            await self._record.keep()
        return True

    async def _due_step(self, *, patient: bool, rested: bool) -> Step | None:
        """The next step, once its turn under Slack's rates has come; what is said meanwhile goes along."""
        turn_of: tuple[Act, bool] | None = None
        due = 0.0
        while (step := self._next(patient=patient, rested=rested)) is not None:
            if (step.act, self._stopped) != turn_of:
                urgent = self._stopped
                wait_s = await self._ways.take_turn(step, urgent=urgent)
                if wait_s is None:
                    continue
                turn_of, due = (step.act, urgent), self._clock.now() + wait_s
            if self._clock.now() >= due:
                break
            if self._draft.waits:
                self._status.text_waits(due)
            await self._wait_unless_over(due - self._clock.now())
            self._moved_at = self._clock.now()
            self._take_in()
        return step

    @property
    def _stopped(self) -> bool:
        return self._ending is not None and self._ending.outcome.ending is Ending.STOPPED

    async def _wait_unless_over(self, seconds: float) -> None:
        """Wait, but no longer than until the turn is over, since another call may be next then."""
        if self._ending is None:
            await first_of(self._feed.over, self._clock, seconds)
        else:
            await self._clock.sleep(seconds)

    async def _persist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do it, and wait and try again while Slack or the store is away; within bounds once the turn is over."""
        backoff_s = self._tempo.backoff_s
        while True:
            try:
                return await action()
            except (ChatAway, StoreAway) as away:
                standing_s = self._clock.now() - self._moved_at
                late = self._feed.closing is not None and standing_s > self._tempo.give_up_s
                log.warning("reply_waits", why=type(away).__name__, given_up=late)
                if late:
                    raise
            await self._clock.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, self._tempo.longest_backoff_s)
