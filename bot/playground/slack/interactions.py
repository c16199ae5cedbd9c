"""The payloads of what people do with the app: commands, clicks, shortcuts, submitted and closed views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.playground.slack.elements import Choice, chosen, filled, find
from bot.playground.slack.tickets import ResponseTarget, ResponseUrls, Triggers
from bot.playground.slack.values import Channel, ChannelKind, Ephemeral, Json, Message, Refused, View
from bot.playground.slack.wire import message_json, view_json
from bot.playground.slack.workspace import Workspace

VERIFICATION_TOKEN = "emulated-verification-token"  # noqa: S105 - legacy field of every payload, checks nothing


@dataclass(frozen=True)
class Answer:
    """How the app took a command or interaction.

    Args:
        acknowledged: False when no acknowledgement came within three seconds.
        payload: what came with the acknowledgement, such as `response_action`.
    """

    acknowledged: bool
    payload: Json = field(default_factory=dict)


class Courier(Protocol):
    """Brings an interaction to the app, once, and waits for its acknowledgement."""

    async def ask(self, kind: str, payload: Json) -> Answer:
        """`kind` is `slash_commands` or `interactive`."""
        ...


class Payloads:
    """Makes interaction payloads in Slack's documented shapes."""

    def __init__(self, workspace: Workspace, triggers: Triggers, response_urls: ResponseUrls) -> None:
        self._workspace = workspace
        self._triggers = triggers
        self._response_urls = response_urls

    def command(self, user: str, channel: Channel, name: str, text: str) -> Json:
        workspace = self._workspace
        return {
            "token": VERIFICATION_TOKEN,
            "team_id": workspace.team.id,
            "team_domain": workspace.team.domain,
            "channel_id": channel.id,
            "channel_name": _shown_name(channel),
            "user_id": user,
            "user_name": workspace.user(user).name,
            "command": name,
            "text": text,
            "api_app_id": workspace.app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(ResponseTarget(user, channel.id)),
            "trigger_id": self._triggers.issue(user),
        }

    def block_actions(
        self,
        user: str,
        place: Message | Ephemeral | View,
        action_id: str,
        choice: Choice,
        block_id: str,
        inputs: Mapping[str, Choice],
    ) -> Json:
        """A click, or a choice in a menu. Raises Refused: no_such_action, no_such_option.

        Args:
            inputs: what the message's inputs hold, by action_id. A view keeps its own.
        """
        block, element = find(place.blocks, action_id, choice, block_id)
        action = {
            "action_id": action_id,
            "block_id": block.get("block_id", ""),
            **chosen(element, choice),
            "action_ts": self._workspace.next_ts(),
        }
        payload = {"type": "block_actions"} | self._who(user) | {"trigger_id": self._triggers.issue(user)}
        if isinstance(place, View):
            return payload | self._in_view(place) | {"actions": [action]}
        return payload | self._in_message(user, place, inputs) | {"actions": [action]}

    def message_shortcut(self, user: str, callback_id: str, message: Message) -> Json:
        channel = self._workspace.channel(message.channel)
        target = ResponseTarget(user, channel.id, message.ts, message.thread_ts)
        return {
            "type": "message_action",
            **self._who(user),
            "action_ts": self._workspace.next_ts(),
            "callback_id": callback_id,
            "trigger_id": self._triggers.issue(user),
            "response_url": self._response_url(target),
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": _shown_name(channel)},
            "message": message_json(self._workspace, message),
        }

    def global_shortcut(self, user: str, callback_id: str) -> Json:
        return {
            "type": "shortcut",
            **self._who(user),
            "action_ts": self._workspace.next_ts(),
            "callback_id": callback_id,
            "trigger_id": self._triggers.issue(user),
        }

    def view_submission(self, view: View) -> Json:
        return {
            "type": "view_submission",
            **self._who(view.user),
            "trigger_id": self._triggers.issue(view.user),
            "view": view_json(self._workspace, view),
            "response_urls": [],
        }

    def view_closed(self, view: View, *, is_cleared: bool) -> Json:
        return {
            "type": "view_closed",
            **self._who(view.user),
            "view": view_json(self._workspace, view),
            "is_cleared": is_cleared,
        }

    def _who(self, user: str) -> Json:
        team, person = self._workspace.team, self._workspace.user(user)
        return {
            "team": {"id": team.id, "domain": team.domain},
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": self._workspace.team_of(user),
            },
            "api_app_id": self._workspace.app.id,
            "token": VERIFICATION_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _in_view(self, view: View) -> Json:
        return {
            "container": {"type": "view", "view_id": view.id},
            "view": view_json(self._workspace, view),
        }

    def _in_message(self, user: str, place: Message | Ephemeral, inputs: Mapping[str, Choice]) -> Json:
        channel = self._workspace.channel(place.channel)
        ephemeral = isinstance(place, Ephemeral)
        container: Json = {
            "type": "message",
            "message_ts": place.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if place.thread_ts:
            container["thread_ts"] = place.thread_ts
        target = ResponseTarget(user, channel.id, place.ts, place.thread_ts)
        payload: Json = {
            "container": container,
            "channel": {"id": channel.id, "name": _shown_name(channel)},
            "state": {"values": filled(place.blocks, inputs)},
            "response_url": self._response_url(target),
        }
        if isinstance(place, Message):
            payload["message"] = message_json(self._workspace, place)
        return payload

    def _response_url(self, target: ResponseTarget) -> str:
        return self._workspace.site + self._response_urls.issue(target)


def _shown_name(channel: Channel) -> str:
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.kind is ChannelKind.PRIVATE else channel.name


def require_shown(place: Message | Ephemeral | View, workspace: Workspace, user: str) -> None:
    """Nobody can click in what they don't see. Raises Refused(not_visible)."""
    if isinstance(place, Message):
        visible = user in workspace.channel(place.channel).members
    elif isinstance(place, Ephemeral):
        visible = place.user == user and place.ts in workspace.ephemerals
    else:
        visible = place.user == user
    if not visible:
        raise Refused("not_visible")
