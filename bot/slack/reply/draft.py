"""A reply's messages as far as they are written, and which call comes next.

Nothing here waits or talks to Slack: `next` looks at what was said and at what Slack confirmed, and decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Part, Progress
from bot.ports import Clock
from bot.slack.api.limits import PART_BYTES, PART_CARDS, TIMELINE_CARDS
from bot.slack.reply.cards import NOT_YET
from bot.slack.reply.rollover import whole_end
from bot.slack.reply.script import Script
from bot.slack.reply.sheets import Goal, Plan, Sheet, cards_of, compose, plan, strokes
from bot.slack.text.structure import Structure, structure_at


class Act(StrEnum):
    """What one step does."""

    RESOLVE = "resolve"
    """Look whether something that was sent arrived."""
    START = "start"
    POST = "post"
    APPEND = "append"
    STOP = "stop"
    REWRITE = "rewrite"
    SHARE = "share"
    """Put the file of code that is too long for a message into the thread."""
    DELETE = "delete"
    """Take away a message that the reply no longer needs."""
    DISCARD = "discard"
    """Take away the files of code that no longer counts."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next call, and what the sheet shows afterwards."""

    act: Act
    sheet: Sheet
    plan: Plan


class Draft:
    """The sheets of one reply.

    Args:
        script: what the turn has said.
        part_bytes: where a message rolls over, in bytes of UTF-8.
    """

    def __init__(self, script: Script, clock: Clock, part_bytes: int = PART_BYTES) -> None:
        self.script = script
        self.part_bytes = part_bytes
        self.sheets: list[Sheet] = []
        self.spares: list[str] = []
        """Messages of the reply whose text no longer counts; they are written anew before another one is posted."""
        self.done = False
        """The finale is confirmed."""
        self.plain = False
        """Slack refused our blocks: text alone from here on."""
        self.streams = True
        """New messages are streams; otherwise they are posted and updated."""
        self.files_in_doubt = False
        """The next file of long code may be in the thread already, from an attempt whose outcome is not known."""
        self.stale_files: set[str] = set()
        """Files of code in the thread that were shared before the turn started over."""
        self.crowded = False
        """Updates queue under Slack's rates: a new message is posted as a whole, and the next text in another one."""
        self._clock = clock

    @property
    def timestamps(self) -> list[str]:
        """The reply's messages in order."""
        return [sheet.ts for sheet in self.sheets if sheet.ts]

    @property
    def progress(self) -> Progress:
        """How far the reply has come, for another worker to go on from."""
        written = [Part(sheet.ts, sheet.shown - sheet.start, not sheet.finished) for sheet in self.sheets if sheet.ts]
        spare = [Part(ts, 0, True) for ts in self.spares]
        script = self.script
        return Progress(script.said, (*written, *spare), script.tool_ran, code_files=script.code_files)

    @property
    def silent(self) -> bool:
        """The turn has said and done nothing that shows."""
        return not self.script.text.strip() and not self.script.cards

    def take_up(self, progress: Progress) -> None:
        """Go on where another worker stopped. A message that it left open may show more than was confirmed."""
        parts = list(progress.parts)
        self.files_in_doubt = bool(parts)
        while parts and parts[-1].shown == 0:
            self.spares.insert(0, parts.pop().ts)
        for part in parts:
            sheet = self.next_sheet()
            sheet.ts, sheet.shown, sheet.finished = part.ts, sheet.start + part.shown, True
            self.sheets.append(sheet)
        if parts and parts[-1].open:
            last = self.sheets[-1]
            last.finished, last.stale, last.must_stop = False, True, True

    def start_over(self) -> None:
        """What was said no longer counts: its messages are written anew."""
        self.spares = [*self.timestamps, *self.spares]
        self.sheets.clear()
        self.files_in_doubt = True
        self.stale_files |= set(filter(None, self.script.code_files))
        self.script.start_over()

    def next_sheet(self) -> Sheet:
        """A fresh sheet behind the last one."""
        if not self.sheets:
            return Sheet(0, 0, 0, Structure(), self.part_bytes)
        last = self.sheets[-1]
        opening = structure_at(self.script.text, last.start, last.shown, last.opening)
        return Sheet(len(self.sheets), last.shown, last.shown, opening, self.part_bytes)

    def next(self, goal: Goal) -> Step | None:
        """The next call on the way to the goal, or None when Slack shows all of it."""
        step = None if self.done else self._writing(goal)
        if step is None and self.script.long_code is not None:
            return Step(Act.SHARE, self.sheets[-1] if self.sheets else self.next_sheet(), Plan(0))
        if step is None and goal.finale is not None and self.spares and self.sheets:
            return Step(Act.DELETE, self.sheets[-1], Plan(0))
        if step is None and self.done and self.stale_files:
            return Step(Act.DISCARD, self.sheets[-1], Plan(0))
        return step

    def _writing(self, goal: Goal) -> Step | None:
        last = self.sheets[-1] if self.sheets else None
        if last is not None and not last.finished:
            return self._going_on(last, goal)
        if self._something_waits():
            return self._opening(self.next_sheet(), goal)
        if goal.finale is None:
            return None
        if last is not None and not last.sealed:
            return Step(Act.REWRITE, last, Plan(last.shown, finale=goal.finale))
        return self._opening(self.next_sheet(), goal)

    def _something_waits(self) -> bool:
        shown = self.sheets[-1].shown if self.sheets else 0
        return bool(self.script.text[shown:].strip()) or any(card.waits for card in self.script.cards)

    def _going_on(self, sheet: Sheet, goal: Goal) -> Step | None:
        planned = plan(self.script, sheet, goal, self._clock.now())
        if sheet.unsure:
            return Step(Act.RESOLVE, sheet, planned)
        if not sheet.ts:
            return self._opening(sheet, goal)
        if not sheet.live:
            return Step(Act.REWRITE, sheet, planned) if self._differs(sheet, planned) else None
        shown_first = Plan(planned.end) if sheet.stops_late else planned
        if not shown_first.complete and strokes(self.script, sheet, shown_first).chunks:
            return Step(Act.APPEND, sheet, shown_first)
        return Step(Act.STOP, sheet, planned) if planned.complete else None

    def _opening(self, sheet: Sheet, goal: Goal) -> Step | None:
        stream = self.streams and not self.spares
        sheet.grouped = stream and sum(card.at != NOT_YET for card in self.script.cards) > TIMELINE_CARDS
        sheet.most_cards = TIMELINE_CARDS if stream and not sheet.grouped else PART_CARDS
        planned = plan(self.script, sheet, goal, self._clock.now())
        if stream and strokes(self.script, sheet, Plan(planned.end)).chunks:
            return Step(Act.START, sheet, planned)
        if stream and planned.finale is None:
            return None
        if self.crowded and not planned.complete:
            end = whole_end(self.script.text, sheet.start, planned.end, rested=goal.rested)
            if end is None:
                return None
            planned = Plan(end, full=True)
        if not self._says_something(sheet, planned):
            return None
        return Step(Act.REWRITE if self.spares else Act.POST, sheet, planned)

    @property
    def waits(self) -> bool:
        """Something was said or done that no message shows yet."""
        return self._something_waits()

    def leave(self, sheet: Sheet) -> bool:
        """Let a posted message be, so that what comes next goes into another one. False inside a word or code."""
        text = self.script.text
        between = sheet.shown > sheet.start and (text[sheet.shown - 1].isspace() or text[sheet.shown :][:1].isspace())
        if not between or structure_at(text, sheet.start, sheet.shown, sheet.opening).fence is not None:
            return False
        if not self._cards_are_told(sheet):
            return False
        sheet.finished = True
        return True

    def settle(self, sheet: Sheet) -> bool:
        """Let the reply end with this message as it is shown. False when something of it is still to be shown."""
        if sheet.shown == sheet.start or not self._cards_are_told(sheet):
            return False
        sheet.finished = self.done = True
        return True

    def _cards_are_told(self, sheet: Sheet) -> bool:
        return all(card.told is card.status for card in cards_of(self.script, sheet))

    def _says_something(self, sheet: Sheet, planned: Plan) -> bool:
        content = compose(self.script, sheet, planned, plain=self.plain)
        return bool(content.text.strip() or content.blocks)

    def _differs(self, sheet: Sheet, planned: Plan) -> bool:
        """Whether a message that is written as a whole has to be written again."""
        text = bool(self.script.text[sheet.shown : planned.end].strip())
        cards = any(card.told is not card.status for card in cards_of(self.script, sheet) if card.at <= planned.end)
        return (sheet.stale or planned.complete or text or cards) and self._says_something(sheet, planned)
