"""What people said, what they saw of the answers, and what of it is wrong."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bot.playground.slack.changes import Change, MessageChanged, MessagePosted
from bot.playground.slack.control import EmulatedSlack

GIVEN_UP = "Something broke on my side"
"""How `bot.slack.wording` says that a turn could not be finished."""

END = re.compile(r"\b(m\d+)(?:again\d+)?end\b")
WORD = re.compile(r"\bm\d+[a-z]+\d*\w*\b")
KNOWS = re.compile(r"\b(m\d+)(?:again\d+)?knows(\d+)\b")


@dataclass
class Said:
    """One message of a person. `answered_at` is when the end of its answer was first seen."""

    marker: str
    channel: str
    root: str
    ts: str
    at: float
    answered_at: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """The run's result. What is lost, doubled, out of order and forgotten has to be nothing.

    Args:
        not_taken: messages that Slack gave up to deliver: no worker ever acknowledged them.
        given_up: messages whose turn died as often as the bot attempts one, and was told so.
    """

    sent: int
    not_taken: Sequence[str]
    answered: int
    given_up: Sequence[str]
    lost: Sequence[str]
    doubled: Sequence[str]
    out_of_order: Sequence[str]
    forgotten: Sequence[str]
    longest_wait_s: float
    median_wait_s: float

    @property
    def flawless(self) -> bool:
        return not (self.lost or self.doubled or self.out_of_order or self.forgotten)

    def table(self) -> str:
        rows = [
            ("messages sent", str(self.sent)),
            ("never taken", _listed(self.not_taken)),
            ("answered", str(self.answered)),
            ("given up", _listed(self.given_up)),
            ("lost", _listed(self.lost)),
            ("doubled", _listed(self.doubled)),
            ("out of order", _listed(self.out_of_order)),
            ("forgotten", _listed(self.forgotten)),
            ("median wait", f"{self.median_wait_s:.1f} s"),
            ("longest wait", f"{self.longest_wait_s:.1f} s"),
        ]
        return "\n".join(f"{name:<14} {value}" for name, value in rows)


@dataclass
class Ledger:
    """Watches an emulated Slack."""

    slack: EmulatedSlack
    said: dict[str, Said] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.slack.workspace.subscribe(self._see)

    def say(self, user: str, channel: str, root: str, text: str = "") -> Said:
        """Let a person say the next message."""
        marker = f"m{len(self.said) + 1}"
        at = time.monotonic()
        ts = self.slack.people.say(user, channel, f"{self.slack.mention} {marker} {text}".strip(), root)
        self.waiting.add(marker)
        said = self.said[marker] = Said(marker, channel, root or ts, ts, at)
        return said

    def _see(self, change: Change) -> None:
        if not isinstance(change, MessagePosted | MessageChanged) or not change.message.bot_id:
            return
        for marker in END.findall(change.message.text):
            if marker in self.waiting:
                self.waiting.discard(marker)
                self.said[marker].answered_at = time.monotonic()

    def verdict(self, taken: Mapping[str, str]) -> Verdict:
        """Judge what the threads show now.

        Args:
            taken: when each message was first taken, by its ts. Two are out of order only if the earlier one was taken
                first: what Slack had to send again comes late.
        """
        doubled: list[str] = []
        disordered: list[str] = []
        forgotten: list[str] = []
        shown: set[str] = set()
        told: set[tuple[str, str]] = set()
        for channel, root in dict.fromkeys((said.channel, said.root) for said in self.said.values()):
            text = self.shown(channel, root)
            doubled += [f"{word} x{count}" for word, count in Counter(WORD.findall(text)).items() if count > 1]
            ends = list(dict.fromkeys(END.findall(text)))
            if GIVEN_UP in text:
                told.add((channel, root))
            shown.update(ends)
            disordered += [f"{a} before {b}" for a, b in pairwise(ends) if self._wrong(a, b, taken)]
            for marker, known in KNOWS.findall(text):
                if ends.index(marker) != int(known):
                    forgotten.append(f"{marker} knows {known} of {ends.index(marker)}")
        missing = [said for said in self.said.values() if said.marker not in shown and said.ts in taken]
        waits = sorted(said.answered_at - said.at for said in self.said.values() if said.answered_at)
        return Verdict(
            sent=len(self.said),
            not_taken=[said.marker for said in self.said.values() if said.ts not in taken],
            answered=len(shown),
            given_up=[said.marker for said in missing if (said.channel, said.root) in told],
            lost=[said.marker for said in missing if (said.channel, said.root) not in told],
            doubled=doubled,
            out_of_order=disordered,
            forgotten=forgotten,
            longest_wait_s=waits[-1] if waits else 0.0,
            median_wait_s=waits[len(waits) // 2] if waits else 0.0,
        )

    def shown(self, channel: str, root: str) -> str:
        """What the bot shows in a thread."""
        return "\n--\n".join(message.text for message in self.slack.replies_of_bot(channel, root))

    def _wrong(self, first: str, second: str, taken: Mapping[str, str]) -> bool:
        a, b = self.said[first], self.said[second]
        return a.ts > b.ts and taken.get(a.ts, "") > taken.get(b.ts, "")


def _listed(found: Sequence[str]) -> str:
    return "0" if not found else f"{len(found)}: {', '.join(found[:8])}{' …' if len(found) > 8 else ''}"
