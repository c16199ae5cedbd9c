"""auth.test, auth.revoke, api.test, team.info and apps.connections.open: who one is, and how to connect."""

from __future__ import annotations

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Json, Refused


def auth_test(slack: Installation, args: Arguments) -> Json:  # noqa: ARG001 - every method has this shape
    team, app = slack.workspace.team, slack.workspace.app
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": slack.workspace.user(app.user_id).name,
        "team_id": team.id,
        "user_id": app.user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def api_test(slack: Installation, args: Arguments) -> Json:  # noqa: ARG001 - every method has this shape
    if args.has("error"):
        raise Refused(args.text("error"))
    return {"args": args.given}


def team_info(slack: Installation, args: Arguments) -> Json:  # noqa: ARG001 - every method has this shape
    team = slack.workspace.team
    url = f"https://{team.domain}.slack.com/"
    icon = {"image_default": True}
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "url": url, "icon": icon}}


def open_connection(slack: Installation, args: Arguments) -> Json:  # noqa: ARG001 - every method has this shape
    ticket = slack.workspace.ids.uuid()
    slack.tickets.add(ticket)
    site = slack.workspace.site.replace("http://", "ws://", 1)
    return {"url": f"{site}/link/?ticket={ticket}&app_id={slack.workspace.app.id}"}


def revoke(slack: Installation, args: Arguments) -> Json:  # noqa: ARG001 - every method has this shape
    slack.removed = True
    return {"revoked": True}


METHODS = {
    "auth.revoke": Method(revoke),
    "auth.test": Method(auth_test),
    "api.test": Method(api_test),
    "team.info": Method(team_info, ("team:read",)),
    "apps.connections.open": Method(open_connection, app_level=True),
}
