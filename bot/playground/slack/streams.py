"""Streaming messages: their states, and how what was streamed becomes text and blocks.

Slack documents that a stream's text adds up to at most 12,000 characters. That a stream dies after about five minutes,
and that text and cards together fit into 10.6 to 11.3 kB of UTF-8, is what people measured.
"""

from __future__ import annotations

from dataclasses import replace

from bot.playground.slack.changes import Cause, SessionChanged, StopPressed
from bot.playground.slack.values import (
    AgentSession,
    Json,
    Message,
    Refused,
    Stream,
    StreamPart,
    StreamState,
    Task,
)
from bot.playground.slack.workspace import Workspace

STREAM_LIFETIME_S = 300.0
STREAM_MAX_CHARACTERS = 12_000
STREAM_MAX_BYTES = 11_000


class Streams:
    """The rules of chat.startStream, appendStream and stopStream over a workspace's messages."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def start(self, draft: Message, stream: Stream, parts: list[StreamPart]) -> Message:
        """Post a message that streams. Raises Refused: thread_not_found, msg_too_long."""
        for part in parts:
            _add(stream, part)
        _check_size(stream.parts)
        message = self._workspace.post(replace(draft, stream=stream, text=stream.text, blocks=blocks_of(stream)))
        self._set_session(message, "processing")
        return message

    def append(self, message: Message, mode: str, parts: list[StreamPart]) -> None:
        """Raises Refused: message_not_in_streaming_state, streaming_mode_mismatch, msg_too_long."""
        stream = self.live(message)
        self._take(stream, mode, parts)
        self._show(message, stream, Cause.STREAM)

    def stop(
        self,
        message: Message,
        mode: str,
        parts: list[StreamPart],
        closing: list[Json],
        metadata: Json,
        session_status: str,
    ) -> None:
        """End a stream; a card that is still in progress turns to an error. Raises as `append` does."""
        stream = self.live(message)
        self._take(stream, mode, parts)
        stream.closing = closing
        if metadata:
            message.metadata = metadata
        self._end(message, stream, StreamState.STOPPED)
        self._set_session(message, session_status)

    def live(self, message: Message) -> Stream:
        """The message's stream while it may be written to. Raises Refused(message_not_in_streaming_state)."""
        stream = message.stream
        if stream is not None and stream.state is StreamState.LIVE:
            if self._workspace.clock.now() - stream.started_at < STREAM_LIFETIME_S:
                return stream
            self._end(message, stream, StreamState.EXPIRED)
        raise Refused("message_not_in_streaming_state")

    def is_live(self, message: Message) -> bool:
        try:
            self.live(message)
        except Refused:
            return False
        return True

    def all_live(self) -> list[Message]:
        return [
            message
            for channel in self._workspace.channels
            for message in self._workspace.messages(channel)
            if message.stream is not None and self.is_live(message)
        ]

    def expire(self, message: Message) -> None:
        """Let a live stream die now, as Slack does after five minutes."""
        self._end(message, self.live(message), StreamState.EXPIRED)

    def press_stop(self, user: str, channel: str, thread_ts: str) -> tuple[str, ...]:
        """Someone presses Slack's stop button: the thread's live streams stop, and the app is told.

        Returns the ts of the streams that stopped.
        """
        thread = self._workspace.thread(channel, thread_ts)
        streams = [message for message in thread if message.stream is not None and self.is_live(message)]
        for message in streams:
            self._end(message, self.live(message), StreamState.STOPPED)
        stopped = tuple(message.ts for message in streams)
        self._workspace.tell(StopPressed(channel, thread_ts, user, stopped))
        return stopped

    def _take(self, stream: Stream, mode: str, parts: list[StreamPart]) -> None:
        if mode and stream.mode and mode != stream.mode:
            raise Refused("streaming_mode_mismatch")
        grown = replace(stream, mode=stream.mode or mode, parts=[replace(part) for part in stream.parts])
        for part in parts:
            _add(grown, part)
        _check_size(grown.parts)
        stream.mode, stream.parts, stream.plan_title = grown.mode, grown.parts, grown.plan_title

    def _end(self, message: Message, stream: Stream, state: StreamState) -> None:
        stream.state = state
        for part in stream.parts:
            if part.task is not None and part.task.status == "in_progress":
                part.task.status = "error"
        self._show(message, stream, Cause.STREAM_END)

    def _show(self, message: Message, stream: Stream, cause: Cause) -> None:
        self._workspace.change(message, cause, text=stream.text, blocks=blocks_of(stream))

    def _set_session(self, message: Message, status: str) -> None:
        key = (message.channel, message.root_ts)
        known = self._workspace.sessions.get(key)
        session = AgentSession(*key, status=status, title=known.title if known else "")
        self._workspace.sessions[key] = session
        self._workspace.tell(SessionChanged(session))


def _check_size(parts: list[StreamPart]) -> None:
    """Raises Refused(msg_too_long). Cards count only once there is text, as was measured against Slack."""
    text = "".join(part.text for part in parts)
    if len(text) > STREAM_MAX_CHARACTERS or (text and sum(_weight(part) for part in parts) > STREAM_MAX_BYTES):
        raise Refused("msg_too_long")


def _weight(part: StreamPart) -> int:
    """How many bytes of a stream's limit a part takes: details and output of a card count twice."""
    weight = len((part.text + part.plan_title).encode())
    if part.task is not None:
        weight += len(part.task.title.encode()) + 2 * len((part.task.details + part.task.output).encode())
    return weight


def _add(stream: Stream, part: StreamPart) -> None:
    """Text joins the text before it; a task that is known already is updated in its place."""
    if part.plan_title:
        stream.plan_title = part.plan_title
    elif part.task is not None:
        known = next((old for old in stream.parts if old.task is not None and old.task.id == part.task.id), None)
        if known is None:
            stream.parts.append(part)
        else:
            known.task = _updated(known.task, part.task)
    elif part.text and stream.parts and stream.parts[-1].text:
        stream.parts[-1].text += part.text
    else:
        stream.parts.append(part)


def _updated(old: Task | None, new: Task) -> Task:
    """Details and output of an update are appended to what the card has; the rest replaces."""
    if old is None:
        return new
    return replace(
        new,
        title=new.title or old.title,
        details=old.details + new.details,
        output=old.output + new.output,
        sources=[*old.sources, *new.sources],
    )


def blocks_of(stream: Stream) -> list[Json]:
    """What the stream shows, as blocks: text, cards where they came up (or one plan), then the closing blocks."""
    blocks: list[Json] = []
    cards = [_card(part.task) for part in stream.parts if part.task is not None]
    plan: Json = {"type": "plan", "block_id": "plan", "title": stream.plan_title, "tasks": cards}
    as_plan = stream.display == "plan"
    if as_plan and stream.plan_title and not cards:
        blocks.append(plan)
    for number, part in enumerate(stream.parts):
        if part.text:
            blocks.append({"type": "markdown", "block_id": f"text{number}", "text": part.text})
        elif part.task is None:
            blocks.extend(part.blocks)
        elif not as_plan:
            blocks.append(_card(part.task))
        elif plan not in blocks:
            blocks.append(plan)
    return [*blocks, *stream.closing]


def _card(task: Task) -> Json:
    card: Json = {
        "type": "task_card",
        "block_id": f"task-{task.id}"[:255],
        "task_id": task.id,
        "title": task.title,
        "status": task.status,
    }
    if task.details:
        card["details"] = _rich_text(task.details)
    if task.output:
        card["output"] = _rich_text(task.output)
    if task.sources:
        card["sources"] = task.sources
    return card


def _rich_text(text: str) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }
