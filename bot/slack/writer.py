"""The machine behind a reply: makes the calls that its draft decides on, and notes what Slack confirmed.

Whatever Slack answers, the draft is left so that its next decision is right: nothing missing, nothing twice.
"""

from __future__ import annotations

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.ports import Clock
from bot.slack.cards import Block, CardStatus
from bot.slack.code_files import CodeFiles
from bot.slack.draft import Act, Draft, Step
from bot.slack.limits import PART_BYTES_LEAST
from bot.slack.markdown import letters
from bot.slack.messages import ReplyMessages
from bot.slack.mode import ChannelMode
from bot.slack.refusals import Meaning, meaning_of
from bot.slack.rollover import message_text, size
from bot.slack.sheets import CardsShown, Plan, Sheet, compose, strokes

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 1.0
"""Between two looks for a message of unknown outcome, since Slack may still be at it."""

PATIENCE_S = 1.5
"""A stream that would wait longer than this for its turn is posted instead, and an update in a message of its own."""

TRIMMINGS_S = 20.0
"""An answer that is shown whole does not wait longer than this for the buttons that ask how good it was."""

CROWDED_S = 9.0
"""Where an addition to a stream would wait longer than this, no more streams are begun."""

METHODS = {
    Act.START: "chat.startStream",
    Act.POST: "chat.postMessage",
    Act.APPEND: "chat.appendStream",
    Act.STOP: "chat.stopStream",
    Act.REWRITE: "chat.update",
}
"""The call of each act whose turn is taken before it is decided what the call says."""

DOUBTED = frozenset({Act.START, Act.POST, Act.APPEND, Act.STOP})
"""Acts whose unknown outcome is noted on their sheet. The others may simply be done again."""

SHORT_ATTEMPTS = 3
"""How many refusals in a row even the shortest message may meet as too long."""

RECOVERIES = 30
"""How many refusals in a row are worked around before the reply is given up."""

BEGINNING_CHARS = 60
"""How much of a message's text is compared to find it again."""


class Writer:
    """Writes one turn's reply into its messages, one call at a time."""

    def __init__(self, draft: Draft, messages: ReplyMessages, mode: ChannelMode, clock: Clock) -> None:
        self._draft = draft
        self._messages = messages
        self._mode = mode
        self._clock = clock
        self._refused_in_a_row = 0
        self._code_files = CodeFiles(draft, messages)
        draft.streams = mode.streams

    async def find_orphan(self, said: str) -> None:
        """Look for a message that a dead worker sent and could not note down any more.

        Args:
            said: the text that it had noted down, which is all that it may have sent.

        Raises:
            ChatAway: Slack did not answer; nothing was changed.
        """
        draft = self._draft
        if draft.spares or (draft.sheets and not draft.sheets[-1].finished):
            return
        sheet = draft.next_sheet()
        end = min(len(said), sheet.start + BEGINNING_CHARS)
        beginning = message_text(said, sheet.start, end, sheet.opening, complete=False)
        if not beginning:
            return
        try:
            ts = await self._messages.find(sheet.index, beginning, draft.timestamps)
        except ChatRefused as refused:
            log.warning("cannot_look_for_messages", code=refused.code)
            return
        if ts is not None:
            log.info("orphan_found")
            draft.spares.append(ts)

    async def take_turn(self, step: Step, *, urgent: bool) -> float | None:
        """Take the step's turn under Slack's rates. Returns how many seconds to wait before performing it.

        None when another way is quicker: the draft takes it from here on, and no turn was taken.
        """
        if urgent or step.act not in METHODS:
            return await self._messages.take_turn(METHODS[step.act], urgent=True) if step.act in METHODS else 0.0
        if step.act is Act.START and self._mode.may_post_instead:
            return await self._turn_to_start()
        if step.act is Act.POST and step.plan.finale is None:
            was, self._draft.crowded = self._draft.crowded, await self._messages.wait_s("chat.update") > PATIENCE_S
            if was is not self._draft.crowded:
                return None
        if step.act is Act.REWRITE and step.sheet.ts and not step.sheet.stale:
            return await self._turn_to_rewrite(step)
        return await self._messages.take_turn(METHODS[step.act])

    async def _turn_to_start(self) -> float | None:
        if await self._messages.wait_s("chat.appendStream") <= CROWDED_S:
            wait = await self._messages.take_turn("chat.startStream", patience_s=PATIENCE_S)
            if wait <= PATIENCE_S:
                return wait
        self._draft.streams = False
        return None

    async def _turn_to_rewrite(self, step: Step) -> float | None:
        more = bool(self._draft.script.text[step.sheet.shown :].strip())
        trimmings = not more and step.plan.finale is not None and not step.plan.finale.notice
        patience_s = TRIMMINGS_S if trimmings else PATIENCE_S
        wait = await self._messages.take_turn("chat.update", patience_s=patience_s)
        if wait <= patience_s:
            return wait
        if trimmings and self._draft.settle(step.sheet):
            return None
        if more and await self._messages.wait_s("chat.postMessage") < wait and self._draft.leave(step.sheet):
            return None
        return await self._messages.take_turn("chat.update")

    async def perform(self, step: Step) -> None:
        """Make the call.

        Raises:
            ChatAway: nothing happened, as far as is known; what comes next may be tried later.
            ChatRefused: there is no way on: the thread, the message or our access to it is gone.
        """
        if step.act not in (Act.DELETE, Act.SHARE) and (
            not self._draft.sheets or self._draft.sheets[-1] is not step.sheet
        ):
            self._draft.sheets.append(step.sheet)
        try:
            await self._call(step)
        except ChatRefused as refused:
            self._recover(step, refused)
        except ChatAway as away:
            if not away.sent or step.act not in DOUBTED:
                raise
            self._doubt(step)
        else:
            self._refused_in_a_row = 0

    async def _call(self, step: Step) -> None:
        sheet = step.sheet
        match step.act:
            case Act.RESOLVE:
                await self._resolve(sheet)
            case Act.START:
                await self._start(sheet, step.plan)
            case Act.POST:
                await self._post(sheet, step.plan)
            case Act.APPEND:
                sheet.sent = strokes(self._draft.script, sheet, step.plan)
                await self._messages.append(sheet.ts, sheet.sent.chunks)
                self._confirm_sent(sheet)
            case Act.STOP:
                await self._stop(sheet, step.plan)
            case Act.REWRITE:
                await self._rewrite(sheet, step.plan)
            case Act.SHARE:
                await self._code_files.share()
            case Act.DELETE:
                await self._messages.delete(self._draft.spares[-1])
                self._draft.spares.pop()

    async def _start(self, sheet: Sheet, planned: Plan) -> None:
        sheet.sent = strokes(self._draft.script, sheet, Plan(planned.end))
        sheet.live, sheet.opened_at = True, self._clock.now()
        sheet.end_at = planned.end if planned.full else None
        sheet.ts = await self._messages.start(sheet.sent.chunks, grouped=sheet.grouped)
        self._confirm_sent(sheet)

    async def _post(self, sheet: Sheet, planned: Plan) -> None:
        sheet.live = False
        content = compose(self._draft.script, sheet, planned, plain=self._draft.plain)
        sheet.ts = await self._messages.post(sheet.index, content)
        self._confirm(sheet, planned.end, content.cards)
        self._complete(sheet, planned)

    async def _stop(self, sheet: Sheet, planned: Plan) -> None:
        sheet.sent = strokes(self._draft.script, sheet, planned)
        chunks = list(sheet.sent.chunks)
        blocks: tuple[Block, ...] = ()
        if planned.finale is not None:
            notice = planned.finale.after(self._draft.script.text[sheet.start : planned.end])
            chunks += [{"type": "markdown_text", "text": notice}] if notice else []
            blocks = () if self._draft.plain else planned.finale.blocks
        await self._messages.stop(sheet.ts, sheet.index, chunks, blocks)
        sheet.live = False
        self._confirm_sent(sheet)
        self._complete(sheet, planned)

    async def _rewrite(self, sheet: Sheet, planned: Plan) -> None:
        if not sheet.ts:
            sheet.ts, sheet.must_stop = self._draft.spares.pop(0), True
        sheet.live, sheet.stale, sheet.finished = False, True, False
        if sheet.must_stop:
            await self._halt(sheet)
        content = compose(self._draft.script, sheet, planned, plain=self._draft.plain)
        await self._messages.update(sheet.ts, sheet.index, content)
        sheet.stale = False
        self._confirm(sheet, planned.end, content.cards)
        self._complete(sheet, planned)

    async def _halt(self, sheet: Sheet) -> None:
        try:
            await self._messages.halt(sheet.ts)
        except ChatRefused as refused:
            if meaning_of(refused) is Meaning.GONE:
                raise
            log.debug("stream_was_over", code=refused.code)
        sheet.must_stop = False

    async def _resolve(self, sheet: Sheet) -> None:
        """Find out what became of what was sent last."""
        if sheet.ts:
            held = await self._messages.held(sheet.ts) or ""
            text = self._draft.script.text
            if sheet.sent.end > sheet.shown and letters(text[sheet.start : sheet.sent.end]) in held:
                self._confirm_sent(sheet)
            sheet.unsure, sheet.finished = False, True
            return
        ts = await self._look(sheet)
        if ts is None:
            await self._clock.sleep(LOOK_AGAIN_S)
            ts = await self._look(sheet)
        sheet.unsure = False
        if ts is None:
            sheet.live = False
        elif sheet.live:
            sheet.ts = ts
            self._confirm_sent(sheet)
        else:
            sheet.ts, sheet.stale = ts, True

    async def _look(self, sheet: Sheet) -> str | None:
        beginning = next((str(chunk.get("text") or chunk.get("title")) for chunk in sheet.sent.chunks), "")
        known = [*self._draft.timestamps, *self._draft.spares]
        return await self._messages.find(sheet.index, beginning[:BEGINNING_CHARS], known)

    def _confirm_sent(self, sheet: Sheet) -> None:
        self._confirm(sheet, sheet.sent.end, sheet.sent.cards)
        sheet.title = sheet.sent.title or sheet.title

    def _confirm(self, sheet: Sheet, end: int, cards: CardsShown) -> None:
        sheet.shown = end
        for card, status in cards:
            card.sheet, card.told = sheet.index, status

    def _complete(self, sheet: Sheet, planned: Plan) -> None:
        """Nothing more comes into this sheet. A card that still runs goes on in the next."""
        if not planned.complete:
            return
        sheet.finished = True
        self._draft.done = planned.finale is not None
        self._draft.streams = self._mode.streams
        for card in self._draft.script.cards:
            if card.sheet == sheet.index and card.told is CardStatus.IN_PROGRESS:
                card.sheet = card.told = None

    def _doubt(self, step: Step) -> None:
        """A call may have taken effect. A new message is looked for; any other is written over as a whole."""
        log.info("slack_outcome_unknown", act=step.act.value)
        if step.act in (Act.START, Act.POST):
            step.sheet.unsure = True
        else:
            step.sheet.live, step.sheet.stale, step.sheet.must_stop = False, True, True

    def _recover(self, step: Step, refused: ChatRefused) -> None:
        """Leave the sheet so that the next step works around the refusal. Raises it when nothing does."""
        sheet, meaning = step.sheet, meaning_of(refused)
        self._refused_in_a_row += 1
        log.info("slack_refused", act=step.act.value, code=refused.code, meaning=meaning.value)
        if step.act is Act.DELETE:
            self._draft.spares.pop()
        elif step.act is Act.SHARE:
            self._code_files.give_up(refused.code)
        elif meaning is Meaning.GONE or self._refused_in_a_row > RECOVERIES:
            raise refused
        elif step.act is Act.RESOLVE:
            self._cannot_look(sheet)
        elif meaning is Meaning.BLOCKS and (not self._draft.plain or self._refused_in_a_row <= SHORT_ATTEMPTS):
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
        elif self._refused_in_a_row > SHORT_ATTEMPTS:
            raise refused
