"""How the workspace looks to one person: the JSON that the page draws."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bot.playground.page.emoji_names import PICKER, character
from bot.playground.page.facts import SUBCOMMANDS, PlaygroundFacts
from bot.playground.page.markup import Markup
from bot.playground.page.shown_blocks import shown_blocks
from bot.playground.page.tokens import as_typed
from bot.playground.slack.values import Channel, ChannelKind, Ephemeral, File, Message, Status, StreamState, User, View
from bot.playground.slack.workspace import STATUS_LIFETIME_S, TOMBSTONE, Workspace

Json = dict[str, Any]

FACES = 5
"""How many people a thread's summary shows."""

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What the page shows in place; everything else is offered for download."""

FILES_PATH = "/ui/files/"


class WorkspaceNames:
    """The names of a workspace, for mentions."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def user_name(self, user: str) -> str:
        known = self._workspace.users.get(user)
        return known.real_name if known else ""

    def channel_name(self, channel: str) -> str:
        known = self._workspace.channels.get(channel)
        return known.name if known else ""


class Shown:
    """Turns what the workspace holds into what the page draws."""

    def __init__(self, workspace: Workspace, facts: PlaygroundFacts) -> None:
        self._workspace = workspace
        self._facts = facts
        self._branch_marks = tuple(mark for name in facts.fork_emoji for mark in (f":{name}:", character(name)) if mark)
        self._names = WorkspaceNames(workspace)
        self.markup = Markup(self._names)

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

    # --- messages -----------------------------------------------------------------------------------------------------

    def message(self, message: Message) -> Json:
        """A message with everything that hangs on it; a root also tells of its thread."""
        typed = not message.bot_id and message.subtype != TOMBSTONE
        blocks = [] if typed else message.blocks  # a person's rich_text only repeats the text, without its formatting
        return {
            "channel": message.channel,
            "ts": message.ts,
            "root_ts": message.root_ts,
            "reply": message.is_reply,
            "broadcast": message.broadcast,
            "user": message.user,
            "name": message.username,
            "typed": as_typed(message.text, self._names) if typed else "",
            "html": "" if blocks else self.markup.mrkdwn(message.text),
            "blocks": shown_blocks(blocks, self.markup),
            "attachments": [self._attachment(attachment) for attachment in message.attachments],
            "files": [self.file(known) for one in message.files if (known := self._workspace.files.get(one))],
            "reactions": [
                {"name": name, "char": character(name), "users": users} for name, users in message.reactions.items()
            ],
            "edited": bool(message.edited_ts),
            "streaming": message.stream is not None and message.stream.state is StreamState.LIVE,
            "tombstone": message.subtype == TOMBSTONE,
            "branch": self._is_branch_root(message),
            "thread": None if message.is_reply else self._thread(message),
            "ephemeral": False,
            "link": self._workspace.permalink(message),
        }

    def ephemeral(self, message: Ephemeral) -> Json:
        """Like a message; what an ephemeral can't have is empty."""
        return {
            "channel": message.channel,
            "ts": message.ts,
            "root_ts": message.thread_ts or message.ts,
            "reply": bool(message.thread_ts),
            "broadcast": False,
            "user": self._workspace.app.user_id,
            "name": "",
            "typed": "",
            "html": "" if message.blocks else self.markup.mrkdwn(message.text),
            "blocks": shown_blocks(message.blocks, self.markup),
            "attachments": [self._attachment(attachment) for attachment in message.attachments],
            "files": [],
            "reactions": [],
            "edited": False,
            "streaming": False,
            "tombstone": False,
            "branch": False,
            "thread": None,
            "ephemeral": True,
            "link": "",
        }

    def file(self, file: File) -> Json:
        return {
            "id": file.id,
            "name": file.title or file.name,
            "mimetype": file.mimetype,
            "size": len(file.content),
            "image": file.mimetype in IMAGES,
            "url": FILES_PATH + file.id,
        }

    def _attachment(self, attachment: Json) -> Json:
        """The older attachments, of which unfurled links are made."""
        color = str(attachment.get("color", ""))
        return {
            "title": str(attachment.get("title", "")),
            "html": self.markup.mrkdwn(str(attachment.get("text") or attachment.get("fallback") or "")),
            "blocks": shown_blocks(attachment.get("blocks", []), self.markup),
            "color": color.removeprefix("#"),
        }

    def _is_branch_root(self, message: Message) -> bool:
        if not message.bot_id or message.is_reply:
            return False
        texts = [message.text, *(_leading_text(block) for block in message.blocks[:1])]
        return any(text.startswith(self._branch_marks) for text in texts)

    def _thread(self, root: Message) -> Json | None:
        replies = self._workspace.replies(root.channel, root.ts)
        if not replies:
            return None
        authors = Counter(reply.user for reply in replies)
        return {
            "count": len(replies),
            "users": list(authors)[:FACES],
            "latest": replies[-1].ts,
            "streaming": any(reply.stream and reply.stream.state is StreamState.LIVE for reply in replies),
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
            "blocks": shown_blocks(view.blocks, self.markup),
            "state": view.state,
        }


def _leading_text(block: Json) -> str:
    text = block.get("text", "")
    return str(text.get("text", "") if isinstance(text, dict) else text)
