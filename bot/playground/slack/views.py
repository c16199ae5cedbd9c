"""views.open, push, update and publish."""

from __future__ import annotations

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.blocks import checked_view
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Json, Refused, View
from bot.playground.slack.wire import view_json


def _body(slack: Installation, args: Arguments, kind: str) -> Json:
    view = args.object("view", "invalid_arguments")
    if view is None:
        raise Refused("invalid_arguments", "[ERROR] missing required field: view")
    return checked_view(view, slack.workspace.ids, kind)


def _shown(slack: Installation, view: View) -> Json:
    return {"view": view_json(slack.workspace, view)}


def open_view(slack: Installation, args: Arguments) -> Json:
    body = _body(slack, args, "modal")
    user = slack.triggers.redeem(args.text("trigger_id"))
    return _shown(slack, slack.modals.open(user, body))


def push(slack: Installation, args: Arguments) -> Json:
    body = _body(slack, args, "modal")
    user = slack.triggers.redeem(args.text("trigger_id"))
    return _shown(slack, slack.modals.push(user, body))


def update(slack: Installation, args: Arguments) -> Json:
    view_id, external_id = args.text("view_id", ""), args.text("external_id", "")
    if not view_id and not external_id:
        raise Refused("invalid_arguments", "[ERROR] missing required field: view_id or external_id")
    view = slack.modals.find(view_id, external_id)
    body = _body(slack, args, view.body["type"])
    return _shown(slack, slack.modals.update(view, body, args.text("hash", "")))


def publish(slack: Installation, args: Arguments) -> Json:
    user = args.text("user_id")
    body = _body(slack, args, "home")
    return _shown(slack, slack.modals.publish(user, body, args.text("hash", "")))


METHODS = {
    "views.open": Method(open_view),
    "views.push": Method(push),
    "views.update": Method(update),
    "views.publish": Method(publish),
}
