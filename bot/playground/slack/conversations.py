"""conversations.* and users.conversations."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.installation import Handler, Installation, Method
from bot.playground.slack.values import Channel, ChannelKind, Json, Message, Refused
from bot.playground.slack.wire import channel_json, message_json

T = TypeVar("T")

_LARGEST_PAGE = 1000


def page(items: Sequence[T], args: Arguments, default_limit: int) -> tuple[list[T], str]:
    """One page of the items, and the cursor of the next; empty at the end.

    Raises:
        Refused: invalid_limit, invalid_cursor.
    """
    limit = args.integer("limit", default_limit) or default_limit
    if not 0 < limit <= _LARGEST_PAGE:
        raise Refused("invalid_limit")
    start = 0
    if args.text("cursor", ""):
        try:
            start = int(base64.b64decode(args.text("cursor"), validate=True).decode().removeprefix("next:"))
        except ValueError:
            raise Refused("invalid_cursor") from None
    following = start + limit
    cursor = base64.b64encode(f"next:{following}".encode()).decode() if following < len(items) else ""
    return list(items[start:following]), cursor


def _within(messages: Sequence[Message], args: Arguments) -> list[Message]:
    """Those between `oldest` and `latest`, the bounds themselves only if `inclusive`."""
    oldest, latest = args.text("oldest", "") or "0", args.text("latest", "") or "9999999999"
    low, high = _micros(oldest), _micros(latest)
    if args.flag("inclusive"):
        return [message for message in messages if low <= _micros(message.ts) <= high]
    return [message for message in messages if low < _micros(message.ts) < high]


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    try:
        return int(seconds) * 1_000_000 + int((fraction + "000000")[:6])
    except ValueError:
        raise Refused("invalid_ts_oldest") from None


def info(slack: Installation, args: Arguments) -> Json:
    channel = slack.visible_channel(args.text("channel"))
    return {"channel": channel_json(slack.workspace, channel, slack.workspace.app.user_id)}


def _of_types(slack: Installation, args: Arguments, channels: Sequence[Channel]) -> Json:
    wanted = {name.strip() for name in args.text("types", "public_channel").split(",")}
    if wanted - set(ChannelKind):
        raise Refused("invalid_types")
    found = [
        channel
        for channel in channels
        if channel.kind in wanted and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    shown, cursor = page(found, args, 100)
    bot = slack.workspace.app.user_id
    return {
        "channels": [channel_json(slack.workspace, channel, bot) for channel in shown],
        "response_metadata": {"next_cursor": cursor},
    }


def list_channels(slack: Installation, args: Arguments) -> Json:
    bot = slack.workspace.app.user_id
    channels = slack.workspace.channels.values()
    return _of_types(slack, args, [one for one in channels if one.kind is ChannelKind.PUBLIC or bot in one.members])


def users_conversations(slack: Installation, args: Arguments) -> Json:
    """Those of the given user (by default the app) that the app can see as well."""
    bot = slack.workspace.app.user_id
    user = slack.workspace.user(args.text("user", "") or bot)
    channels = slack.workspace.channels.values()
    seen = [one for one in channels if one.kind is ChannelKind.PUBLIC or bot in one.members]
    return _of_types(slack, args, [channel for channel in seen if user.id in channel.members])


def history(slack: Installation, args: Arguments) -> Json:
    channel = slack.joined_channel(args.text("channel"))
    newest_first = list(reversed(_within(slack.workspace.history(channel.id), args)))
    shown, cursor = page(newest_first, args, 100)
    return _messages(slack, args, shown, cursor) | {"pin_count": 0, "channel_actions_ts": None}


def replies(slack: Installation, args: Arguments) -> Json:
    """A thread by its root; a reply's ts gives that reply alone. The root leads every page."""
    channel = slack.joined_channel(args.text("channel"))
    try:
        message = slack.workspace.message(channel.id, args.ts("ts", code="thread_not_found"))
    except Refused:
        raise Refused("thread_not_found") from None
    if message.is_reply:
        return _messages(slack, args, [message], "")
    found = _within(slack.workspace.replies(channel.id, message.ts), args)
    shown, cursor = page(found, args, _LARGEST_PAGE)
    return _messages(slack, args, [message, *shown], cursor)


def _messages(slack: Installation, args: Arguments, messages: Sequence[Message], cursor: str) -> Json:
    whole = args.flag("include_all_metadata")
    answer: Json = {
        "messages": [message_json(slack.workspace, message, metadata=whole) for message in messages],
        "has_more": bool(cursor),
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def members(slack: Installation, args: Arguments) -> Json:
    channel = slack.visible_channel(args.text("channel"))
    shown, cursor = page(channel.members, args, 100)
    return {"members": shown, "response_metadata": {"next_cursor": cursor}}


def open_conversation(slack: Installation, args: Arguments) -> Json:
    if args.has("channel"):
        channel = slack.visible_channel(args.text("channel"))
    else:
        users = [slack.workspace.user(user.strip()).id for user in args.text("users").split(",")]
        if len(users) > 1:
            everyone = [*users, slack.workspace.app.user_id]
            channel = slack.workspace.add_channel(ChannelKind.MPIM, f"mpdm-{len(everyone)}", everyone)
        else:
            channel = slack.workspace.dm(users[0])
    whole = channel_json(slack.workspace, channel, slack.workspace.app.user_id)
    return {"channel": whole if args.flag("return_im") else {"id": channel.id}}


def join(slack: Installation, args: Arguments) -> Json:
    channel = slack.visible_channel(args.text("channel"))
    if channel.kind is not ChannelKind.PUBLIC:
        raise Refused("method_not_supported_for_channel_type")
    bot = slack.workspace.user(slack.workspace.app.user_id)
    slack.workspace.join(channel, bot)
    return {"channel": channel_json(slack.workspace, channel, bot.id)}


_SCOPES_OF_KIND = {
    ChannelKind.PUBLIC: "channels",
    ChannelKind.PRIVATE: "groups",
    ChannelKind.MPIM: "mpim",
    ChannelKind.IM: "im",
}


def _in_its_kind(handler: Handler, permission: str) -> Handler:
    """The method asks for the scope of the kind of conversation it is called for: `im:read` for a DM."""

    def checked(slack: Installation, args: Arguments) -> Json:
        scope = f"{_SCOPES_OF_KIND[slack.visible_channel(args.text('channel')).kind]}:{permission}"
        if scope not in slack.scopes:
            raise Refused("missing_scope", scope)
        return handler(slack, args)

    return checked


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
METHODS = {
    "conversations.info": Method(_in_its_kind(info, "read"), _READ),
    "conversations.list": Method(list_channels, _READ),
    "conversations.history": Method(_in_its_kind(history, "history"), _HISTORY),
    "conversations.replies": Method(_in_its_kind(replies, "history"), _HISTORY),
    "conversations.members": Method(_in_its_kind(members, "read"), _READ),
    "conversations.open": Method(open_conversation, ("im:write", "mpim:write", "channels:manage")),
    "conversations.join": Method(join, ("channels:join",)),
    "users.conversations": Method(users_conversations, _READ),
}
