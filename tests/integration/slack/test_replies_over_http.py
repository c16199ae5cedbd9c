"""Replies through slack_sdk and HTTP into the emulated Slack, which fails at random: people read what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, TEAM, U_ANA
from bot.playground.slack.faults import Fault
from bot.slack.markdown import WORD_JOINER
from bot.slack.mode import ChannelModes, StreamingMode
from bot.slack.rates import LocalRateLimiter
from bot.slack.replies import Replies
from bot.slack.reply import Tempo
from bot.slack.web import Web, web_client
from tests.workspaces import installed_with

FAST = Tempo(stream_s=0.01, update_s=0.01, plenty_s=0.0, backoff_s=0.01)
PART_BYTES = 4_000


class HastyClock(SystemClock):
    """Nobody in these tests has the time to wait as long as Slack asks for."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


class Unlimited(LocalRateLimiter):
    """No call waits for its turn."""

    async def reserve(
        self,
        team: str,
        method: str,
        channel: str,
        now: float,
        *,
        urgent: bool = False,
        patience_s: float | None = None,
    ) -> float:
        return 0.0

    async def wait_s(self, team: str, method: str, channel: str, now: float) -> float:
        return 0.0


@dataclass
class Kept:
    """A journal that keeps the last progress."""

    progress: Progress = field(default_factory=Progress)

    async def save(self, progress: Progress) -> None:
        self.progress = progress


async def answer(
    slack: EmulatedSlack, pieces: Sequence[str], mode: StreamingMode, *, tool: bool
) -> tuple[Progress, list[str]]:
    """A whole turn in a new thread. Returns its progress at the end, and the texts of its messages."""
    root = slack.people.say(U_ANA, C_GENERAL, "hello")
    key = ThreadKey(TEAM, C_GENERAL, root)
    prompt = Prompt((Message(key, root, U_ANA, "hello", Address.BOT),))
    turn = Turn(f"turn-{root}", Thread(key, "session-1"), prompt, SystemClock().now())
    journal = Kept()
    async with aiohttp.ClientSession() as session:
        web = Web(web_client(slack.bot_token, slack.api_url, session), HastyClock(), team=key.team, limiter=Unlimited())
        modes = ChannelModes(mode, HastyClock())
        replies = Replies(installed_with(web), HastyClock(), modes, tempo=FAST, part_bytes=PART_BYTES)
        async with replies.open(turn, journal) as reply:
            for number, piece in enumerate(pieces):
                await reply.feed(TextDelta(piece))
                if tool and number == 1:
                    await reply.feed(ToolStarted("tool-1", "Read", "Reading report.md"))
                    await reply.feed(ToolFinished("tool-1", ok=True, summary="40 lines"))
                await asyncio.sleep(0.005)
            timestamps = await reply.close(Closing(Outcome(Ending.DONE, "session-1")))
    slack.faults.clear()
    shown = slack.replies_of_bot(C_GENERAL, root)
    assert [message.ts for message in shown] == list(timestamps) == [part.ts for part in journal.progress.parts]
    assert not any(slack.is_streaming(message) for message in shown)
    return journal.progress, [_text(message.blocks, message.text) for message in shown]


def _text(blocks: Iterable[dict[str, object]], text: str) -> str:
    markdown = [str(block["text"]) for block in blocks if block["type"] == "markdown"]
    return ("".join(markdown) or text).replace(WORD_JOINER, "")


@pytest.mark.parametrize("mode", StreamingMode)
async def test_a_long_answer_with_a_tool_arrives_whole(mode: StreamingMode) -> None:
    pieces = [f"Paragraph {number}. {'some words ' * 30}\n\n" for number in range(30)]
    async with EmulatedSlack.start() as slack:
        _, texts = await answer(slack, pieces, mode, tool=True)
        assert "".join(texts).split() == "".join(pieces).split()
        assert len(texts) >= 3


_piece = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30),
    st.sampled_from(["\n\n", "<!channel> ", "[a link](https://example.org/a) ", "\n\n| a |\n|---|\n| 1 |\n"]),
    st.integers(100, 6_000).map(lambda count: "x" * count),
    st.integers(10, 500).map(lambda count: "wort für wort, " * count),
)
_faults = st.lists(
    st.one_of(
        st.sampled_from(["message_not_in_streaming_state", "streaming_state_conflict", "internal_error"]).map(
            lambda code: Fault("chat.appendStream", error=code)
        ),
        st.sampled_from(["chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage"]).flatmap(
            lambda method: st.sampled_from(
                [
                    Fault(method, cut="before"),
                    Fault(method, cut="after"),
                    Fault(method, status=500),
                    Fault(method, status=429),
                ]
            )
        ),
        st.sampled_from([Fault("chat.update", cut="after"), Fault("chat.update", status=503)]),
    ),
    max_size=5,
)


async def _with_faults(pieces: Sequence[str], faults: Sequence[Fault], mode: StreamingMode, *, tool: bool) -> None:
    async with EmulatedSlack.start() as slack:
        for fault in faults:
            slack.fail(fault.method, error=fault.error, status=fault.status, cut=fault.cut)
        progress, texts = await answer(slack, pieces, mode, tool=tool)
        said, start = "".join(pieces), 0
        for text, part in zip(texts, progress.parts, strict=True):
            assert said[start : start + part.shown].strip() in text
            assert len(text) <= part.shown + 200
            start += part.shown
        assert not said[start:].strip()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_piece, min_size=1, max_size=8), _faults, st.sampled_from(StreamingMode), st.booleans())
def test_people_read_exactly_what_was_said(
    pieces: list[str], faults: list[Fault], mode: StreamingMode, tool: bool
) -> None:
    asyncio.run(_with_faults(pieces, faults, mode, tool=tool))
