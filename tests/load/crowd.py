"""Many threads that stream at once, against an emulated Slack that keeps to Slack's tiers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice, pairwise

import aiohttp

from bot.model import Address, Closing, Ending, Message, Outcome, Progress, Prompt, TextDelta, Thread, ThreadKey, Turn
from bot.playground.slack.changes import Change, MessageChanged, MessagePosted, StatusSet
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import TEAM, U_ANA, U_BOT
from bot.playground.slack.values import ChannelKind
from bot.playground.slack.values import Message as Shown
from bot.ports import Clock
from bot.slack.api.limits import RATES
from bot.slack.api.rates import Buckets
from bot.slack.api.web import Web, web_client
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.reply.replies import Replies
from bot.slack.text.markdown import letters
from tests.workspaces import installed_with

PIECE_S = 0.5
"""How often each model says a little."""

SENTENCE = "Thread {thread} says sentence {number} of its answer, which is neither short nor long. "


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who streams how.

    Args:
        threads: how many at once.
        channels: over how many channels they are spread.
        seconds: how long each model goes on.
        workers: how many workers share the threads.
    """

    threads: int = 100
    channels: int = 25
    seconds: float = 120.0
    workers: int = 2
    mode: StreamingMode = StreamingMode.AUTO


@dataclass(slots=True)
class ThreadSeen:
    """What people saw of one thread: when its text grew, and when anything showed that it lives."""

    key: ThreadKey
    began: float
    text_at: list[float] = field(default_factory=list)
    sign_at: list[float] = field(default_factory=list)
    chars: int = 0
    said_until: float = 0.0
    done: float = 0.0
    complete: bool = False

    def longest_wait_s(self, moments: Sequence[float]) -> float:
        """The longest time without news while the model went on."""
        within = [self.began, *(at for at in moments if at < self.said_until), self.said_until]
        return max(after - before for before, after in pairwise(within))


@dataclass(slots=True)
class Figures:
    """What a crowd met with."""

    crowd: Crowd
    threads: list[ThreadSeen]
    calls: Counter[str]
    refused_429: int
    messages: int
    streams: int

    @property
    def text_waits_s(self) -> list[float]:
        return sorted(seen.longest_wait_s(seen.text_at) for seen in self.threads)

    @property
    def sign_waits_s(self) -> list[float]:
        return sorted(seen.longest_wait_s([*sorted((*seen.text_at, *seen.sign_at))]) for seen in self.threads)

    @property
    def typical_wait_s(self) -> float:
        """The median time between two additions to a thread's text."""
        gaps = sorted(after - before for seen in self.threads for before, after in pairwise(seen.text_at))
        return gaps[len(gaps) // 2] if gaps else 0.0

    @property
    def first_text_s(self) -> list[float]:
        return sorted(seen.text_at[0] - seen.began for seen in self.threads if seen.text_at)

    @property
    def last_done_s(self) -> float:
        """From the last word of the models to the last reply that was confirmed with its buttons."""
        return max(seen.done - seen.said_until for seen in self.threads)

    @property
    def complete(self) -> int:
        return sum(seen.complete for seen in self.threads)


@dataclass
class Kept:
    """A journal that keeps the last progress."""

    progress: Progress = field(default_factory=Progress)

    async def save(self, progress: Progress) -> None:
        self.progress = progress


class Watch:
    """Notes when each thread's text grew."""

    def __init__(self, slack: EmulatedSlack) -> None:
        self._slack = slack
        self.seen: dict[tuple[str, str], ThreadSeen] = {}
        self._sizes: Counter[tuple[str, str]] = Counter()
        slack.workspace.subscribe(self._on_change)

    def add(self, seen: ThreadSeen) -> None:
        self.seen[seen.key.channel, seen.key.root_ts] = seen

    def _on_change(self, change: Change) -> None:
        match change:
            case MessagePosted(message) | MessageChanged(message=message):
                self._note(message)
            case StatusSet(status) if status.text:
                seen = self.seen.get((status.channel, status.thread_ts))
                if seen is not None:
                    seen.sign_at.append(self._slack.clock.now())
            case _:
                pass

    def _note(self, message: Shown) -> None:
        seen = self.seen.get((message.channel, message.thread_ts))
        if seen is None or not message.bot_id:
            return
        size = len(text_of(message))
        grown = size - self._sizes[message.channel, message.ts]
        self._sizes[message.channel, message.ts] = size
        if grown > 0:
            seen.chars += grown
            seen.text_at.append(self._slack.clock.now())


def text_of(message: Shown) -> str:
    """What people read in a message, without its buttons."""
    markdown = [str(block["text"]) for block in message.blocks if block["type"] == "markdown"]
    return "".join(markdown) or message.text


async def stream_all(crowd: Crowd, counts: Sequence[Buckets], clock: Clock) -> Figures:
    """Let a crowd stream, to the end.

    Args:
        counts: one for each worker; they share their counts.
    """
    async with EmulatedSlack.start(Setup(enforce_tiers=True), clock=clock) as slack:
        watch = Watch(slack)
        channels = [
            slack.workspace.add_channel(ChannelKind.PUBLIC, f"crowd-{number}", [U_ANA, U_BOT]).id
            for number in range(crowd.channels)
        ]
        async with _workers(slack, crowd, counts, clock) as workers:
            turns = [
                _turn(slack, watch, replies, clock, channel, number, crowd.seconds)
                for number, (replies, channel) in enumerate(
                    islice(zip(cycle(workers), cycle(channels), strict=False), crowd.threads)
                )
            ]
            threads = list(await asyncio.gather(*turns))
        calls = slack.calls()
        ours = [shown for seen in threads for shown in slack.replies_of_bot(seen.key.channel, seen.key.root_ts)]
        return Figures(
            crowd,
            threads,
            Counter(call.method for call in calls if call.method in RATES),
            sum(call.outcome == "ratelimited" for call in calls),
            len(ours),
            sum(shown.stream is not None for shown in ours),
        )


@asynccontextmanager
async def _workers(
    slack: EmulatedSlack, crowd: Crowd, counts: Sequence[Buckets], clock: Clock
) -> AsyncIterator[list[Replies]]:
    """Each with connections and caches of its own."""
    made = []
    async with AsyncExitStack() as stack:
        for buckets in counts:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            client = web_client(slack.bot_token, slack.api_url, session)
            web = Web(client, clock, team=TEAM, buckets=buckets)
            made.append(Replies(installed_with(web), clock, ChannelModes(crowd.mode, clock)))
        yield made


async def _turn(
    slack: EmulatedSlack, watch: Watch, replies: Replies, clock: Clock, channel: str, number: int, seconds: float
) -> ThreadSeen:
    """One thread's turn, from the question to the confirmed end."""
    root = slack.people.say(U_ANA, channel, f"question {number}")
    key = ThreadKey(TEAM, channel, root)
    seen = ThreadSeen(key, clock.now())
    watch.add(seen)
    prompt = Prompt((Message(key, root, U_ANA, "hello", Address.BOT),))
    turn = Turn(f"turn-{number}", Thread(key, f"session-{number}"), prompt, seen.began)
    said: list[str] = []
    async with replies.open(turn, Kept()) as reply:
        while clock.now() - seen.began < seconds:
            said.append(SENTENCE.format(thread=number, number=len(said)) + ("\n\n" if len(said) % 4 == 3 else ""))
            await reply.feed(TextDelta(said[-1]))
            await clock.sleep(PIECE_S)
        seen.said_until = clock.now()
        await reply.close(Closing(Outcome(Ending.DONE, f"session-{number}")))
    seen.done = clock.now()
    shown = "".join(text_of(message) for message in slack.replies_of_bot(channel, root))
    seen.complete = letters(shown) == letters("".join(said))
    return seen
