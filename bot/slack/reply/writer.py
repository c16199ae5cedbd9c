"""The machine behind a reply: makes the calls that its draft decides on, and notes what Slack confirmed.

Whatever Slack answers, the draft is left so that its next decision is right: nothing missing, nothing twice.
"""

from __future__ import annotations

import structlog

from bot.errors import ChatAway, ChatRefused
from bot.ports import Clock
from bot.slack.reply.cards import Block, CardStatus
from bot.slack.reply.code_files import CodeFiles
from bot.slack.reply.draft import Act, Draft, Step
from bot.slack.reply.messages import ReplyMessages
from bot.slack.reply.mode import ChannelMode
from bot.slack.reply.recovery import Recovery
from bot.slack.reply.refusals import Meaning, meaning_of
from bot.slack.reply.rollover import message_text
from bot.slack.reply.sheets import CardsShown, Plan, Sheet, compose, strokes
from bot.slack.text.markdown import letters

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 1.0
"""Between two looks for a message of unknown outcome, since Slack may still be at it."""

DOUBTED = frozenset({Act.START, Act.POST, Act.APPEND, Act.STOP})
"""Acts whose unknown outcome is noted on their sheet. The others may simply be done again."""

BEGINNING_CHARS = 60
"""How much of a message's text is compared to find it again."""


class Writer:
    """Writes one turn's reply into its messages, one call at a time."""

    def __init__(self, draft: Draft, messages: ReplyMessages, mode: ChannelMode, clock: Clock) -> None:
        self._draft = draft
        self._messages = messages
        self._mode = mode
        self._clock = clock
        self._code_files = CodeFiles(draft, messages)
        self._recovery = Recovery(draft, mode, self._code_files)

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

    async def perform(self, step: Step) -> None:
        """Make the call.

        Raises:
            ChatAway: nothing happened, as far as is known; what comes next may be tried later.
            ChatRefused: there is no way on: the thread, the message or our access to it is gone.
        """
        if step.act not in (Act.DELETE, Act.DISCARD, Act.SHARE) and (
            not self._draft.sheets or self._draft.sheets[-1] is not step.sheet
        ):
            self._draft.sheets.append(step.sheet)
        try:
            await self._call(step)
        except ChatRefused as refused:
            self._recovery.work_around(step, refused)
        except ChatAway as away:
            if not away.sent or step.act not in DOUBTED:
                raise
            self._doubt(step)
        else:
            self._recovery.succeeded()

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
            case Act.DISCARD:
                await self._code_files.discard()
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
