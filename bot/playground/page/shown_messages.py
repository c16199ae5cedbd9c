"""How messages look: the JSON that the page draws of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bot.playground.page.emoji_names import character
from bot.playground.page.markup import Markup
from bot.playground.page.shown_blocks import shown_blocks
from bot.playground.page.tokens import as_typed
from bot.playground.slack.values import Ephemeral, File, Message, StreamState
from bot.playground.slack.workspace import TOMBSTONE, Workspace

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


class ShownMessages:
    """Turns messages, ephemerals and files into what the page draws."""

    def __init__(self, workspace: Workspace, markup: Markup, fork_emoji: Sequence[str]) -> None:
        self._workspace = workspace
        self._names = WorkspaceNames(workspace)
        self._markup = markup
        self._branch_marks = tuple(mark for name in fork_emoji for mark in (f":{name}:", character(name)) if mark)

    def posted(self, message: Message) -> Json:
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
            "html": "" if blocks else self._markup.mrkdwn(message.text),
            "blocks": shown_blocks(blocks, self._markup),
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
            "html": "" if message.blocks else self._markup.mrkdwn(message.text),
            "blocks": shown_blocks(message.blocks, self._markup),
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
            "html": self._markup.mrkdwn(str(attachment.get("text") or attachment.get("fallback") or "")),
            "blocks": shown_blocks(attachment.get("blocks", []), self._markup),
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


def _leading_text(block: Json) -> str:
    text = block.get("text", "")
    return str(text.get("text", "") if isinstance(text, dict) else text)
