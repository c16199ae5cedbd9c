"""users.info and users.list, bots.info, usergroups.*: who there is."""

from __future__ import annotations

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.conversations import page
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Json, Refused
from bot.playground.slack.wire import bot_profile, user_json


def info(slack: Installation, args: Arguments) -> Json:
    return {"user": user_json(slack.workspace, slack.workspace.user(args.text("user")))}


def list_users(slack: Installation, args: Arguments) -> Json:
    shown, cursor = page(list(slack.workspace.users.values()), args, 1000)
    return {
        "members": [user_json(slack.workspace, user) for user in shown],
        "cache_ts": int(slack.workspace.clock.now()),
        "response_metadata": {"next_cursor": cursor},
    }


def bots_info(slack: Installation, args: Arguments) -> Json:
    if args.text("bot") != slack.workspace.app.bot_id:
        raise Refused("bot_not_found")
    return {"bot": bot_profile(slack.workspace) | {"user_id": slack.workspace.app.user_id}}


def usergroups(slack: Installation, args: Arguments) -> Json:  # noqa: ARG001 - every method has this shape
    return {"usergroups": [{"id": group, "team_id": slack.workspace.team.id} for group in slack.workspace.groups]}


def usergroup_users(slack: Installation, args: Arguments) -> Json:
    members = slack.workspace.groups.get(args.text("usergroup"))
    if members is None:
        raise Refused("no_such_subteam")
    return {"users": members}


METHODS = {
    "users.info": Method(info, ("users:read",)),
    "users.list": Method(list_users, ("users:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
    "usergroups.list": Method(usergroups, ("usergroups:read",)),
    "usergroups.users.list": Method(usergroup_users, ("usergroups:read",)),
}
