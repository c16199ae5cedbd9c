"""What the model is shown of a turn's messages: who said what, what came before, and which files hang on it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.model import Attachment, Message, Person, Spoken, Turn
from bot.ports import Chat

log = structlog.get_logger(__name__)

HISTORY_MESSAGES = 50
"""How many of a thread's earlier messages come along with a first mention, and into a recap."""

NAME_WAIT_S = 1.0
"""Seconds that a prompt waits for a name; it goes with the user's id then."""

NAMED = re.compile(r"@([UW][A-Z0-9]{5,})\b")
"""Somebody who is named in a message by their id."""

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What the Messages API takes as images."""

INTERRUPTED = (
    "You were interrupted while you worked on the last request, possibly in the middle of a tool call. "
    "Check what took effect before you repeat anything, then finish the request."
)


class PromptWriter:
    """Turns a turn's messages into the text and images of one prompt."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def write(self, turn: Turn, workdir: Path, *, recap: bool) -> tuple[str, Sequence[Path]]:
        """The prompt's text, and the image files in `workdir` that the model is to see.

        Args:
            workdir: where the messages' files are put.
            recap: the session was lost; bring the thread as Slack still shows it.
        """
        earlier, attached = await asyncio.gather(self._earlier(turn, recap=recap), self._attach(turn, workdir))
        names = await self._names(turn, earlier)
        sections = [
            _section("Earlier in this thread:", (_line(s.user, s.text, names) for s in earlier)),
            _section("Said since, not to you:", (_line(m.user, m.text, names) for m in turn.prompt.context)),
            "\n\n".join(self._said(turn, names)),
            _section("Attached files, in your working directory:", attached.notes),
        ]
        return "\n\n".join(section for section in sections if section), attached.images

    def _said(self, turn: Turn, names: dict[str, str]) -> Iterable[str]:
        speakers = {*turn.thread.people, *(m.user for m in turn.prompt.messages)}
        several = len(speakers) > 1 or bool(turn.prompt.context)
        for message in turn.prompt.messages:
            if message.text:
                yield _line(message.user, message.text, names) if several else _named(message.text, names)

    async def _earlier(self, turn: Turn, *, recap: bool) -> Sequence[Spoken]:
        """What was said before the session knows of it: before a first mention, or all there is for a recap."""
        first = turn.prompt.messages[0]
        thread = turn.thread
        new = not (thread.head or thread.source or thread.archived)
        joins = new and first.ts != thread.key.root_ts
        if not (recap or joins):
            return ()
        try:
            return await self._chat.history(thread.key, first.ts, HISTORY_MESSAGES)
        except (ChatAway, ChatRefused) as error:
            log.warning("history_failed", thread=str(thread.key), error=str(error))
            return ()

    async def _names(self, turn: Turn, earlier: Sequence[Spoken]) -> dict[str, str]:
        spoken: list[Spoken | Message] = [*earlier, *turn.prompt.messages, *turn.prompt.context]
        users = {s.user for s in spoken if s.user} | {user for s in spoken for user in NAMED.findall(s.text)}
        people = sorted(users)
        found = await asyncio.gather(*(self._name(Person(turn.thread.key.team, user)) for user in people))
        return dict(zip(people, found, strict=True))

    async def _name(self, person: Person) -> str:
        try:
            async with asyncio.timeout(NAME_WAIT_S):
                return await self._chat.name_of(person)
        except (TimeoutError, ChatAway, ChatRefused) as error:
            log.info("name_unknown", error=type(error).__name__)
            return person.user

    async def _attach(self, turn: Turn, workdir: Path) -> _Attached:
        attached = _Attached()
        for message in (*turn.prompt.context, *turn.prompt.messages):
            for file in message.files:
                await self._attach_one(message, file, workdir, attached)
        return attached

    async def _attach_one(self, message: Message, file: Attachment, workdir: Path, attached: _Attached) -> None:
        try:
            path = await self._chat.download(message.thread.team, file, workdir)
        except (ChatAway, ChatRefused, OSError) as error:
            log.warning("attachment_failed", thread=str(message.thread), file=file.id, error=type(error).__name__)
            attached.notes.append(f"- {file.name}: {_why_not(error)}; tell the person")
            return
        attached.notes.append(f"- {path.relative_to(workdir)}")
        if file.mimetype in IMAGE_TYPES:
            attached.images.append(path)


def _why_not(error: Exception) -> str:
    """Why a file is not there, for the model to pass on."""
    too_large = isinstance(error, ChatRefused) and error.code == "file_too_large"
    return "it is too large to be fetched" if too_large else "it could not be fetched from Slack"


class _Attached:
    """What became of a prompt's files."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.images: list[Path] = []


def _line(user: str, text: str, names: dict[str, str]) -> str:
    """One message with its speaker; the bot's own have none in Slack's history."""
    return f"{names.get(user, user) if user else 'You'}: {_named(text, names)}"


def _named(text: str, names: dict[str, str]) -> str:
    """The text with names where it has ids."""
    return NAMED.sub(lambda match: f"@{names.get(match[1], match[1])}", text)


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"{title}\n{body}" if body else ""
