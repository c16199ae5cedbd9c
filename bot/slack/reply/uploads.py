"""Files that the agent made and speaks of, put into the thread."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.slack.reply.messages import ReplyMessages

log = structlog.get_logger(__name__)

MOST_FILES = 5
"""Ours: files of one answer. More would bury it."""

MOST_BYTES = 20 * 1024 * 1024
"""Ours: all of them together, since they pass through memory."""


class Uploads:
    """Shares files in a turn's thread. What goes wrong is logged, and never hurts the answer."""

    def __init__(self, messages: ReplyMessages) -> None:
        self._messages = messages

    async def share(self, files: Sequence[Path], said: str, first_ts: str = "", *, again: bool = False) -> None:
        """Upload those of the files whose names the text mentions, within bounds, as one message.

        Args:
            first_ts: the reply's first message, before which none of them was shared; empty for the turn's start.
            again: another worker may have shared them already.
        """
        mentioned = [path for path in files if path.name in said][:MOST_FILES]
        try:
            if mentioned and again:
                there = await self._messages.shared_since(first_ts)
                mentioned = [path for path in mentioned if path.name not in there]
            sent = await self._upload(mentioned)
            if sent:
                await self._share(sent, first_ts)
        except (ChatRefused, ChatAway) as error:
            log.warning("files_not_shared", error=str(error), files=len(mentioned))

    async def _upload(self, files: Sequence[Path]) -> dict[str, str]:
        """Send what is small enough. Returns names by file id."""
        room = MOST_BYTES
        sent: dict[str, str] = {}
        for path in files:
            content = await asyncio.to_thread(_content, path, room)
            if not content:
                log.info("file_not_shared", suffix=path.suffix, reason="empty, too large, or no file any more")
                continue
            room -= len(content)
            try:
                sent[await self._messages.upload(path.name, content)] = path.name
            except (ChatRefused, ChatAway) as error:
                log.warning("upload_failed", error=str(error))
        return sent

    async def _share(self, titles: Mapping[str, str], first_ts: str) -> None:
        """Put them into the thread. Of an unknown outcome it looks what became of it, and tries once more."""
        try:
            await self._messages.share(titles)
        except ChatAway as away:
            if away.sent and set(titles.values()) <= set(await self._messages.shared_since(first_ts)):
                return
            await self._messages.share(titles)


def _content(path: Path, most: int) -> bytes:
    """A file's bytes; none when it is too large, or is no regular file. A symlink is not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            info = os.fstat(file.fileno())
            return file.read() if stat.S_ISREG(info.st_mode) and 0 < info.st_size <= most else b""
    except OSError as error:
        log.info("file_unreadable", error=type(error).__name__)
        return b""
