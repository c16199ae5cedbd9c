"""An in-memory Slack, as the core sees it: it remembers what it was told, and can be made to fail."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.errors import ChatRefused
from bot.model import (
    Address,
    AgentEvent,
    Attachment,
    Closing,
    Decision,
    Level,
    Message,
    Part,
    Person,
    Progress,
    Remark,
    Spoken,
    TextDelta,
    Thread,
    ThreadKey,
    Turn,
)
from bot.ports import Journal


@dataclass
class FakeReply:
    """A reply that Slack confirms as soon as it is closed."""

    chat: FakeChat
    turn: Turn
    journal: Journal
    events: list[AgentEvent] = field(default_factory=list)
    closing: Closing | None = None
    ts: str = ""

    @property
    def said(self) -> str:
        return self.turn.progress.said + "".join(
            f"[{event.kind}]" if isinstance(event, Remark) else event.text
            for event in self.events
            if isinstance(event, TextDelta | Remark)
        )

    async def feed(self, event: AgentEvent) -> None:
        if self.chat.fail_next_feed is not None:
            failure, self.chat.fail_next_feed = self.chat.fail_next_feed, None
            raise failure
        self.events.append(event)
        if isinstance(event, TextDelta):
            await self.journal.save(replace(self.turn.progress, said=self.said))

    async def close(self, closing: Closing) -> Sequence[str]:
        await self.journal.save(Progress(said=self.said))
        if self.chat.fail_next_close is not None:
            failure, self.chat.fail_next_close = self.chat.fail_next_close, None
            raise failure
        self.closing = closing
        ts = self.ts = self.chat.new_ts()
        before = self.turn.progress.parts
        part = Part(ts, len(self.said) - sum(part.shown for part in before), open=False)
        await self.journal.save(Progress(said=self.said, parts=(*before, part)))
        self.chat.posted.append((self.turn.thread.key, self.said))
        return [ts]


class FakeChat:
    """Implements `bot.ports.Chat`."""

    def __init__(self) -> None:
        self._clock = itertools.count(1_800_000_000)
        self.replies: list[FakeReply] = []
        self.posted: list[tuple[ThreadKey, str]] = []
        self.waiting: set[str] = set()
        self.unmarked: list[str] = []
        self.places: list[tuple[ThreadKey, int]] = []
        self.nearly_full: list[bool] = []
        self.told_of_bots: list[ThreadKey] = []
        self.warned: list[tuple[str, Level]] = []
        self.offered: list[tuple[ThreadKey, int]] = []
        self.admins: set[str] = set()
        self.unreadable: set[tuple[str, str]] = set()
        self.past: list[Spoken] = []
        self.branch_roots: list[tuple[str, str, bool]] = []
        self.announced: list[tuple[ThreadKey, ThreadKey]] = []
        self.asked_again: list[tuple[ThreadKey, str]] = []
        self.cards: dict[str, Decision] = {}
        """The cards that ask for decisions, by ts, as they stand."""
        self.files: dict[str, bytes] = {}
        self.fail_next_close: Exception | None = None
        self.fail_next_feed: Exception | None = None
        self.fail_next_ask: Exception | None = None

    def new_ts(self) -> str:
        return f"{next(self._clock)}.000100"

    def reply_ts(self, thread: ThreadKey) -> str:
        """The message of the thread's newest reply."""
        return next(reply.ts for reply in reversed(self.replies) if reply.turn.thread.key == thread and reply.ts)

    def texts(self, thread: ThreadKey) -> list[str]:
        """What the bot posted in a thread, in order."""
        return [text for key, text in self.posted if key == thread]

    @asynccontextmanager
    async def reply(self, turn: Turn, journal: Journal) -> AsyncIterator[FakeReply]:
        reply = FakeReply(self, turn, journal)
        self.replies.append(reply)
        yield reply

    async def mark_waiting(self, message: Message) -> None:
        self.waiting.add(message.ts)

    async def unmark_waiting(self, messages: Sequence[Message]) -> None:
        self.waiting -= {message.ts for message in messages}
        self.unmarked += [message.ts for message in messages]

    async def offer_held_back(self, thread: ThreadKey, count: int) -> None:
        self.offered.append((thread, count))

    async def tell_of_bots(self, thread: ThreadKey) -> None:
        self.told_of_bots.append(thread)

    async def warn_of_budgets(self, payer: Person, thread: ThreadKey, levels: Sequence[Level]) -> None:
        self.warned += [(payer.user, level) for level in levels]

    async def show_place(self, thread: ThreadKey, place: int) -> None:
        self.places.append((thread, place))

    async def history(self, thread: ThreadKey, before_ts: str, limit: int) -> Sequence[Spoken]:
        return [spoken for spoken in self.past if not before_ts or spoken.ts < before_ts][-limit:]

    async def written(self, thread: ThreadKey, ts: str) -> Message | None:
        spoken = next((spoken for spoken in self.past if spoken.ts == ts and spoken.user), None)
        return Message(thread, ts, spoken.user, spoken.text, Address.BOT) if spoken is not None else None

    async def name_of(self, person: Person) -> str:
        return person.user.removeprefix("U").strip("_").title()

    async def download(self, team: str, attachment: Attachment, into: Path) -> Path:
        path = into / attachment.name
        path.write_bytes(self.files[attachment.id])
        return path

    async def is_admin(self, person: Person) -> bool:
        return person.user in self.admins

    async def can_read(self, person: Person, channel: str) -> bool:
        return (person.user, channel) not in self.unreadable

    async def link(self, thread: ThreadKey, ts: str = "") -> str:
        return f"link:{thread.channel}/{ts or thread.root_ts}"

    async def open_branch(
        self, person: Person, channel: str, source: Thread, ts: str, *, ask_again: bool, nearly_full: bool
    ) -> str:
        self.nearly_full.append(nearly_full)
        self.branch_roots.append((channel, ts, ask_again))
        return self.new_ts()

    async def announce_branch(self, person: Person, source: ThreadKey, branch: ThreadKey) -> None:
        self.announced.append((source, branch))

    async def ask_again(self, person: Person, branch: ThreadKey, text: str) -> None:
        self.asked_again.append((branch, text))

    async def ask(self, decision: Decision, *, again: bool = False) -> str:
        """Posts once for each decision, as the real one does when it is told that it may have posted before.

        `fail_next_ask` is raised after it was posted, when it says that it may have been sent.
        """
        known = next((ts for ts, card in self.cards.items() if card.id == decision.id), "")
        if known and again:
            return known
        failure, self.fail_next_ask = self.fail_next_ask, None
        ts = self.new_ts()
        if not isinstance(failure, ChatRefused):
            self.cards[ts] = decision
        if failure is not None:
            raise failure
        return ts

    async def show_decided(self, decision: Decision) -> None:
        self.cards[decision.card_ts] = decision
