"""The app's installation in the workspace: what the Web API's methods work upon, and what each is called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.playground.slack.arguments import Arguments
from bot.playground.slack.modals import Modals
from bot.playground.slack.streams import Streams
from bot.playground.slack.tickets import ResponseUrls, Triggers
from bot.playground.slack.values import Channel, ChannelKind, File, Json, Message, Refused
from bot.playground.slack.workspace import Workspace

SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "commands",
    "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write", "mpim:history",
    "mpim:read", "reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read",
)  # fmt: skip
"""What the app is granted unless told otherwise."""


@dataclass
class Upload:
    """A file whose upload has begun: announced, and (once `content` is there) received."""

    file: File
    length: int
    content: bytes | None = None


@dataclass
class Installation:
    """The app in the workspace, with its tokens.

    Args:
        tickets: Socket Mode URLs given out and not yet used.
        uploads: files announced and not yet completed, by their id.
        removed: an admin removed the app; its bot token is dead.
    """

    workspace: Workspace
    streams: Streams
    modals: Modals
    triggers: Triggers
    response_urls: ResponseUrls
    bot_token: str
    app_token: str
    signing_secret: str
    scopes: tuple[str, ...] = SCOPES
    tickets: set[str] = field(default_factory=set)
    uploads: dict[str, Upload] = field(default_factory=dict)
    removed: bool = False

    def visible_channel(self, channel_id: str) -> Channel:
        """A channel the app can see: a public one, or one it is in. Raises Refused(channel_not_found)."""
        channel = self.workspace.channel(channel_id)
        if channel.kind is not ChannelKind.PUBLIC and self.workspace.app.user_id not in channel.members:
            raise Refused("channel_not_found")
        return channel

    def joined_channel(self, channel_id: str) -> Channel:
        """A channel the app is in. Raises Refused: channel_not_found, not_in_channel, is_archived."""
        channel = self.visible_channel(channel_id)
        if self.workspace.app.user_id not in channel.members:
            raise Refused("not_in_channel")
        if channel.is_archived:
            raise Refused("is_archived")
        return channel

    def destination(self, channel_id: str) -> Channel:
        """Where a message may be posted: a channel the app is in, or a person's DM by the person's id."""
        if channel_id in self.workspace.users and channel_id != self.workspace.app.user_id:
            return self.workspace.dm(channel_id)
        return self.joined_channel(channel_id)

    def own_message(self, channel_id: str, ts: str, otherwise: str) -> Message:
        """A message the app wrote. Raises Refused: message_not_found, and `otherwise` for someone else's."""
        message = self.workspace.message(self.joined_channel(channel_id).id, ts)
        if message.bot_id != self.workspace.app.bot_id:
            raise Refused(otherwise)
        return message


Handler = Callable[[Installation, Arguments], Json]


@dataclass(frozen=True)
class Method:
    """A Web API method.

    Args:
        handler: what it does; raises Refused.
        scopes: one of these the app must have; none when any token will do.
        app_level: called with the app-level token (`xapp-`).
    """

    handler: Handler
    scopes: tuple[str, ...] = ()
    app_level: bool = False
