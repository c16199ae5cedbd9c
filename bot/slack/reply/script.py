"""What a turn has said so far: text and cards, in order. No Slack here, and nothing that waits."""

from __future__ import annotations

from bot.model import (
    AgentEvent,
    Ending,
    Progress,
    Remark,
    RemarkKind,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from bot.slack import wording
from bot.slack.api.limits import TASK_OUTPUT_CHARS, TASK_TITLE_CHARS
from bot.slack.reply.cards import NOT_YET, Card, CardStatus
from bot.slack.reply.long_code import LongCode, ShownText
from bot.slack.text.markdown import one_line

_LEFT_OPEN = {
    Ending.DONE: (CardStatus.COMPLETE, ""),
    Ending.DEFERRED: (CardStatus.COMPLETE, wording.ASKED_BELOW),
}
"""What becomes of a card that is still open when the turn ends; otherwise it was cut short."""


class Script:
    """Grows as events come in.

    Args:
        progress: what the turn has said already, when another worker began it.
        pings: mentions of users that the model writes may take effect.
    """

    def __init__(self, progress: Progress | None = None, *, pings: bool = False) -> None:
        begun = progress or Progress()
        self.pings = pings
        self._shown = ShownText(begun.said, begun.code_files)
        self._heard: list[str] = []
        self.cards: list[Card] = []
        self.tool_ran = begun.tool_ran

    @property
    def said(self) -> str:
        """All that the turn has said, in Markdown as the model wrote it."""
        self._take_in()
        return self._shown.said

    @property
    def text(self) -> str:
        """What messages say of it: the same, but for code that is too long for them."""
        self._take_in()
        return self._shown.text

    @property
    def code_files(self) -> tuple[str, ...]:
        """What became of long code so far: see `Progress.code_files`."""
        return tuple(self._shown.files)

    @property
    def long_code(self) -> LongCode | None:
        """Code whose file is to be in the thread before the text goes on."""
        self._take_in()
        return self._shown.waiting

    @property
    def holds_back(self) -> bool:
        """Code is being said of which no more is shown before it is known how long it becomes."""
        self._take_in()
        return self._shown.holds_back

    def settle_code(self, name: str) -> None:
        """The long code's file is in the thread, or, with AS_TEXT, Slack takes none."""
        self._shown.settle(name)
        self._place_cards()

    def _take_in(self) -> None:
        if self._heard:
            self._shown.add("".join(self._heard))
            self._heard.clear()
            self._place_cards()

    def _place_cards(self) -> None:
        """Cards stand where they came up; one behind code that is not shown yet waits for it."""
        for card in self.cards:
            if card.at == NOT_YET:
                place = self._shown.place(card.said_at)
                card.at = NOT_YET if place is None else place

    def hear(self, event: AgentEvent) -> None:
        """Take in what an event adds to the text and the cards."""
        match event:
            case TextDelta(text):
                # A lone surrogate can't be written as UTF-8.
                self._heard.append(text.encode("utf-8", "replace").decode() if not text.isascii() else text)
            case ToolStarted(id=tool_id, title=title):
                self.tool_ran = True
                self._take_in()
                self._shown.let_pass()
                self.cards.append(Card(tool_id, one_line(title, TASK_TITLE_CHARS), said_at=len(self._shown.said)))
                self._place_cards()
            case ToolFinished(id=tool_id, ok=ok, summary=summary):
                status = CardStatus.COMPLETE if ok else CardStatus.ERROR
                self._settle_card(tool_id, status, one_line(summary, TASK_OUTPUT_CHARS))
            case Remark(RemarkKind.COMPACTED):
                self._heard.append(f"{wording.COMPACTED_ITSELF}\n\n")
            case Remark(RemarkKind.SESSION_LOST):
                self._heard.append(f"{wording.FRESH_START}\n\n")
            case _:
                pass

    def start_over(self) -> None:
        """Forget all of it: the turn is asked again from its beginning."""
        self._shown = ShownText()
        self._heard.clear()
        self.cards.clear()

    def end(self, ending: Ending) -> None:
        """Nothing more is said: close every card, whatever the end was."""
        self._take_in()
        self._shown.end()
        self._place_cards()
        for card in self.cards:
            if card.status is CardStatus.IN_PROGRESS:
                card.status, card.output = _LEFT_OPEN.get(ending, (CardStatus.ERROR, wording.CUT_SHORT))

    def _settle_card(self, tool_id: str, status: CardStatus, output: str) -> None:
        for card in reversed(self.cards):
            if card.id == tool_id:
                card.status, card.output = status, output
                return
