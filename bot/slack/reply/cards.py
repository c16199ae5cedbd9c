"""Tool calls as people see them: a card in a stream, a quiet line elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.slack import wording
from bot.slack.api.limits import CONTEXT_ELEMENTS, PART_CARD_BYTES, PART_CARDS, TIMELINE_CARDS

Chunk = Mapping[str, object]
Block = Mapping[str, object]


class CardStatus(StrEnum):
    """The status of a task card, as Slack names it."""

    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ERROR = "error"


NOT_YET = sys.maxsize
"""The place of a card that can't be shown yet."""

_LEAST_OUTPUT_BYTES = 30

_MARKS = {CardStatus.IN_PROGRESS: "◦", CardStatus.COMPLETE: "✓", CardStatus.ERROR: "✗"}


@dataclass(slots=True)
class Card:
    """One tool call. `title` and `output` are harmless, one line each.

    Args:
        said_at: how much was said before it.
        at: how much of the text that messages show stands before it; NOT_YET while some of that is held back.
        sheet: the index of the message that shows it; None while none does.
        told: the status that Slack has confirmed there.
    """

    id: str
    title: str
    said_at: int
    at: int = NOT_YET
    status: CardStatus = CardStatus.IN_PROGRESS
    output: str = ""
    sheet: int | None = None
    told: CardStatus | None = None

    @property
    def waits(self) -> bool:
        """No message shows it, and one may."""
        return self.sheet is None and self.at != NOT_YET

    @property
    def line(self) -> str:
        """The card as a quiet line."""
        return f"{_MARKS[self.status]} {self.title}" + (f" – {self.output}" if self.output else "")

    @property
    def weight(self) -> int:
        """What it takes of a message's size, in bytes, with room for an output that is yet to come."""
        return len(self.title.encode()) + 2 * max(len(self.output.encode()), _LEAST_OUTPUT_BYTES)

    def parted(self) -> Card:
        """How it stands in a message that ends before it does: Slack would turn it into an error there."""
        if self.status is not CardStatus.IN_PROGRESS:
            return self
        return replace(self, status=CardStatus.COMPLETE, output=wording.CONTINUES_BELOW)


def card_chunk(card: Card) -> Chunk:
    """The card as it stands, for a stream."""
    chunk = {"type": "task_update", "id": card.id, "title": card.title, "status": card.status.value}
    return {**chunk, "output": card.output} if card.output else chunk


def plan_title(cards: Sequence[Card]) -> str:
    """The title of a plan that groups these."""
    failed = sum(card.status is CardStatus.ERROR for card in cards)
    running = any(card.status is CardStatus.IN_PROGRESS for card in cards)
    return wording.steps(len(cards), failed, running=running)


def that_fit(cards: Sequence[Card]) -> list[Card]:
    """The first of these cards, as many as one message takes."""
    kept: list[Card] = []
    weight = 0
    for card in cards[:PART_CARDS]:
        weight += card.weight
        if kept and weight > PART_CARD_BYTES:
            break
        kept.append(card)
    return kept


def card_blocks(cards: Sequence[Card]) -> list[Block]:
    """Cards that follow one another where nothing streams: a few as quiet lines, many as a plan."""
    if len(cards) > TIMELINE_CARDS:
        return [{"type": "plan", "title": plan_title(cards), "tasks": [_task_card(card) for card in cards]}]
    return [
        {"type": "context", "elements": [{"type": "plain_text", "text": card.line, "emoji": False} for card in some]}
        for some in _in_tens(cards)
    ]


def _task_card(card: Card) -> Block:
    block = {"type": "task_card", "task_id": card.id, "title": card.title, "status": card.status.value}
    if not card.output:
        return block
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": card.output}]}
    return {**block, "output": {"type": "rich_text", "elements": [section]}}


def _in_tens(cards: Sequence[Card]) -> list[Sequence[Card]]:
    return [cards[first : first + CONTEXT_ELEMENTS] for first in range(0, len(cards), CONTEXT_ELEMENTS)]
