"""Who has read what: the badges in the sidebar."""

from __future__ import annotations

from bot.model import ts_order
from bot.playground.slack.values import Message
from bot.playground.slack.workspace import Workspace


class Reading:
    """What each person has seen, from now on: whatever was said before counts as read."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._start = workspace.next_ts()
        self._read: dict[tuple[str, str], str] = {}

    def mark(self, user: str, channel: str) -> None:
        """The person has seen all of the channel."""
        self._read[user, channel] = self._workspace.next_ts()

    def unread(self, user: str, channel: str) -> int:
        """How many messages by others came since; of threads only those the person takes part in, or in a DM."""
        since = ts_order(self._read.get((user, channel), self._start))
        count = 0
        for message in reversed(self._workspace.messages(channel)):
            if ts_order(message.ts) <= since:
                break
            count += message.user != user and self._concerns(user, message)
        return count

    def _concerns(self, user: str, message: Message) -> bool:
        if not message.is_reply or self._workspace.channels[message.channel].is_im:
            return True
        thread = self._workspace.thread(message.channel, message.thread_ts)
        return any(one.user == user for one in thread)
