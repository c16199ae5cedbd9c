"""Replies through slack_sdk and HTTP into the emulated Slack, which fails at random: people read what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ChatRefused
from bot.model import Closing, Ending, Outcome, TextDelta, ToolFinished, ToolStarted
from bot.playground.slack.control import EmulatedSlack
from bot.slack.reply.mode import StreamingMode
from tests.integration.slack.answering import TIMEOUT_S, Answering
from tests.unit.slack.fake_slack import DOCUMENTED

CODE = "".join(f"print('line {number} of a script that goes on and on')\n" for number in range(300))


@pytest.mark.parametrize("mode", StreamingMode)
async def test_a_long_answer_with_a_tool_arrives_whole(mode: StreamingMode) -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack, mode)
        turn.check(await turn.tell([f"Paragraph {n}. {'some words ' * 30}\n\n" for n in range(30)], tool=True))
        assert len(turn.texts) >= 3


async def test_many_tools_are_one_plan() -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack)
        async with turn.reply() as reply:
            for number in range(8):
                await reply.feed(ToolStarted(f"t{number}", "Read", f"Reading {number}"))
            for number in range(8):
                await reply.feed(ToolFinished(f"t{number}", ok=number != 3, summary="no such file"))
            await reply.close(Closing(Outcome(Ending.DONE, "session-1")))
        (message,) = turn.messages
        (plan,) = [block for block in message.blocks if block["type"] == "plan"]
        assert plan["title"] == "8 steps, 1 failed"
        assert [task["status"] for task in plan["tasks"]] == ["complete"] * 3 + ["error"] + ["complete"] * 4


@pytest.mark.parametrize("mode", StreamingMode)
async def test_a_message_that_somebody_deletes_ends_the_reply_and_nothing_more_is_posted(mode: StreamingMode) -> None:
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack, mode)
        with pytest.raises(ChatRefused, match="message_not_found"):
            await turn.tell(["Hello ", "there, ", "you ", "all."] * 20, deeds={3: Answering.delete_messages})
        assert turn.texts == []


@pytest.mark.parametrize("mode", StreamingMode)
async def test_another_worker_goes_on_over_http(mode: StreamingMode) -> None:
    pieces = [f"Sentence {number} of a long answer. " for number in range(40)] + [f"\n```py\n{CODE}```\n", "Done."]
    async with EmulatedSlack.start() as slack:
        turn = Answering(slack, mode)
        async with turn.reply() as reply:
            for piece in pieces[:-1]:
                await reply.feed(TextDelta(piece))
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.1)
        kept = len(turn.journal.progress.said)
        turn.said = "".join(pieces)[:kept]
        turn.check(await turn.tell(["".join(pieces)[kept:]]))


_piece = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30),
    st.sampled_from(["\n\n", "<!channel> ", "[a link](https://example.org/a) ", "\n\n| a |\n|---|\n| 1 |\n"]),
    st.integers(100, 6_000).map(lambda count: "x" * count),
    st.integers(10, 500).map(lambda count: "wort für wort, " * count),
    st.integers(50, 300).map(lambda lines: "\n```py\n" + "a line of code()\n" * lines + "```\n"),
    st.just(f"\n```python\n{CODE}```\n"),
)
_method = st.sampled_from(sorted(DOCUMENTED))
_faults = st.lists(
    st.tuples(
        _method,
        st.sampled_from(
            [
                {"cut": "before"},
                {"cut": "after"},
                {"delay_s": 2 * TIMEOUT_S, "cut": "before"},
                {"late_s": 2 * TIMEOUT_S},
                {"status": 500},
                {"status": 503},
                {"status": 429},
            ]
        ),
    )
    | _method.flatmap(
        lambda method: st.tuples(
            st.just(method), st.sampled_from(sorted(DOCUMENTED[method])).map(lambda code: {"error": code})
        )
    )
    | st.tuples(st.just("files.upload"), st.sampled_from([{"cut": "before"}, {"cut": "after"}, {"status": 500}])),
    max_size=6,
).filter(lambda faults: sum("too_long" in str(how) for _, how in faults) <= 2)
"""Every error that Slack documents and a reply works around, trouble on Slack's side, lost connections, time-outs."""

_deeds = st.dictionaries(st.integers(0, 7), st.sampled_from([Answering.expire, Answering.press_stop]), max_size=3)


@settings(max_examples=15)
@given(st.lists(_piece, min_size=1, max_size=8), _faults, _deeds, st.sampled_from(StreamingMode), st.booleans())
def test_people_read_exactly_what_was_said(
    pieces: list[str],
    faults: list[tuple[str, dict[str, Any]]],
    deeds: dict[int, Callable[[Answering], None]],
    mode: StreamingMode,
    tool: bool,
) -> None:
    async def run() -> None:
        async with EmulatedSlack.start() as slack:
            turn = Answering(slack, mode)
            for method, how in faults:
                slack.fail(method, **how)
            turn.check(await turn.tell(pieces, tool=tool, deeds=deeds))

    asyncio.run(run())
