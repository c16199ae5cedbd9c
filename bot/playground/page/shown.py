"""How the workspace looks to one person: the JSON that the page draws."""

from __future__ import annotations

from typing import Any

from bot.playground.page.emoji_names import PICKER, character
from bot.playground.page.facts import SUBCOMMANDS, PlaygroundFacts
from bot.playground.page.markup import Markup
from bot.playground.page.shown_blocks import shown_blocks
from bot.playground.page.shown_messages import ShownMessages, WorkspaceNames
from bot.playground.slack.values import Channel, ChannelKind, Status, User, View
from bot.playground.slack.workspace import STATUS_LIFETIME_S, Workspace

Json = dict[str, Any]


class Shown:
    """Turns what the workspace holds into what the page draws."""

    def __init__(self, workspace: Workspace, facts: PlaygroundFacts) -> None:
        self._workspace = workspace
        self._facts = facts
        self._markup = Markup(WorkspaceNames(workspace))
        self.messages = ShownMessages(workspace, self._markup, facts.fork_emoji)

    # --- the whole ----------------------------------------------------------------------------------------------------

    def workspace(self, user: str) -> Json:
        """Everything that does not belong to one channel, as `user` sees it."""
        workspace = self._workspace
        return {
            "team": workspace.team.name,
            "me": user,
            "people": [person.id for person in workspace.users.values() if not person.is_bot],
            "users": {person.id: self.user(person) for person in workspace.users.values()},
            "app": {
                "name": workspace.app.name,
                "user": workspace.app.user_id,
                "dm": workspace.dm(user).id,
                "shortcuts": [
                    {"callback_id": shortcut.callback_id, "name": shortcut.name}
                    for shortcut in workspace.app.shortcuts
                    if shortcut.on_message
                ],
            },
            "commands": self._commands(),
            "channels": [self.channel(channel) for channel in workspace.channels.values() if user in channel.members],
            "statuses": [self.status(status) for status in workspace.statuses.values()],
            "prompts": [self.prompts(*key) for key in workspace.prompts],
            "modals": self.modals(user),
            "home": self.home(user),
            "facts": self.facts(),
            "emoji": self.emoji(),
        }

    def facts(self) -> Json:
        facts = self._facts
        return {
            "model": facts.model,
            "scripted": facts.scripted,
            "store": facts.store,
            "store_note": facts.store_note,
            "command": facts.command,
            "suggestions": [{"title": one.title, "text": one.text, "place": one.place} for one in facts.suggestions],
        }

    def emoji(self) -> list[Json]:
        """The picker's emoji: the branch emoji first."""
        names = [*self._facts.fork_emoji, *(name for name in PICKER if name not in self._facts.fork_emoji)]
        return [{"name": name, "char": character(name), "branch": name in self._facts.fork_emoji} for name in names]

    def _commands(self) -> list[Json]:
        words = [{"word": word, "hint": hint, "about": about} for word, hint, about in SUBCOMMANDS]
        return [
            {
                "name": command.name,
                "about": command.description,
                "hint": command.usage_hint,
                "words": words if command.name == self._facts.command else [],
            }
            for command in self._workspace.app.commands
        ]

    def user(self, user: User) -> Json:
        return {
            "id": user.id,
            "name": user.real_name,
            "handle": user.name,
            "color": user.color,
            "admin": user.is_admin or user.is_owner,
            "bot": user.is_bot,
        }

    def channel(self, channel: Channel) -> Json:
        return {
            "id": channel.id,
            "name": channel.name,
            "im": channel.kind is ChannelKind.IM,
            "private": channel.kind is not ChannelKind.PUBLIC,
            "members": channel.members,
            "topic": channel.topic or channel.purpose,
        }

    # --- what else changes --------------------------------------------------------------------------------------------

    def status(self, status: Status) -> Json:
        left_s = status.set_at + STATUS_LIFETIME_S - self._workspace.clock.now()
        return {
            "channel": status.channel,
            "thread_ts": status.thread_ts,
            "text": status.text if left_s > 0 else "",
            "loading": status.loading_messages,
            "left_s": max(0.0, left_s),
        }

    def prompts(self, channel: str, thread_ts: str) -> Json:
        known = self._workspace.prompts.get((channel, thread_ts))
        return {
            "channel": channel,
            "thread_ts": thread_ts,
            "title": known.title if known else "",
            "prompts": known.prompts if known else [],
        }

    def modals(self, user: str) -> list[Json]:
        """The person's open modals, the topmost last."""
        return [self._view(view) for view in self._workspace.modals.get(user, [])]

    def home(self, user: str) -> Json | None:
        view = self._workspace.homes.get(user)
        return self._view(view) if view else None

    def _view(self, view: View) -> Json:
        body = view.body
        titles = {key: str((body.get(key) or {}).get("text", "")) for key in ("title", "submit", "close")}
        return titles | {
            "id": view.id,
            "hash": view.hash,
            "blocks": shown_blocks(view.blocks, self._markup),
            "state": view.state,
        }
