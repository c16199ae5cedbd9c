"""chat.startStream, appendStream and stopStream: what they are given, refused or brought into a stream."""

from __future__ import annotations

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import checked
from bot.playground.slack.chat import MARKDOWN_CHARACTERS, metadata
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Json, Message, Refused, Stream, StreamPart, StreamState, Task
from bot.playground.slack.wire import message_json

TASK_STATUSES = {"pending", "in_progress", "complete", "error"}
SESSION_STATUSES = {"active", "processing", "suspended", "closed"}


def start(slack: Installation, args: Arguments) -> Json:
    channel = slack.joined_channel(args.text("channel"))
    thread_ts = args.ts("thread_ts", code="invalid_thread_ts")
    recipient = args.text("recipient_user_id", "")
    if not channel.is_im:
        if not recipient:
            raise Refused("missing_recipient_user_id")
        if not args.text("recipient_team_id", ""):
            raise Refused("missing_recipient_team_id")
        if recipient not in slack.workspace.users:
            raise Refused("user_not_found")
    display = args.text("task_display_mode", "timeline")
    if display not in {"timeline", "plan"}:
        raise Refused("invalid_arguments", "[ERROR] must be timeline or plan [json-pointer:/task_display_mode]")
    mode, parts = _content(slack, args)
    app = slack.workspace.app
    stream = Stream(StreamState.LIVE, slack.workspace.clock.now(), recipient, mode, display)
    draft = Message(channel.id, "", app.user_id, bot_id=app.bot_id, thread_ts=thread_ts)
    message = slack.streams.start(draft, stream, parts)
    return {"channel": channel.id, "ts": message.ts}


def append(slack: Installation, args: Arguments) -> Json:
    message = _streaming(slack, args)
    mode, parts = _content(slack, args)
    if not parts:
        raise Refused("no_text")
    slack.streams.append(message, mode, parts)
    return {"channel": message.channel, "ts": message.ts}


def stop(slack: Installation, args: Arguments) -> Json:
    message = _streaming(slack, args)
    mode, parts = _content(slack, args)
    closing = checked(args.objects("blocks", "invalid_blocks_format") or [], slack.workspace.ids)
    status = args.text("session_status", "active")
    if status not in SESSION_STATUSES:
        raise Refused("invalid_arguments", "[ERROR] unknown status [json-pointer:/session_status]")
    slack.streams.stop(message, mode, parts, closing, metadata(args) or {}, status)
    shown = message_json(slack.workspace, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": shown}


def _streaming(slack: Installation, args: Arguments) -> Message:
    message = slack.own_message(args.text("channel"), args.ts("ts"), "message_not_owned_by_app")
    slack.streams.live(message)
    return message


def _content(slack: Installation, args: Arguments) -> tuple[str, list[StreamPart]]:
    """The mode (`chunks`, `markdown_text`, or empty when nothing was given) and what there is to add.

    Raises:
        Refused: streaming_mode_mismatch when both ways are used at once, msg_too_long, invalid_chunks.
    """
    markdown = args.text("markdown_text", "")
    chunks = args.objects("chunks", "invalid_chunks")
    if markdown and chunks:
        raise Refused("streaming_mode_mismatch")
    if len(markdown) > MARKDOWN_CHARACTERS:
        raise Refused("msg_too_long")
    if markdown:
        return "markdown_text", [StreamPart(text=markdown)]
    parts = [_part(slack, chunk, number) for number, chunk in enumerate(chunks or [])]
    return ("chunks" if parts else ""), parts


def _part(slack: Installation, chunk: Json, number: int) -> StreamPart:
    kind = chunk.get("type")
    if kind == "markdown_text":
        return StreamPart(text=_required(chunk, "text", number))
    if kind == "plan_update":
        return StreamPart(plan_title=_required(chunk, "title", number))
    if kind == "blocks" and isinstance(chunk.get("blocks"), list):
        return StreamPart(blocks=checked(chunk["blocks"], slack.workspace.ids))
    if kind != "task_update":
        raise Refused("invalid_chunks", f"[ERROR] unsupported type: {kind} [json-pointer:/chunks/{number}]")
    if chunk.get("status") not in TASK_STATUSES:
        raise Refused("invalid_chunks", f"[ERROR] unknown status [json-pointer:/chunks/{number}/status]")
    task = Task(
        id=_required(chunk, "id", number),
        title=_required(chunk, "title", number),
        status=chunk["status"],
        details=chunk.get("details") or "",
        output=chunk.get("output") or "",
        sources=chunk.get("sources") or [],
    )
    return StreamPart(task=task)


def _required(chunk: Json, name: str, number: int) -> str:
    value = chunk.get(name)
    if not isinstance(value, str) or not value:
        raise Refused("invalid_chunks", f"[ERROR] missing required field: {name} [json-pointer:/chunks/{number}]")
    return value


_WRITE = ("chat:write",)
METHODS = {
    "chat.startStream": Method(start, _WRITE),
    "chat.appendStream": Method(append, _WRITE),
    "chat.stopStream": Method(stop, _WRITE),
}
