"""The way on after Slack refused a call: the sheet is left so that the next step works around it."""

from __future__ import annotations

import structlog

from bot.errors import ChatRefused
from bot.slack.api.limits import PART_BYTES_LEAST
from bot.slack.reply.code_files import CodeFiles
from bot.slack.reply.draft import Act, Draft, Step
from bot.slack.reply.mode import ChannelMode
from bot.slack.reply.refusals import Meaning, meaning_of
from bot.slack.reply.rollover import size
from bot.slack.reply.sheets import Sheet

log = structlog.get_logger(__name__)

SHORT_ATTEMPTS = 3
"""How many refusals in a row even the shortest message may meet as too long."""

RECOVERIES = 30
"""How many refusals in a row are worked around before the reply is given up."""


class Recovery:
    """Works around the refusals of one reply's calls."""

    def __init__(self, draft: Draft, mode: ChannelMode, code_files: CodeFiles) -> None:
        self._draft = draft
        self._mode = mode
        self._code_files = code_files
        self._in_a_row = 0

    def succeeded(self) -> None:
        """Slack took a call."""
        self._in_a_row = 0

    def work_around(self, step: Step, refused: ChatRefused) -> None:
        """Leave the draft so that its next step is another one.

        Raises:
            ChatRefused: the same, when nothing works around it.
        """
        sheet, meaning = step.sheet, meaning_of(refused)
        self._in_a_row += 1
        log.info("slack_refused", act=step.act.value, code=refused.code, meaning=meaning.value)
        if step.act is Act.DELETE:
            self._draft.spares.pop()
        elif step.act is Act.DISCARD:
            self._draft.stale_files.clear()
        elif step.act is Act.SHARE:
            self._code_files.give_up(refused.code)
        elif meaning is Meaning.GONE or self._in_a_row > RECOVERIES:
            raise refused
        elif step.act is Act.RESOLVE:
            self._cannot_look(sheet)
        elif meaning is Meaning.BLOCKS and (not self._draft.plain or self._in_a_row <= SHORT_ATTEMPTS):
            self._draft.plain = True
        elif meaning is Meaning.TOO_LONG:
            self._shorten(step, refused)
        elif step.act is Act.START:
            self._post_instead(sheet, meaning)
        elif step.act in (Act.APPEND, Act.STOP):
            sheet.live, sheet.stale, sheet.must_stop = False, True, meaning is not Meaning.STREAM_OVER
        elif step.act is Act.REWRITE and meaning is Meaning.STILL_STREAMING:
            sheet.must_stop = True
        elif step.act is Act.REWRITE and meaning is Meaning.CANT_EDIT:
            sheet.sealed, sheet.unsure = True, True
        else:
            raise refused

    def _cannot_look(self, sheet: Sheet) -> None:
        """Nobody lets us look what became of it: sending it again may double it, which is better than losing it."""
        log.warning("outcome_stays_unknown")
        sheet.unsure, sheet.finished = False, bool(sheet.ts)
        sheet.live = False

    def _post_instead(self, sheet: Sheet, meaning: Meaning) -> None:
        sheet.live = False
        self._draft.streams = False
        if meaning is Meaning.NO_STREAMS_HERE:
            self._mode.never_stream()

    def _shorten(self, step: Step, refused: ChatRefused) -> None:
        """The message would be too long: leave the buttons away, end it where it is, or begin it with less."""
        sheet, draft = step.sheet, self._draft
        if step.plan.finale is not None and step.plan.finale.blocks and not draft.plain:
            draft.plain = True
        elif step.act in (Act.APPEND, Act.STOP) and not sheet.sealed:
            sheet.sealed = True
            held = size(draft.script.text[sheet.start : sheet.shown])
            draft.part_bytes = max(min(draft.part_bytes, held), PART_BYTES_LEAST)
        elif step.act in (Act.APPEND, Act.STOP):
            sheet.live, sheet.stale, sheet.must_stop = False, True, True
        elif sheet.limit_bytes > PART_BYTES_LEAST:
            sheet.live, sheet.sealed, sheet.end_at, sheet.shown = False, False, None, sheet.start
            sheet.limit_bytes = max(sheet.limit_bytes // 2, PART_BYTES_LEAST)
            draft.part_bytes = min(draft.part_bytes, sheet.limit_bytes)
        elif step.act is Act.START:
            self._post_instead(sheet, Meaning.TOO_LONG)
        elif self._in_a_row > SHORT_ATTEMPTS:
            raise refused
