"""The events that the app hears, made of what happens in the workspace, in Slack's documented shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod

from bot.playground.slack.changes import (
    Cause,
    Change,
    HomeOpened,
    MemberJoined,
    MessageChanged,
    MessageDeleted,
    MessagePosted,
    ReactionChanged,
    StopPressed,
)
from bot.playground.slack.interactions import VERIFICATION_TOKEN
from bot.playground.slack.values import Channel, Json, Message
from bot.playground.slack.wire import channel_type, message_json, view_json
from bot.playground.slack.workspace import Workspace

SUBSCRIBED = frozenset(
    {
        "agent_session_stopped", "app_context_changed", "app_home_opened", "app_mention", "app_uninstalled",
        "message.channels", "message.groups", "message.im", "message.mpim", "reaction_added", "team_access_granted",
        "team_access_revoked", "tokens_revoked",
    }
)  # fmt: skip
"""What the app has subscribed to unless told otherwise."""

_MESSAGE_SUBSCRIPTIONS = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}


class Events:
    """Watches a workspace and hands out the events that the app has subscribed to.

    Args:
        deliver: takes each whole `event_callback` payload.
        organisation: whose installation the events go to, instead of the workspace's own.
        every_append: tell each append to a stream as `message_changed`; otherwise only a stream's end.
    """

    def __init__(
        self,
        workspace: Workspace,
        deliver: Callable[[Json], None],
        subscribed: frozenset[str] = SUBSCRIBED,
        *,
        every_append: bool = False,
        organisation: str = "",
    ) -> None:
        self._workspace = workspace
        self._organisation = organisation
        self._deliver = deliver
        self._subscribed = subscribed
        self._every_append = every_append

    def hear(self, change: Change) -> None:
        """Make the events of a change. To be subscribed to the workspace."""
        self._on(change)

    @singledispatchmethod
    def _on(self, change: object) -> None:
        """Most changes are no events."""

    @_on.register
    def _(self, change: MessagePosted) -> None:
        message = change.message
        channel = self._workspace.channel(message.channel)
        event = self._message(message) | {"channel": channel.id, "event_ts": message.ts}
        mentioned = f"<@{self._workspace.app.user_id}" in message.text
        if mentioned and not message.bot_id and not channel.is_im:
            mention = {key: value for key, value in event.items() if key != "subtype"}
            self._send("app_mention", channel, mention | {"type": "app_mention", "team": self._workspace.team.id})
        # Of people of other workspaces the two tell it in different places: bolt-python, test_request_internals.py.
        event = {key: value for key, value in event.items() if key not in {"user_team", "source_team"}}
        self._send_message(channel, event, sent_from=self._workspace.team_of(message.user))

    @_on.register
    def _(self, change: MessageChanged) -> None:
        if change.cause is Cause.THREAD or (change.cause is Cause.STREAM and not self._every_append):
            return
        channel = self._workspace.channel(change.message.channel)
        ts = self._workspace.next_ts()
        event: Json = {
            "type": "message",
            "subtype": "message_changed",
            "message": self._inner(change.message),
            "previous_message": self._inner(change.previous),
            "channel": channel.id,
            "hidden": True,
            "ts": ts,
            "event_ts": ts,
        }
        self._send_message(channel, event)

    @_on.register
    def _(self, change: MessageDeleted) -> None:
        channel = self._workspace.channel(change.message.channel)
        ts = self._workspace.next_ts()
        event: Json = {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": self._inner(change.message),
            "channel": channel.id,
            "hidden": True,
            "deleted_ts": change.message.ts,
            "ts": ts,
            "event_ts": ts,
        }
        self._send_message(channel, event)

    @_on.register
    def _(self, change: ReactionChanged) -> None:
        message = change.message
        event: Json = {
            "type": "reaction_added" if change.added else "reaction_removed",
            "user": change.user,
            "reaction": change.name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
            "event_ts": self._workspace.next_ts(),
        }
        self._send(event["type"], self._workspace.channel(message.channel), event)

    @_on.register
    def _(self, change: HomeOpened) -> None:
        event: Json = {
            "type": "app_home_opened",
            "user": change.user,
            "channel": change.channel,
            "tab": change.tab,
            "event_ts": self._workspace.next_ts(),
        }
        home = self._workspace.homes.get(change.user)
        if home is not None and change.tab == "home":
            event["view"] = view_json(self._workspace, home)
        self._send("app_home_opened", self._workspace.channel(change.channel), event)

    @_on.register
    def _(self, change: StopPressed) -> None:
        event: Json = {
            "type": "agent_session_stopped",
            "channel": change.channel,
            "user": change.user,
            "thread_ts": change.thread_ts,
            "streaming_message_ts": list(change.streams),
            "event_ts": self._workspace.next_ts(),
        }
        self._send("agent_session_stopped", self._workspace.channel(change.channel), event)

    @_on.register
    def _(self, change: MemberJoined) -> None:
        event: Json = {
            "type": "member_joined_channel",
            "user": change.user.id,
            "channel": change.channel.id,
            "channel_type": "C",
            "team": self._workspace.team.id,
            "event_ts": self._workspace.next_ts(),
        }
        self._send("member_joined_channel", change.channel, event)

    def _message(self, message: Message) -> Json:
        wire = message_json(self._workspace, message)
        return {key: value for key, value in wire.items() if not key.startswith("reply_") and key != "latest_reply"}

    def _inner(self, message: Message) -> Json:
        team = self._workspace.team_of(message.user)
        return message_json(self._workspace, message) | {"source_team": team, "user_team": team}

    def _send_message(self, channel: Channel, event: Json, *, sent_from: str = "") -> None:
        kind = channel_type(channel)
        self._send(_MESSAGE_SUBSCRIPTIONS[kind], channel, event | {"channel_type": kind}, sent_from=sent_from)

    def _send(self, subscription: str, channel: Channel, event: Json, *, sent_from: str = "") -> None:
        """Only what was subscribed to, and only from where the app is."""
        if subscription not in self._subscribed or self._workspace.app.user_id not in channel.members:
            return
        self._deliver(self.callback(event, shared=self._workspace.is_shared(channel), sent_from=sent_from))

    def callback(self, event: Json, *, shared: bool = False, sent_from: str = "") -> Json:
        """The whole payload around an event, under a new event id.

        Args:
            shared: people of other workspaces are in its channel.
            sent_from: the workspace of whoever wrote a message; with Slack Connect it can be another one.
        """
        workspace = self._workspace
        team = workspace.team.id
        authorization = {
            "enterprise_id": self._organisation or None,
            "team_id": None if self._organisation else team,
            "user_id": workspace.app.user_id,
            "is_bot": True,
            "is_enterprise_install": bool(self._organisation),
        }
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": sent_from or team,
            "context_team_id": team,
            "context_enterprise_id": self._organisation or None,
            "enterprise_id": self._organisation or None,
            "api_app_id": workspace.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": workspace.ids.new("Ev"),
            "event_time": int(workspace.clock.now()),
            "authorizations": [authorization],
            "is_ext_shared_channel": shared,
            "event_context": "4-" + workspace.ids.secret(40),
        }
