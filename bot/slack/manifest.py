"""The Slack app's manifest, from the tables that the listeners are registered from.

Its form is that of slackapi/manifest-schema, version 1 (which is also what a manifest without `_metadata` counts as).
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from bot.slack.events import EVENTS
from bot.slack.http import PATH
from bot.slack.interactions import COMMAND, SHORTCUTS
from bot.slack.oauth.flow import REDIRECT_PATH
from bot.slack.scopes import SCOPES
from bot.slack.wording_commands import SUGGESTED_PROMPTS

DESCRIPTION = "Claude in Slack: every thread is a conversation that it remembers, and that you can branch."
AGENT_DESCRIPTION = (
    "Write to me, or mention me in a channel. Each thread is a conversation that I remember, for days. I can read and "
    "write files, search the web, and go on from any earlier message in a new thread."
)

HEADER = """\
# The Slack app, as `bot manifest` prints it: don't edit it here. To use it, see docs/install.md.
"""

Manifest = dict[str, Any]
"""JSON for Slack. Nothing in the bot reads it."""


def manifest(*, name: str, command: str, base_url: str = "") -> Manifest:
    """The app's manifest.

    Args:
        name: what the app and its user are called; at most 35 characters.
        command: the slash command, with its slash.
        base_url: where Slack reaches the bot over HTTPS (`https://bot.example.com`); empty for Socket Mode.
    """
    site = base_url.rstrip("/").removesuffix(PATH)
    address = {"request_url": site + PATH} if site else {}
    back = {"redirect_urls": [site + REDIRECT_PATH]} if site else {}
    return {
        "display_information": {"name": name, "description": DESCRIPTION},
        "features": _features(name, command, address.get("request_url", "")),
        "oauth_config": {**back, "scopes": {"bot": [scope.name for scope in SCOPES]}},
        "settings": {
            "event_subscriptions": {
                **address,
                "bot_events": sorted(subscription for row in EVENTS for subscription in row.subscriptions),
            },
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": bool(site),
            "socket_mode_enabled": not site,
            "token_rotation_enabled": False,
        },
    }


def _features(name: str, command: str, request_url: str) -> Manifest:
    return {
        "agent_view": {
            "agent_description": AGENT_DESCRIPTION,
            "suggested_prompts": [{"title": title, "message": message} for title, message in SUGGESTED_PROMPTS],
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": name, "always_online": True},
        "shortcuts": [
            {"name": row.name, "type": "message", "callback_id": str(row.id), "description": row.description}
            for row in SHORTCUTS
        ],
        "slash_commands": [
            {
                "command": command,
                **({"url": request_url} if request_url else {}),
                "description": COMMAND.description,
                "usage_hint": COMMAND.usage_hint,
                "should_escape": COMMAND.should_escape,
            }
        ],
    }


def as_json(document: Manifest) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_yaml(document: Manifest) -> str:
    """YAML for people: each scope has its reason beside it."""
    plain = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    reasons = {scope.name: scope.reason for scope in SCOPES}

    def explained(line: re.Match[str]) -> str:
        reason = reasons.get(line["item"])
        return f"{line[0]}  # {reason}" if reason else line[0]

    return HEADER + re.sub(r"^ *- (?P<item>[a-z_]+(?::[a-z_]+)?)$", explained, plain, flags=re.MULTILINE)
