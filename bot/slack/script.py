"""What a turn has said so far: text and cards, in order. No Slack here, and nothing that waits."""

from __future__ import annotations

from bot.model import (
    AgentEvent,
    Ending,
    Remark,
    RemarkKind,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from bot.slack import wording
from bot.slack.cards import Card, CardStatus
from bot.slack.limits import TASK_OUTPUT_CHARS, TASK_TITLE_CHARS
from bot.slack.markdown import one_line


class Script:
    """Grows as events come in.

    Args:
        said: what the turn has said already, when another worker began it.
        pings: mentions of users that the model writes may take effect.
    """

    def __init__(self, said: str = "", *, tool_ran: bool = False, pings: bool = False) -> None:
        self.pings = pings
        self._text = said
        self._heard: list[str] = []
        self.cards: list[Card] = []
        self.tool_ran = tool_ran

    @property
    def text(self) -> str:
        """The turn's text, in Markdown as the model wrote it."""
        if self._heard:
            self._text += "".join(self._heard)
            self._heard.clear()
        return self._text

    def hear(self, event: AgentEvent) -> None:
        """Take in what an event adds to the text and the cards."""
        match event:
            case TextDelta(text):
                # A lone surrogate can't be written as UTF-8.
                self._heard.append(text.encode("utf-8", "replace").decode() if not text.isascii() else text)
            case ToolStarted(id=tool_id, title=title):
                self.tool_ran = True
                self.cards.append(Card(tool_id, one_line(title, TASK_TITLE_CHARS), at=len(self.text)))
            case ToolFinished(id=tool_id, ok=ok, summary=summary):
                status = CardStatus.COMPLETE if ok else CardStatus.ERROR
                self._settle_card(tool_id, status, one_line(summary, TASK_OUTPUT_CHARS))
            case Remark(RemarkKind.SESSION_LOST):
                self._heard.append(f"{wording.FRESH_START}\n\n")
            case _:
                pass

    def start_over(self) -> None:
        """Forget all of it: the turn is asked again from its beginning."""
        self._text = ""
        self._heard.clear()
        self.cards.clear()

    def end(self, ending: Ending) -> None:
        """Close every card, whatever the end was."""
        status = CardStatus.COMPLETE if ending is Ending.DONE else CardStatus.ERROR
        for card in self.cards:
            if card.status is CardStatus.IN_PROGRESS:
                card.status = status
                card.output = "" if ending is Ending.DONE else wording.CUT_SHORT

    def _settle_card(self, tool_id: str, status: CardStatus, output: str) -> None:
        for card in reversed(self.cards):
            if card.id == tool_id:
                card.status, card.output = status, output
                return
