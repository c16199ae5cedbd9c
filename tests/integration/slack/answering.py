"""A whole turn through slack_sdk and HTTP into the emulated Slack, and what people see of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.clock import SystemClock
from bot.model import (
    Address,
    Closing,
    Ending,
    Message,
    Outcome,
    Progress,
    Prompt,
    TextDelta,
    Thread,
    ThreadKey,
    ToolFinished,
    ToolStarted,
    Turn,
)
from bot.playground.slack import values
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, TEAM, U_ANA
from bot.ports import Reply
from bot.slack.api.rates import LocalBuckets
from bot.slack.api.web import Web, web_client
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.reply.replies import Replies
from bot.slack.reply.sending import Tempo
from tests.unit.slack.reply.read_back import check_told
from tests.workspaces import installed_with

FAST = Tempo(stream_s=0.01, update_s=0.01, plenty_s=0.0, backoff_s=0.01)
PART_BYTES = 4_000
TIMEOUT_S = 0.4
"""Of one call; what is late is later than this."""


class HastyClock(SystemClock):
    """Nobody in these tests has the time to wait as long as Slack asks for."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


class Unlimited(LocalBuckets):
    """No call waits for its turn."""

    def _wait_s(self, *_: object) -> float:
        return 0.0


@dataclass
class Kept:
    """A journal that keeps the last progress."""

    progress: Progress = field(default_factory=Progress)

    async def save(self, progress: Progress) -> None:
        self.progress = progress


@dataclass
class Answering:
    """A turn in a new thread of #general, in an emulated workspace."""

    slack: EmulatedSlack
    mode: StreamingMode = StreamingMode.AUTO
    said: str = ""
    journal: Kept = field(default_factory=Kept)
    root: str = ""

    def __post_init__(self) -> None:
        self.root = self.slack.people.say(U_ANA, C_GENERAL, "hello")

    @asynccontextmanager
    async def reply(self) -> AsyncIterator[Reply]:
        """The turn's reply, taken up where the journal says."""
        key = ThreadKey(TEAM, C_GENERAL, self.root)
        prompt = Prompt((Message(key, self.root, U_ANA, "hello", Address.BOT),))
        turn = Turn("turn-1", Thread(key, "session-1"), prompt, SystemClock().now(), progress=self.journal.progress)
        async with aiohttp.ClientSession() as session:
            client = web_client(self.slack.bot_token, self.slack.api_url, session)
            web = Web(client, HastyClock(), team=TEAM, buckets=Unlimited(HastyClock()), timeout_s=TIMEOUT_S)
            modes = ChannelModes(self.mode, HastyClock())
            replies = Replies(installed_with(web), HastyClock(), modes, tempo=FAST, part_bytes=PART_BYTES)
            async with replies.open(turn, self.journal) as reply:
                yield reply

    async def tell(
        self,
        pieces: Sequence[str],
        *,
        tool: bool = False,
        deeds: Mapping[int, Callable[[Answering], None]] | None = None,
        files: tuple[Path, ...] = (),
    ) -> Sequence[str]:
        """The whole turn. Returns the ts of its messages.

        Args:
            tool: one is used behind the second piece.
            deeds: what somebody does behind a piece, by its number.
        """
        async with self.reply() as reply:
            for number, piece in enumerate(pieces):
                self.said += piece
                await reply.feed(TextDelta(piece))
                if tool and number == 1:
                    await reply.feed(ToolStarted("tool-1", "Read", "Reading 1"))
                    await reply.feed(ToolFinished("tool-1", ok=True, summary="40 lines"))
                await asyncio.sleep(0.005)
                if deeds and number in deeds:
                    deeds[number](self)
            return await reply.close(Closing(Outcome(Ending.DONE, "session-1"), files=files))

    def press_stop(self) -> None:
        self.slack.streams.press_stop(U_ANA, C_GENERAL, self.root)

    def expire(self) -> None:
        self.slack.expire_streams()

    def delete_messages(self) -> None:
        for message in self.messages:
            self.slack.workspace.delete(message)

    @property
    def messages(self) -> list[values.Message]:
        return [message for message in self.slack.replies_of_bot(C_GENERAL, self.root) if not message.files]

    @property
    def texts(self) -> list[str]:
        return [_text(message.blocks, message.text) for message in self.messages]

    @property
    def files(self) -> dict[str, str]:
        """What the files in the thread hold, by the name that people read."""
        shared = [id_ for message in self.slack.replies_of_bot(C_GENERAL, self.root) for id_ in message.files]
        found = [self.slack.workspace.files[file_id] for file_id in shared]
        assert len({file.title for file in found}) == len(found), "a file is there twice"
        return {file.title: file.content.decode() for file in found}

    def check(self, timestamps: Sequence[str]) -> None:
        """People see exactly what was said, in messages and files of long code, and every message is accounted for."""
        self.check_texts(timestamps, self.files)

    def check_texts(self, timestamps: Sequence[str], files: Mapping[str, str] | None = None) -> None:
        """The same where the files in the thread are others than those of long code."""
        self.slack.faults.clear()
        assert [message.ts for message in self.messages] == list(timestamps)
        assert [part.ts for part in self.journal.progress.parts] == list(timestamps)
        assert not any(self.slack.is_streaming(message) for message in self.messages)
        check_told(self.texts, files or {}, self.journal.progress, self.said)


def _text(blocks: Iterable[dict[str, object]], text: str) -> str:
    markdown = [str(block["text"]) for block in blocks if block["type"] == "markdown"]
    return "".join(markdown) or text
