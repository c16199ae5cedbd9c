"""The reply of one turn: takes events in without waiting, while a task of its own brings them to Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.model import AgentEvent, Closing, Progress, TextDelta, ToolStarted
from bot.slack.reply.draft import Draft
from bot.slack.reply.feed import Feed
from bot.slack.reply.sending import Sending, Tempo
from bot.slack.reply.status import StatusLine
from bot.slack.reply.uploads import Uploads


class SlackReply:
    """A `bot.ports.Reply`."""

    def __init__(
        self, feed: Feed, draft: Draft, sending: Sending, status: StatusLine, uploads: Uploads, tempo: Tempo
    ) -> None:
        self._feed = feed
        self._draft = draft
        self._sending = sending
        self._status = status
        self._uploads = uploads
        self._tempo = tempo
        self._task: asyncio.Task[None] | None = None
        self._taken_up = draft.progress != Progress()
        """Another worker began this reply."""

    @property
    def streams(self) -> bool:
        """Whether a message of it is a live stream now."""
        return any(sheet.live for sheet in self._draft.sheets)

    def begin(self) -> asyncio.Task[None]:
        """Start the sending task. The caller owns it."""
        self._task = asyncio.create_task(self._sending.run(), name="reply")
        return self._task

    async def feed(self, event: AgentEvent) -> None:
        """Take an event in. Returns at once; Slack is told in the background.

        Raises:
            LeaseLost, ChatRefused: the reply can't go on. What else goes wrong is waited out.
        """
        self._raise_if_ended()
        self._status.note(event)
        self._feed.add(event)
        if self._feed.chars >= self._tempo.plenty_chars:
            self._feed.plenty.set()
        if isinstance(event, TextDelta | ToolStarted) or self._draft.script.cards:
            self._feed.news.set()

    async def close(self, closing: Closing) -> Sequence[str]:
        """Wait until Slack has confirmed everything, with the ending's notice and buttons.

        Returns the ts of every message of the reply.

        Raises:
            LeaseLost: the thread is another worker's; nothing more was posted.
            ChatRefused: Slack takes nothing more for this reply.
            ChatAway, StoreAway: it could not be completed within bounds. It can be taken up again from its progress.
        """
        self._raise_if_ended()
        if closing.files:
            said, first_ts = self._draft.script.said + self._feed.text, next(iter(self._draft.timestamps), "")
            await self._uploads.share(closing.files, said, first_ts, again=self._taken_up)
        self._sending.close(closing)
        assert self._task is not None
        await asyncio.shield(self._task)
        return self._draft.timestamps

    def _raise_if_ended(self) -> None:
        if self._task is not None and self._task.done():
            self._task.result()
