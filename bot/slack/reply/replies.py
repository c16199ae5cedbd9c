"""Opens the reply of each turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.model import Turn
from bot.ports import Clock, Journal, Reply
from bot.slack.api.installations import Installations
from bot.slack.api.limits import PART_BYTES
from bot.slack.reply.draft import Draft
from bot.slack.reply.feed import Feed
from bot.slack.reply.messages import ReplyMessages
from bot.slack.reply.mode import ChannelModes
from bot.slack.reply.record import Record
from bot.slack.reply.reply import SlackReply
from bot.slack.reply.script import Script
from bot.slack.reply.sending import Sending, Tempo
from bot.slack.reply.status import StatusLine
from bot.slack.reply.uploads import Uploads
from bot.slack.reply.ways import Ways
from bot.slack.reply.writer import Writer

log = structlog.get_logger(__name__)


class Replies:
    """Makes replies; one for all threads of a worker.

    Args:
        installations: lead to Slack's Web API for each workspace.
        modes: how answers appear in each channel while they are written.
        part_bytes: where a message rolls over to the next, in bytes of UTF-8.
        pings: mentions of users that the model writes may take effect; those of channels and groups never do.
    """

    def __init__(
        self,
        installations: Installations,
        clock: Clock,
        modes: ChannelModes,
        *,
        tempo: Tempo | None = None,
        part_bytes: int = PART_BYTES,
        pings: bool = False,
    ) -> None:
        self._installations = installations
        self._clock = clock
        self._modes = modes
        self._tempo = tempo or Tempo()
        self._part_bytes = part_bytes
        self._pings = pings
        self._open: set[SlackReply] = set()

    @property
    def streams(self) -> int:
        """How many live streams its replies have now."""
        return sum(reply.streams for reply in self._open)

    @asynccontextmanager
    async def open(self, turn: Turn, journal: Journal) -> AsyncIterator[Reply]:
        """The turn's reply, taken up from `turn.progress` when another worker began it.

        Leaving the context without `close` stops writing and leaves what was said.

        Raises:
            ChatRefused: the workspace has removed the app.
        """
        key = turn.thread.key
        api = (await self._installations.of(key.team)).web
        script = Script(turn.progress, pings=self._pings)
        draft = Draft(script, self._clock, self._part_bytes)
        draft.take_up(turn.progress)
        mode = await self._modes.at(key.team, key.channel)
        record = Record(draft, journal, self._clock)
        messages = ReplyMessages(api, turn, record.make_sure)
        ways = Ways(draft, messages, mode)
        writer = Writer(draft, messages, mode, self._clock)
        status = StatusLine(api, key.channel, key.root_ts, self._clock)
        feed = Feed()
        sending = Sending(key, feed, draft, ways, writer, record, status, self._clock, self._tempo)
        reply = SlackReply(feed, draft, sending, status, Uploads(messages), self._tempo)
        showing = asyncio.create_task(status.keep(), name="status")
        writing = reply.begin()
        self._open.add(reply)
        try:
            yield reply
        finally:
            self._open.discard(reply)
            closed = writing.done() and not writing.cancelled() and writing.exception() is None
            await _end(showing)
            await _end(writing)
        if closed:
            await status.clear()


async def _end(task: asyncio.Task[None]) -> None:
    """End a task of ours. What a reply's task raised was raised to the reply's user as well."""
    task.cancel()
    await asyncio.wait({task})
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.info("reply_task_failed", task=task.get_name(), error=type(error).__name__)
