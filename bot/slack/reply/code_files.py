"""Brings the files of long code into the thread."""

from __future__ import annotations

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.slack.reply.draft import Draft
from bot.slack.reply.long_code import AS_TEXT
from bot.slack.reply.messages import ReplyMessages

log = structlog.get_logger(__name__)

FILE_ATTEMPTS = 3
"""How often a file is sent, while Slack is away for files, before its code is shown as text."""


class CodeFiles:
    """Shares one file after the other, as the draft's text comes to them."""

    def __init__(self, draft: Draft, messages: ReplyMessages) -> None:
        self._draft = draft
        self._messages = messages
        self._failures = 0

    async def share(self) -> None:
        """Put the file of the code that waits into the thread.

        Its name stands for its content, so that one of unknown outcome is found again before it is sent again.

        Raises:
            ChatAway: Slack did not answer. After a few times the code is shown as text.
            ChatRefused: Slack takes no file.
        """
        code = self._draft.script.long_code
        assert code is not None
        try:
            found = self._draft.files_in_doubt and await self._is_there(code.name)
            if not found and self._failures >= FILE_ATTEMPTS:
                self.give_up("away")
                return
            if not found:
                self._draft.files_in_doubt = True
                file_id = await self._messages.upload(code.name, code.content.encode())
                await self._messages.share({file_id: code.title})
        except ChatAway:
            self._failures += 1
            raise
        self._settle(code.name)

    async def discard(self) -> None:
        """Take the files out of the thread whose code no longer counts. What is said now may be the same again.

        Raises:
            ChatAway, ChatRefused: Slack did not answer, or doesn't let us.
        """
        stale = self._draft.stale_files - set(self._draft.script.code_files)
        there = await self._messages.shared_since("") if stale else {}
        for name in sorted(stale & there.keys()):
            await self._messages.delete(there[name])
        self._draft.stale_files.clear()

    def give_up(self, why: str) -> None:
        """Slack takes no file: the code is shown as text."""
        log.warning("code_shown_as_text", why=why)
        self._settle(AS_TEXT)

    def _settle(self, name: str) -> None:
        self._draft.files_in_doubt, self._failures = False, 0
        self._draft.script.settle_code(name)

    async def _is_there(self, name: str) -> bool:
        try:
            return name in await self._messages.shared_since(self._draft.timestamps[-1] if self._draft.sheets else "")
        except ChatRefused as refused:
            log.warning("cannot_look_for_files", code=refused.code)
            return False
