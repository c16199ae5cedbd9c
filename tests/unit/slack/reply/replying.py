"""What tests of replies share: a turn, a journal that remembers, and a scene of both with a Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from bot.errors import LeaseLost, StoreAway
from bot.model import (
    Address,
    AgentEvent,
    Closing,
    Ending,
    Message,
    Outcome,
    Progress,
    Prompt,
    TextDelta,
    Thread,
    ThreadKey,
    Turn,
    Usage,
)
from bot.ports import Reply
from bot.slack.api.limits import PART_BYTES
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.reply.replies import Replies
from tests.unit.slack.fake_slack import FakeSlack, HandClock
from tests.workspaces import installed_with

CHANNEL = ThreadKey("T1", "C1", "1.0")
DM = ThreadKey("T1", "D1", "1.0")


def a_turn(key: ThreadKey = CHANNEL, progress: Progress | None = None, *, user_team: str = "") -> Turn:
    message = Message(key, "1.0", "U1", "hello", Address.BOT, user_team=user_team)
    attempt = 1 if progress is None else 2
    thread = Thread(key, "session-1")
    return Turn("turn-1", thread, Prompt((message,)), 999_990.0, attempt=attempt, progress=progress or Progress())


@dataclass
class MemoryJournal:
    """Keeps the progress; loses the lease, or the store, when told to."""

    saves: list[Progress] = field(default_factory=list)
    lost: bool = False
    away: int = 0

    async def save(self, progress: Progress) -> None:
        await asyncio.sleep(0)
        if self.lost:
            raise LeaseLost
        if self.away:
            self.away -= 1
            raise StoreAway
        self.saves.append(progress)

    @property
    def last(self) -> Progress:
        return self.saves[-1]


@dataclass
class Scene:
    """A reply under way."""

    slack: FakeSlack
    clock: HandClock
    journal: MemoryJournal
    reply: Reply

    async def say(self, *texts: str) -> None:
        for text in texts:
            await self.reply.feed(TextDelta(text))

    async def feed(self, *events: AgentEvent) -> None:
        for event in events:
            await self.reply.feed(event)

    async def close(
        self, ending: Ending = Ending.DONE, *, usage: Usage | None = None, detail: str = ""
    ) -> Sequence[str]:
        closing = Closing(Outcome(ending, "session-1", detail=detail), usage)
        task = asyncio.ensure_future(self.reply.close(closing))
        await self.clock.until(task)
        return await task


@asynccontextmanager
async def a_reply(
    turn: Turn | None = None,
    *,
    slack: FakeSlack | None = None,
    mode: StreamingMode = StreamingMode.AUTO,
    part_bytes: int = PART_BYTES,
) -> AsyncIterator[Scene]:
    clock = slack.clock if slack else HandClock()
    slack = slack or FakeSlack(clock)
    journal = MemoryJournal()
    replies = Replies(installed_with(slack), clock, ChannelModes(mode, clock), part_bytes=part_bytes)
    async with replies.open(turn or a_turn(), journal) as reply:
        yield Scene(slack, clock, journal, reply)


def as_saved(progress: Progress) -> Progress:
    """Progress as it comes back from a store."""
    return replace(progress)
