"""What Slack still shows of a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import structlog

from bot.errors import ChatRefused
from bot.model import Spoken, ThreadKey, ts_order
from bot.slack.api.installations import Installation, Installations
from bot.slack.normalise import HUMAN_SUBTYPES, attachments, thread_key
from bot.slack.text.plain import plain
from bot.slack.wire import Json, identifier, obj, objects, text, timestamp

log = structlog.get_logger(__name__)

PAGE = 200
"""Messages per page of conversations.replies; Slack recommends at most this many."""

PAGES = 10
"""Pages that are read of one thread."""

_GONE = frozenset({"thread_not_found", "message_not_found", "channel_not_found", "not_in_channel"})


class Conversations:
    """Reads threads through the Web API."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def thread_of(self, team: str, channel: str, ts: str) -> ThreadKey | None:
        """The thread that a message belongs to, which its ts alone doesn't tell. None when the message is gone."""
        message = await self.message(team, channel, ts)
        return thread_key(team, channel, message) if message is not None else None

    async def message(self, team: str, channel: str, ts: str) -> Json | None:
        """A message as Slack shows it, a reply or a root; None when it is gone."""
        installation = await self._installations.of(team)
        try:
            answer = await installation.web.call(
                "conversations.replies",
                safe_to_repeat=True,
                urgent=True,
                channel=channel,
                ts=ts,
                latest=ts,
                inclusive=True,
                limit=1,
            )
        except ChatRefused as refused:
            if refused.code in _GONE:
                return None
            raise
        return next((message for message in objects(answer, "messages")), None)

    async def history(self, thread: ThreadKey, before_ts: str, limit: int) -> Sequence[Spoken]:
        """The thread's root and its last messages before a ts (empty: of all), oldest first. See `Chat.history`."""
        if before_ts == thread.root_ts or limit <= 0:
            return ()
        installation = await self._installations.of(thread.team)
        root: tuple[Spoken, ...] = ()
        kept: deque[Spoken] = deque(maxlen=limit)
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self._page(installation, thread, before_ts, cursor)
            for message in objects(page, "messages"):
                if not _counts(message) or (before_ts and not _is_before(message, before_ts)):
                    continue
                spoken = _spoken(message, installation)
                if spoken.ts == thread.root_ts:
                    root = (spoken,)  # Slack has it on each page
                else:
                    kept.append(spoken)
            cursor = text(obj(page, "response_metadata"), "next_cursor")
            if not cursor:
                return (*root, *kept)
        log.warning("history_cut", thread=str(thread), read=PAGE * PAGES)
        return (*root, *kept)

    async def _page(
        self, installation: Installation, thread: ThreadKey, before_ts: str, cursor: str | None
    ) -> Mapping[str, object]:
        return await installation.web.call(
            "conversations.replies",
            safe_to_repeat=True,
            channel=thread.channel,
            ts=thread.root_ts,
            latest=before_ts or None,
            limit=PAGE,
            cursor=cursor,
        )


def _counts(message: Json) -> bool:
    """Whether somebody said it: a person, this bot or another one."""
    said = text(message, "subtype") in HUMAN_SUBTYPES | {"bot_message"}
    return said and bool(timestamp(message, "ts")) and bool(text(message, "text") or attachments(message))


def _is_before(message: Json, ts: str) -> bool:
    return ts_order(timestamp(message, "ts")) < ts_order(ts)


def _spoken(message: Json, installation: Installation) -> Spoken:
    own = installation.own
    ours = identifier(message, "user") == own.user or text(message, "bot_id") == own.bot != ""
    user = identifier(message, "user") or text(message, "username") or text(message, "bot_id")
    files = "".join(f" [file: {file.name}]" for file in attachments(message))
    return Spoken(
        timestamp(message, "ts"), "" if ours else user, f"{plain(text(message, 'text'), own.user)}{files}".strip()
    )
