"""The Slack calls that a reply is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.model import Turn, ts_order
from bot.slack import wire
from bot.slack.api.web import SlackApi
from bot.slack.reply.cards import Block, Chunk
from bot.slack.reply.sheets import Content
from bot.slack.text.markdown import letters

METADATA_EVENT = "agent_reply"
"""event_type of the metadata on a reply's messages; its payload says which turn's, and which message of it."""

_LOOK_BACK_S = 120.0
"""How far before a turn's start its own messages are looked for, in case our clock and Slack's differ."""

_LOOK_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply goes, and whom it addresses."""

    channel: str
    root_ts: str
    user: str
    user_team: str

    @classmethod
    def of(cls, turn: Turn) -> Place:
        """The thread of a turn; the reply addresses the author of its newest message."""
        key, author = turn.thread.key, turn.prompt.author
        return cls(key.channel, key.root_ts, author.user, author.user_team or key.team)

    @property
    def is_dm(self) -> bool:
        return self.channel.startswith("D")


class ReplyMessages:
    """Writes and finds the messages of one turn's reply. Raises ChatRefused and ChatAway.

    Args:
        make_sure: awaited right before anything is written to Slack, each time; what it raises keeps it from that.
    """

    def __init__(self, api: SlackApi, turn: Turn, make_sure: Callable[[], Awaitable[None]]) -> None:
        self._api = api
        self._make_sure = make_sure
        self._turn_id = turn.id
        self._started_at = turn.started_at
        self._turn_taken = ""
        self.place = Place.of(turn)

    async def wait_s(self, method: str) -> float:
        """How long a call would wait for its turn under Slack's rates."""
        return await self._api.wait_s(method, self.place.channel)

    async def take_turn(self, method: str, *, urgent: bool = False, patience_s: float | None = None) -> float:
        """Take the turn of the next call of this method. Returns how many seconds to wait before it.

        Args:
            urgent: a person waits for it.
            patience_s: when the wait is longer than this, the turn is not taken.
        """
        wait = await self._api.reserve(method, self.place.channel, urgent=urgent, patience_s=patience_s)
        self._turn_taken = method if patience_s is None or wait <= patience_s else ""
        return wait

    async def _call(self, method: str, *, safe_to_repeat: bool, **arguments: object) -> Mapping[str, object]:
        """Write something in this reply's channel, in the turn that was taken for it, if one was."""
        reserved, self._turn_taken = self._turn_taken == method, ""
        given = {"channel": self.place.channel, **arguments}
        return await self._api.call(
            method, safe_to_repeat=safe_to_repeat, urgent=False, reserved=reserved, before=self._make_sure, **given
        )

    async def start(self, chunks: Sequence[Chunk], *, grouped: bool) -> str:
        """Start a stream, addressed as channels require: with Slack Connect the team is the person's own.

        Returns its ts.

        Args:
            grouped: its cards are shown as one plan.
        """
        answer = await self._call(
            "chat.startStream",
            safe_to_repeat=False,
            thread_ts=self.place.root_ts,
            chunks=list(chunks),
            task_display_mode="plan" if grouped else None,
            recipient_user_id=None if self.place.is_dm else self.place.user,
            recipient_team_id=None if self.place.is_dm else self.place.user_team,
        )
        return str(answer["ts"])

    async def append(self, ts: str, chunks: Sequence[Chunk]) -> None:
        await self._call("chat.appendStream", safe_to_repeat=False, ts=ts, chunks=list(chunks))

    async def stop(self, ts: str, index: int, chunks: Sequence[Chunk], blocks: Sequence[Block] = ()) -> None:
        """End a stream with its last chunks, and blocks below them."""
        await self._call(
            "chat.stopStream",
            safe_to_repeat=False,
            ts=ts,
            chunks=list(chunks) or None,
            blocks=list(blocks) or None,
            metadata=self._metadata(index),
        )

    async def halt(self, ts: str) -> None:
        """End a stream as it stands. Twice is as good as once, but the second time is refused."""
        await self._call("chat.stopStream", safe_to_repeat=True, ts=ts)

    async def post(self, index: int, content: Content) -> str:
        """Post a message. Returns its ts."""
        answer = await self._call(
            "chat.postMessage",
            safe_to_repeat=False,
            thread_ts=self.place.root_ts,
            metadata=self._metadata(index),
            unfurl_links=False,
            unfurl_media=False,
            markdown_text=None if content.blocks else content.text,
            text=content.text if content.blocks else None,
            blocks=list(content.blocks) or None,
        )
        return str(answer["ts"])

    async def update(self, ts: str, index: int, content: Content) -> None:
        """Replace a message as a whole."""
        await self._call(
            "chat.update",
            safe_to_repeat=True,
            ts=ts,
            metadata=self._metadata(index),
            markdown_text=None if content.blocks else content.text,
            text=content.text if content.blocks else None,
            blocks=list(content.blocks) or None,
        )

    async def delete(self, ts: str) -> None:
        await self._call("chat.delete", safe_to_repeat=True, ts=ts)

    async def find(self, index: int, text: str, known: Collection[str]) -> str | None:
        """The message with this index that was sent, if Slack has it.

        A post is known by its metadata. A stream has none before it ends: it is known by what it says.

        Args:
            text: what it says, or its beginning.
            known: the messages it is not.
        """
        oldest = max(known, key=ts_order, default=f"{self._started_at - _LOOK_BACK_S:.6f}")
        for message in await self._replies(oldest):
            ts = str(message.get("ts", ""))
            if not ts or ts in known or not message.get("bot_id") or message.get("files"):
                continue
            payload = _reply_metadata(message)
            if payload == self._payload(index) if payload else _same_beginning(text, _all_text(message)):
                return ts
        return None

    async def held(self, ts: str) -> str | None:
        """What a message says now, letters only; None when it is gone."""
        for message in await self._replies(ts, inclusive=True):
            if message.get("ts") == ts:
                return letters(_all_text(message))
        return None

    async def upload(self, name: str, content: bytes) -> str:
        """Send a file's bytes; nobody sees it yet. Returns its id."""
        answer = await self._api.call(
            "files.getUploadURLExternal", safe_to_repeat=True, filename=name, length=len(content)
        )
        await self._api.send_file(str(answer["upload_url"]), name, content)
        return str(answer["file_id"])

    async def share(self, titles: Mapping[str, str]) -> None:
        """Put uploaded files into the thread, as one message.

        Args:
            titles: what people read, by the file's id.
        """
        await self._api.call(
            "files.completeUploadExternal",
            safe_to_repeat=False,
            before=self._make_sure,
            files=[{"id": file_id, "title": title} for file_id, title in titles.items()],
            channel_id=self.place.channel,
            thread_ts=self.place.root_ts,
        )

    async def shared_since(self, ts: str) -> Mapping[str, str]:
        """The names of the files that the bot has put into the thread after a message, each with its own message's ts.

        Args:
            ts: empty for the turn's start.
        """
        messages = await self._replies(ts or f"{self._started_at:.6f}")
        ours = [message for message in messages if message.get("bot_id")]
        return {
            wire.text(file, "name"): wire.timestamp(message, "ts")
            for message in ours
            for file in wire.objects(message, "files")
        }

    async def _replies(self, oldest: str, *, inclusive: bool = False) -> Iterable[Mapping[str, object]]:
        answer = await self._api.call(
            "conversations.replies",
            safe_to_repeat=True,
            channel=self.place.channel,
            ts=self.place.root_ts,
            oldest=oldest,
            inclusive=inclusive,
            limit=_LOOK_LIMIT,
            include_all_metadata=True,
        )
        messages = answer.get("messages")
        return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []

    def _metadata(self, index: int) -> Mapping[str, object]:
        return {"event_type": METADATA_EVENT, "event_payload": self._payload(index)}

    def _payload(self, index: int) -> Mapping[str, object]:
        return {"turn_id": self._turn_id, "part": index}


def _reply_metadata(message: Mapping[str, object]) -> Mapping[str, object] | None:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != METADATA_EVENT:
        return None
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, dict) else None


def _same_beginning(ours: str, theirs: str) -> bool:
    """Whether a message says what we sent. It may say less than we know by now, or more."""
    if letters(theirs):
        return letters(ours) in letters(theirs) or letters(ours).startswith(letters(theirs))
    return bool(theirs.strip()) and "".join(ours.split()).startswith("".join(theirs.split()))


def _all_text(value: object) -> str:
    """Every text in a message, in order: its own, or that of its blocks where these say more."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_all_text(one) for one in value)
    if not isinstance(value, dict):
        return ""
    own = "".join(_all_text(value.get(name)) for name in ("title", "text", "elements"))
    blocks = _all_text(value.get("blocks"))
    return blocks if len(blocks) > len(own) else own
