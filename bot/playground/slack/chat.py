"""chat.postMessage, update, delete, postEphemeral and getPermalink."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import checked
from bot.playground.slack.changes import Cause
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Ephemeral, Json, Message, Refused
from bot.playground.slack.wire import message_json

TEXT_CHARACTERS = 40_000
"""Of a posted text (Slack truncates from 4,000 on and refuses beyond this)."""
UPDATE_TEXT_CHARACTERS = 4_000
MARKDOWN_CHARACTERS = 12_000


@dataclass(frozen=True)
class Content:
    """What a message is to say. Blocks and attachments are None when they were not given."""

    text: str
    blocks: list[Json] | None
    attachments: list[Json] | None


def content(slack: Installation, args: Arguments, text_limit: int = TEXT_CHARACTERS) -> Content:
    """The text, blocks and attachments of a call.

    Raises:
        Refused: no_text, msg_too_long, markdown_text_conflict, invalid_blocks, invalid_blocks_format,
            invalid_attachments.
    """
    text, markdown = args.text("text", ""), args.text("markdown_text", "")
    blocks = args.objects("blocks", "invalid_blocks_format")
    attachments = args.objects("attachments", "invalid_attachments")
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if not (text.strip() or markdown.strip() or blocks or attachments):
        raise Refused("no_text")
    if len(text) > text_limit or len(markdown) > MARKDOWN_CHARACTERS:
        raise Refused("msg_too_long")
    if markdown:
        blocks = [{"type": "markdown", "text": markdown}]
    return Content(text or markdown, None if blocks is None else checked(blocks, slack.workspace.ids), attachments)


def metadata(args: Arguments) -> Json | None:
    """Raises Refused: invalid_metadata_format, invalid_metadata_schema."""
    given = args.object("metadata", "invalid_metadata_format")
    if given and not (isinstance(given.get("event_type"), str) and isinstance(given.get("event_payload"), dict)):
        raise Refused("invalid_metadata_schema")
    return given


def post_message(slack: Installation, args: Arguments) -> Json:
    channel = slack.destination(args.text("channel"))
    said = content(slack, args)
    app = slack.workspace.app
    message = slack.workspace.post(
        Message(
            channel=channel.id,
            ts="",
            user=app.user_id,
            bot_id=app.bot_id,
            text=said.text,
            thread_ts=args.ts("thread_ts", "", code="invalid_thread_ts"),
            blocks=said.blocks or [],
            attachments=said.attachments or [],
            metadata=metadata(args) or {},
            username=args.text("username", ""),
            icon_emoji=args.text("icon_emoji", ""),
            broadcast=args.flag("reply_broadcast"),
        )
    )
    shown = message_json(slack.workspace, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def update(slack: Installation, args: Arguments) -> Json:
    """Blocks and attachments that are not given stay as they are; an empty array removes them."""
    message = slack.own_message(args.text("channel"), args.ts("ts"), "cant_update_message")
    said = content(slack, args, UPDATE_TEXT_CHARACTERS)
    if message.stream is not None and slack.streams.is_live(message):
        raise Refused("streaming_state_conflict")
    slack.workspace.change(
        message,
        Cause.EDIT,
        text=said.text,
        blocks=said.blocks,
        attachments=said.attachments,
        metadata=metadata(args),
        by=slack.workspace.app.user_id,
    )
    shown = message_json(slack.workspace, message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


def delete(slack: Installation, args: Arguments) -> Json:
    message = slack.own_message(args.text("channel"), args.ts("ts"), "cant_delete_message")
    slack.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(slack: Installation, args: Arguments) -> Json:
    channel = slack.joined_channel(args.text("channel"))
    user = args.text("user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    said = content(slack, args)
    thread_ts = args.ts("thread_ts", "", code="invalid_thread_ts")
    message = slack.workspace.post_ephemeral(
        Ephemeral(channel.id, "", user, said.text, thread_ts, said.blocks or [], said.attachments or [])
    )
    return {"message_ts": message.ts}


def get_permalink(slack: Installation, args: Arguments) -> Json:
    channel = slack.visible_channel(args.text("channel"))
    message = slack.workspace.message(channel.id, args.ts("message_ts", code="message_not_found"))
    return {"channel": channel.id, "permalink": slack.workspace.permalink(message)}


_WRITE = ("chat:write",)
METHODS = {
    "chat.postMessage": Method(post_message, _WRITE),
    "chat.update": Method(update, _WRITE),
    "chat.delete": Method(delete, _WRITE),
    "chat.postEphemeral": Method(post_ephemeral, _WRITE),
    "chat.getPermalink": Method(get_permalink),
}
