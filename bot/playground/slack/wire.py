"""How users, channels, messages, files and views look in Slack's responses and events."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import replace
from urllib.parse import quote

from bot.playground.slack.values import AgentSession, Channel, ChannelKind, Ephemeral, File, Json, Message, User, View
from bot.playground.slack.workspace import Workspace

_CHANNEL_TYPES = {
    ChannelKind.PUBLIC: "channel",
    ChannelKind.PRIVATE: "group",
    ChannelKind.IM: "im",
    ChannelKind.MPIM: "mpim",
}


def channel_type(channel: Channel) -> str:
    """The `channel_type` of message events: channel, group, im or mpim."""
    return _CHANNEL_TYPES[channel.kind]


def user_json(workspace: Workspace, user: User) -> Json:
    is_app = user.id == workspace.app.user_id
    return {
        "id": user.id,
        "team_id": user.team or workspace.team.id,
        "name": user.name,
        "deleted": False,
        "color": user.color,
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": _profile(workspace, user),
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": user.is_owner,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1_790_000_000,
        "is_email_confirmed": not is_app,
        "who_can_share_contact_card": "EVERYONE",
    }


def _profile(workspace: Workspace, user: User) -> Json:
    first, _, last = user.real_name.partition(" ")
    profile: Json = {
        "title": "",
        "phone": "",
        "skype": "",
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": "" if user.is_bot else user.real_name,
        "display_name_normalized": "" if user.is_bot else user.real_name,
        "fields": None,
        "status_text": user.status_text,
        "status_emoji": user.status_emoji,
        "status_emoji_display_info": [],
        "status_expiration": 0,
        "avatar_hash": hashlib.sha256(user.id.encode()).hexdigest()[:12],
        "first_name": first,
        "last_name": last,
        "team": user.team or workspace.team.id,
    }
    for size in (24, 32, 48, 72, 192, 512):
        profile[f"image_{size}"] = f"https://avatars.slack-edge.com/{user.id}_{size}.png"
    if user.id == workspace.app.user_id:
        profile |= {"api_app_id": workspace.app.id, "bot_id": workspace.app.bot_id, "always_active": True}
    return profile


def channel_json(workspace: Workspace, channel: Channel, for_user: str) -> Json:
    """A conversation as `for_user` (usually the bot) sees it."""
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": workspace.team.id,
        "updated": channel.created * 1000,
    }
    if channel.is_im:
        other = next((member for member in channel.members if member != for_user), for_user)
        return common | {"user": other, "is_user_deleted": False, "is_open": True, "priority": 0}
    is_private = channel.kind is not ChannelKind.PUBLIC
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind is ChannelKind.PUBLIC,
        "is_group": channel.kind is ChannelKind.PRIVATE,
        "is_mpim": channel.kind is ChannelKind.MPIM,
        "is_private": is_private,
        "is_general": channel.name == "general",
        "is_shared": workspace.is_shared(channel),
        "is_ext_shared": workspace.is_shared(channel),
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "pending_connected_team_ids": [],
        "shared_team_ids": [workspace.team.id],
        "parent_conversation": None,
        "creator": channel.creator,
        "unlinked": 0,
        "is_member": for_user in channel.members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "previous_names": [],
        "num_members": len(channel.members),
    }


def bot_profile(workspace: Workspace, bot_id: str = "") -> Json:
    """The app's own, or that of another app's bot."""
    app = workspace.app
    if bot_id not in ("", app.bot_id):
        app = replace(app, id=f"A{bot_id[1:]}", bot_id=bot_id, name="Another app")
    icons = {f"image_{size}": f"https://avatars.slack-edge.com/{app.bot_id}_{size}.png" for size in (36, 48, 72)}
    return {
        "id": app.bot_id,
        "deleted": False,
        "name": app.name,
        "updated": 1_790_000_000,
        "app_id": app.id,
        "icons": icons,
        "team_id": workspace.team.id,
    }


def message_json(workspace: Workspace, message: Message, *, metadata: bool = False) -> Json:
    """A message as conversations.history and .replies give it.

    Args:
        metadata: include the event payload, as with `include_all_metadata`.
    """
    team = workspace.team_of(message.user)
    wire: Json = {"type": "message", "ts": message.ts, "text": message.text, "team": team}
    if team != workspace.team.id:
        wire |= {"user_team": team, "source_team": team}
    named = {"user": message.user, "subtype": message.subtype, "client_msg_id": message.client_msg_id}
    wire |= {name: value for name, value in named.items() if value}
    if message.bot_id:
        profile = bot_profile(workspace, message.bot_id)
        wire |= {"bot_id": message.bot_id, "app_id": profile["app_id"], "bot_profile": profile}
    if message.username:
        wire["username"] = message.username
    for name, parts in (("blocks", message.blocks), ("attachments", message.attachments)):
        if parts:
            wire[name] = parts
    if message.files:
        wire |= {"files": [file_json(workspace, workspace.files[file_id]) for file_id in message.files]}
        wire |= {"upload": False, "display_as_bot": False}
    if message.edited_ts:
        wire["edited"] = {"user": message.edited_by, "ts": message.edited_ts}
    if message.metadata:
        wire["metadata"] = message.metadata if metadata else {"event_type": message.metadata.get("event_type", "")}
    if message.reactions:
        wire["reactions"] = [
            {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
        ]
    return wire | _thread_part(workspace, message)


def _thread_part(workspace: Workspace, message: Message) -> Json:
    if not message.thread_ts:
        return {}
    if message.is_reply:
        parent = workspace.message(message.channel, message.thread_ts)
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user}
    replies = workspace.replies(message.channel, message.ts)
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts if replies else message.ts,
        "reply_users": users[:5],
        "is_locked": False,
        "subscribed": False,
    }


def ephemeral_json(workspace: Workspace, message: Ephemeral) -> Json:
    """An ephemeral message as a client shows it. The app's own payloads never carry one."""
    return {
        "type": "message",
        "subtype": "bot_message",
        "is_ephemeral": True,
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "bot_id": workspace.app.bot_id,
        "user": workspace.app.user_id,
        "thread_ts": message.thread_ts,
    }


def file_json(workspace: Workspace, file: File) -> Json:
    extension = file.name.rsplit(".", 1)[-1].lower() if "." in file.name else "text"
    path = f"{workspace.team.id}-{file.id}"
    name = quote(file.name.lower().replace(" ", "_"))
    channels = [channel for channel, _ in file.shares]
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": extension,
        "pretty_type": extension.upper(),
        "user": file.user,
        "user_team": workspace.team.id,
        "editable": False,
        "size": len(file.content),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{workspace.site}/files-pri/{path}/{name}",
        "url_private_download": f"{workspace.site}/files-pri/{path}/download/{name}",
        "media_display_type": "unknown",
        "permalink": f"https://{workspace.team.domain}.slack.com/files/{file.user}/{file.id}/{name}",
        "permalink_public": f"https://slack-files.com/{path}-{file.id.lower()}",
        "alt_txt": file.alt_text,
        "channels": channels,
        "groups": [],
        "ims": [],
        "has_rich_preview": False,
        "file_access": "visible",
    }


def guess_mimetype(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def view_json(workspace: Workspace, view: View) -> Json:
    """A view as responses and payloads give it, with everything Slack fills in."""
    body = view.body
    return {
        "id": view.id,
        "team_id": workspace.team.id,
        "type": body["type"],
        "blocks": view.blocks,
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "state": {"values": view.state},
        "hash": view.hash,
        "title": body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "close": body.get("close"),
        "submit": body.get("submit"),
        "previous_view_id": view.previous_view_id or None,
        "root_view_id": view.root_view_id or view.id,
        "app_id": workspace.app.id,
        "external_id": body.get("external_id", ""),
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.app.bot_id,
    }


def session_json(session: AgentSession) -> Json:
    return {"channel_id": session.channel, "thread_ts": session.thread_ts, "status": session.status}
