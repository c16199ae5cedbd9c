"""reactions.add, remove and get."""

from __future__ import annotations

import re

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Json, Message, Refused
from bot.playground.slack.wire import message_json

_NAME = re.compile(r"^[a-z0-9_+'\-]+(::skin-tone-[2-6])?$")


def _message(slack: Installation, args: Arguments) -> Message:
    channel = slack.joined_channel(args.text("channel"))
    return slack.workspace.message(channel.id, args.ts("timestamp", code="bad_timestamp"))


def _name(args: Arguments) -> str:
    name = args.text("name").strip(":")
    if not _NAME.match(name):
        raise Refused("invalid_name")
    return name


def add(slack: Installation, args: Arguments) -> Json:
    slack.workspace.react(_message(slack, args), slack.workspace.app.user_id, _name(args))
    return {}


def remove(slack: Installation, args: Arguments) -> Json:
    slack.workspace.unreact(_message(slack, args), slack.workspace.app.user_id, _name(args))
    return {}


def get(slack: Installation, args: Arguments) -> Json:
    message = _message(slack, args)
    shown = message_json(slack.workspace, message) | {"permalink": slack.workspace.permalink(message)}
    return {"type": "message", "channel": message.channel, "message": shown}


METHODS = {
    "reactions.add": Method(add, ("reactions:write",)),
    "reactions.remove": Method(remove, ("reactions:write",)),
    "reactions.get": Method(get, ("reactions:read",)),
}
