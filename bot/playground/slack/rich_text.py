"""What a person types, as Slack's clients send it: mrkdwn with escapes and mentions, and a rich_text block."""

from __future__ import annotations

import re

from bot.playground.slack.values import Json
from bot.playground.slack.workspace import Workspace

_TOKEN = re.compile(
    r"<@(?P<user>[UW][A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<#(?P<channel>[CG][A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<!(?P<broadcast>here|channel|everyone)(?:\|[^>]*)?>"
    r"|<!subteam\^(?P<group>S[A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<(?P<url>[a-z]+:[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|:(?P<emoji>[a-z0-9_+\-]+):"
)
_TYPED = re.compile(r"(?P<url>https?://[^\s<>]+)|@(?P<user>[\w.\-]+)|#(?P<channel>[\w\-]+)")
_BROADCASTS = {"here", "channel", "everyone"}


def escaped(text: str) -> str:
    """Text with the three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed(workspace: Workspace, text: str) -> str:
    """Turn what someone types (`@Claude see #general <b>`) into what Slack sends (`<@U…> see <#C…> &lt;b&gt;`).

    `@` takes a handle, or a name without its spaces; what names nobody stays as it is.
    """
    users = {user.name.lower(): user.id for user in workspace.users.values()}
    users |= {user.real_name.replace(" ", "").lower(): user.id for user in workspace.users.values()}
    channels = {channel.name: channel.id for channel in workspace.channels.values() if channel.name}

    def token(match: re.Match[str]) -> str:
        found = match[0]
        if match["url"]:
            return f"<{found}>"
        if match["channel"] in channels:
            return f"<#{channels[match['channel']]}|{match['channel']}>"
        name = (match["user"] or "").lower()
        trailing = name[len(name.rstrip(".-")) :]
        name = name.rstrip(".-")
        if name in users:
            return f"<@{users[name]}>{trailing}"
        return f"<!{name}>{trailing}" if name in _BROADCASTS else found

    return _TYPED.sub(token, escaped(text))


def rich_text_block(text: str, block_id: str) -> Json:
    """The block that Slack's clients send along with a typed message."""
    elements: list[Json] = []
    position = 0
    for match in _TOKEN.finditer(text):
        elements.extend(_plain(text[position : match.start()]))
        elements.append(_element(match))
        position = match.end()
    elements.extend(_plain(text[position:]))
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _plain(text: str) -> list[Json]:
    return [{"type": "text", "text": unescaped(text)}] if text else []


def _element(match: re.Match[str]) -> Json:
    if match["user"]:
        return {"type": "user", "user_id": match["user"]}
    if match["channel"]:
        return {"type": "channel", "channel_id": match["channel"]}
    if match["broadcast"]:
        return {"type": "broadcast", "range": match["broadcast"]}
    if match["group"]:
        return {"type": "usergroup", "usergroup_id": match["group"]}
    if match["emoji"]:
        return {"type": "emoji", "name": match["emoji"]}
    link: Json = {"type": "link", "url": unescaped(match["url"])}
    return link | ({"text": unescaped(match["label"])} if match["label"] else {})
