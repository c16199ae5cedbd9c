"""Whatever is said, however it arrives, and whatever Slack answers: people read exactly what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import AgentEvent, Progress, TextDelta, ToolFinished, ToolStarted
from bot.slack.reply.mode import StreamingMode
from tests.unit.slack.fake_slack import DOCUMENTED, Effect, FakeSlack, Fault, HandClock, settle
from tests.unit.slack.reply.read_back import check_told
from tests.unit.slack.reply.replying import CHANNEL, DM, Scene, a_reply, a_turn

PART_BYTES = 3_000

REFUSALS = tuple(sorted(frozenset[str]().union(*DOCUMENTED.values())))

_word = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
_piece = st.one_of(
    _word,
    st.lists(_word, min_size=5, max_size=30).map(" ".join),
    st.sampled_from(
        [
            "\n\n",
            "\n",
            " ",
            "\n\n```python\nfor x in y:\n    print(x)\n```\n\n",
            "\n```\nno language\n",
            "\n~~~\ntilde\n\nblank\n~~~\n",
            "[a link](https://example.org/some/long/path?with=query)",
            "<https://example.org/a|label>",
            "<!channel>",
            "<@U12345>",
            "<!subteam^S123|team>",
            "<",
            "<!",
            "!here>",
            ":tada: ",
            "\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
            "\n- one\n  - two\n    - three\n      more\n1. first\n   - nested\n",
            "# Heading\n\nText below it.\n",
            "👩‍👩‍👧‍👦🇩🇪👍🏽",
        ]
    ),
    st.integers(100, 4_000).map(lambda size: "x" * size),
    st.integers(50, 300).map(lambda rows: "\n```js\n" + "let a = 1;\n" * rows + "```\n"),
    st.integers(300, 900).map(lambda rows: "\n```py\n" + "a_longer_line = 1\n" * rows + "```\n"),
    st.integers(20, 200).map(lambda rows: "\n\n| a | b |\n|---|---|\n" + "| cell | cell |\n" * rows),
    st.integers(50, 250).map(lambda times: "wort für wort, " * times),
    st.integers(50, 350).map(lambda times: "日本語の文章です。" * times),
)
_texts = st.lists(_piece, max_size=8).map("".join)
_faults = st.dictionaries(
    st.integers(0, 25),
    st.one_of(
        st.sampled_from([Fault(Effect.UNSENT), Fault(Effect.LOST_BEFORE), Fault(Effect.LOST_AFTER)]),
        st.just(Fault(Effect.EXPIRED)),
        st.sampled_from(REFUSALS).map(lambda code: Fault(Effect.REFUSED, code)),
    ),
    max_size=6,
).filter(lambda faults: sum("too_long" in fault.code for fault in faults.values()) <= 2)
"""A message that is too long however short it becomes is given up: see the tests of single refusals."""


@dataclass(frozen=True)
class Telling:
    """A text in the pieces in which it arrives, with the time that passes after each."""

    pieces: tuple[tuple[str, float], ...]
    tools: frozenset[int]

    @property
    def text(self) -> str:
        return "".join(piece for piece, _ in self.pieces)

    def events(self, number: int) -> list[AgentEvent]:
        tool = f"tool-{number}"
        used: list[AgentEvent] = [ToolStarted(tool, "Read", f"Reading {number}"), ToolFinished(tool, ok=True)]
        return [TextDelta(self.pieces[number][0]), *(used if number in self.tools else ())]


@st.composite
def _tellings(draw: st.DrawFn) -> Telling:
    text = draw(_texts)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[first:after] for first, after in pairwise([0, *places, len(text)])]
    pauses = st.sampled_from([0.0, 0.0, 0.05, 0.8, 3.0, 130.0])
    return Telling(
        tuple((piece, draw(pauses)) for piece in pieces), draw(st.frozensets(st.integers(0, len(pieces) - 1)))
    )


async def tell(scene: Scene, telling: Telling, numbers: Sequence[int]) -> None:
    for number in numbers:
        await scene.feed(*telling.events(number))
        if telling.pieces[number][1]:
            await scene.clock.advance(telling.pieces[number][1])


def check(slack: FakeSlack, progress: Progress, said: str) -> None:
    """What people read is what was said, every message and file accounted for, and no stream left alive."""
    assert [message.ts for message in slack.messages] == [part.ts for part in progress.parts]
    assert not any(message.live for message in slack.messages)
    assert [file.name for file in slack.files] == [name for name in progress.code_files if name]
    files = {file.title: file.content.decode() for file in slack.files}
    check_told([message.text for message in slack.messages], files, progress, said)


async def _answer(
    telling: Telling,
    faults: Mapping[int, Fault],
    waits: Mapping[str, Sequence[float]],
    mode: StreamingMode,
    *,
    dm: bool,
) -> tuple[FakeSlack, Progress]:
    clock = HandClock()
    slack = FakeSlack(clock)
    slack.faults = dict(faults)
    slack.queues = {method: cycle(queued) for method, queued in waits.items()}
    async with a_reply(a_turn(DM if dm else CHANNEL), slack=slack, mode=mode, part_bytes=PART_BYTES) as scene:
        await tell(scene, telling, range(len(telling.pieces)))
        timestamps = await scene.close()
        await settle()
        assert list(timestamps) == [message.ts for message in slack.messages]
        return slack, scene.journal.last if scene.journal.saves else Progress()


_waits = st.dictionaries(
    st.sampled_from(["chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postMessage", "chat.update"]),
    st.lists(st.sampled_from([0.0, 0.5, 1.4, 3.0, 12.0, 70.0]), min_size=1, max_size=6),
)
"""How long calls of a method queue under Slack's rates, one after the other, and then again from the first."""


@settings(max_examples=150)
@given(_tellings(), _faults, _waits, st.sampled_from(StreamingMode), st.booleans())
def test_people_read_exactly_what_was_said(
    telling: Telling, faults: dict[int, Fault], waits: dict[str, list[float]], mode: StreamingMode, dm: bool
) -> None:
    slack, progress = asyncio.run(_answer(telling, faults, waits, mode, dm=dm))
    check(slack, progress, telling.text)


async def _taken_over(telling: Telling, crash_at: int, yields: int, mode: StreamingMode) -> tuple[FakeSlack, Progress]:
    """A worker dies somewhere in the middle, perhaps between a call and its answer, and another goes on."""
    clock = HandClock()
    slack = FakeSlack(clock)
    async with a_reply(slack=slack, mode=mode, part_bytes=PART_BYTES) as first:
        await tell(first, telling, range(crash_at))
        for _ in range(yields):
            await asyncio.sleep(0)
    kept = first.journal.last if first.journal.saves else Progress()
    rest = telling.text[len(kept.said) :]
    async with a_reply(a_turn(progress=kept), slack=slack, mode=mode, part_bytes=PART_BYTES) as second:
        await second.say(rest)
        await second.close()
        await settle()
        return slack, second.journal.last if second.journal.saves else kept


@settings(max_examples=100)
@given(_tellings(), st.data(), st.integers(0, 12), st.sampled_from(StreamingMode))
def test_another_worker_goes_on_where_the_first_died(
    telling: Telling, data: st.DataObject, yields: int, mode: StreamingMode
) -> None:
    telling = Telling(telling.pieces, frozenset())
    crash_at = data.draw(st.integers(0, len(telling.pieces)))
    slack, progress = asyncio.run(_taken_over(telling, crash_at, yields, mode))
    check(slack, progress, telling.text)
