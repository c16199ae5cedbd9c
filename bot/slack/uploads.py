"""Files that the agent made and speaks of, put into the thread."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.slack.web import SlackApi

log = structlog.get_logger(__name__)

MOST_FILES = 5
"""Ours: files of one answer. More would bury it."""

MOST_BYTES = 20 * 1024 * 1024
"""Ours: all of them together, since they pass through memory."""


class Uploads:
    """Shares files in one thread. What goes wrong is logged, and never hurts the answer.

    Args:
        channel, thread_ts: the thread.
    """

    def __init__(self, api: SlackApi, channel: str, thread_ts: str) -> None:
        self._api = api
        self._channel = channel
        self._thread_ts = thread_ts

    async def share(self, files: Sequence[Path], said: str) -> None:
        """Upload those of the files whose names the text mentions, within bounds, as one message."""
        mentioned = [path for path in files if path.name in said][:MOST_FILES]
        room = MOST_BYTES
        sent: list[dict[str, str]] = []
        for path in mentioned:
            content = await asyncio.to_thread(_content, path, room)
            if not content:
                log.info("file_not_shared", suffix=path.suffix, reason="empty, too large, or no file any more")
                continue
            room -= len(content)
            try:
                sent.append({"id": await self._upload(path.name, content), "title": path.name})
            except (ChatRefused, ChatAway) as error:
                log.warning("upload_failed", error=str(error))
        if sent:
            await self._complete(sent)

    async def _upload(self, name: str, content: bytes) -> str:
        """Send a file's bytes. Returns its id."""
        answer = await self._api.call(
            "files.getUploadURLExternal", safe_to_repeat=True, filename=name, length=len(content)
        )
        await self._api.send_file(str(answer["upload_url"]), name, content)
        return str(answer["file_id"])

    async def _complete(self, files: Sequence[dict[str, str]]) -> None:
        try:
            await self._api.call(
                "files.completeUploadExternal",
                safe_to_repeat=False,
                files=list(files),
                channel_id=self._channel,
                thread_ts=self._thread_ts,
            )
        except (ChatRefused, ChatAway) as error:
            log.warning("files_not_shared", error=str(error), files=len(files))


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
