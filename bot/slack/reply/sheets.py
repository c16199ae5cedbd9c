"""One Slack message of a reply while it is written: what it shows, and what it is to show next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.slack.api.limits import (
    PART_BYTES_EASY,
    PART_BYTES_LEAST,
    PART_CARDS,
    STREAM_ROLL_S,
    TIMELINE_CARDS,
    UPDATE_TEXT_CHARS,
)
from bot.slack.reply.cards import Block, Card, CardStatus, Chunk, card_blocks, card_chunk, plan_title, that_fit
from bot.slack.reply.finale import Finale
from bot.slack.reply.rollover import cut, easy_end, fits, message_text
from bot.slack.reply.script import Script
from bot.slack.text.markdown import decided_end, harmless, harmless_slice, steady_end
from bot.slack.text.structure import Structure, closed, reopened, structure_at

CardsShown = list[tuple[Card, CardStatus]]
"""Cards with the status in which a message shows them."""


@dataclass(slots=True)
class Strokes:
    """What is added to a live message, and what it shows afterwards.

    Args:
        end: up to where its text goes then; white space at the end waits for what follows it.
        title: of the plan that groups its cards; empty where that stays as it is.
    """

    end: int
    chunks: list[Chunk] = field(default_factory=list)
    cards: CardsShown = field(default_factory=list)
    title: str = ""


@dataclass(slots=True)
class Sheet:
    """A message of the reply.

    Args:
        start: where in the turn's text it begins.
        shown: up to where Slack has confirmed the text in it.
        opening: what is open in the text at `start`.
        grouped: a stream whose cards are grouped into one plan, instead of standing where they came up.
        most_cards: with more than these, further ones go into the next message.
        title: of the plan, as Slack has confirmed it.
        live: a stream; otherwise it is posted, and then rewritten as a whole.
        unsure: it was sent, and nobody knows yet whether it arrived.
        stale: what Slack holds may be more than was confirmed, so it must be rewritten.
        must_stop: it may still be a stream, which can't be rewritten.
        stops_late: its stop queues under Slack's rates, so that what it says goes first.
        sent: what was added to it last, if it is a stream.
        end_at: where it was decided that it ends, once text was sent on that decision.
        sealed: it takes no more text.
        finished: nothing of it is left to do.
    """

    index: int
    start: int
    shown: int
    opening: Structure
    limit_bytes: int
    ts: str = ""
    grouped: bool = False
    most_cards: int = PART_CARDS
    title: str = ""
    live: bool = False
    opened_at: float = 0.0
    unsure: bool = False
    stale: bool = False
    must_stop: bool = False
    stops_late: bool = False
    sent: Strokes = field(default_factory=lambda: Strokes(0))
    end_at: int | None = None
    sealed: bool = False
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """How far to go now.

    Args:
        patient: leave half words for later; there will be more.
        rested: nothing more has come for a while.
        finale: set when the turn is over.
    """

    patient: bool = True
    rested: bool = False
    finale: Finale | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sheet is to show next: the text up to `end`, and whether that ends the message, or the whole reply."""

    end: int
    full: bool = False
    finale: Finale | None = None

    @property
    def complete(self) -> bool:
        return self.full or self.finale is not None


@dataclass(frozen=True, slots=True)
class Content:
    """A whole message: as Markdown alone, or as blocks with `text` for where blocks don't show; and its cards."""

    text: str
    blocks: tuple[Block, ...] = ()
    cards: CardsShown = field(default_factory=list)


def plan(script: Script, sheet: Sheet, goal: Goal, now: float) -> Plan:
    """What the sheet is to show next."""
    if sheet.sealed:
        return Plan(sheet.shown, full=True)
    if sheet.end_at is not None:
        return Plan(sheet.end_at, full=True)
    text, limit = script.text, _room(script, sheet)
    end, full = _available(script, sheet, goal)
    if not fits(text, sheet.start, end, sheet.opening, limit):
        return Plan(cut(text, sheet.start, sheet.shown, sheet.opening, limit), full=True)
    place = easy_end(text, sheet.start, sheet.shown, end, sheet.opening, min(PART_BYTES_EASY, limit * 4 // 5))
    if place is not None:
        return Plan(place, full=True)
    full = full or (sheet.live and now - sheet.opened_at >= STREAM_ROLL_S and goal.finale is None)
    return Plan(end, full, None if full else goal.finale)


def _available(script: Script, sheet: Sheet, goal: Goal) -> tuple[int, bool]:
    """Up to where text may be shown now, and whether the message ends there because it has enough cards."""
    text = script.text
    if goal.finale is not None:
        end = len(text)
    else:
        end = steady_end(text, sheet.shown) if goal.patient else decided_end(text, sheet.shown)
    cards = cards_of(script, sheet)
    here = len(_cards_here(script, sheet))
    if here < len(cards) and cards[here].sheet is None:
        return min(end, max(cards[here].at, sheet.shown)), True
    return end, False


def _room(script: Script, sheet: Sheet) -> int:
    spent = sum(card.weight for card in _cards_here(script, sheet))
    return max(sheet.limit_bytes - spent, PART_BYTES_LEAST)


def cards_of(script: Script, sheet: Sheet) -> list[Card]:
    """The cards that the sheet shows, and those that wait for one."""
    return [card for card in script.cards if card.sheet == sheet.index or card.waits]


def _cards_here(script: Script, sheet: Sheet) -> list[Card]:
    """Those of them that this sheet shows. Where they become too many for a timeline, the next one groups them."""
    cards = cards_of(script, sheet)
    if sheet.most_cards < PART_CARDS and len(cards) > sheet.most_cards:
        return [card for card in cards if card.sheet == sheet.index]
    return that_fit(cards)


def strokes(script: Script, sheet: Sheet, planned: Plan) -> Strokes:
    """What brings a live sheet from what it shows to the plan."""
    made = Strokes(sheet.shown)
    here = _cards_here(script, sheet)
    for card in here:
        if card.sheet == sheet.index and card.told is not card.status:
            _add_card(made, card)
    for card in here:
        if card.sheet is None and card.at <= planned.end and not sheet.sealed:
            _add_text(made, script, sheet, max(card.at, made.end))
            _add_card(made, card)
    _add_text(made, script, sheet, planned.end)
    new = {id(card) for card, _ in made.cards}
    shown = [card for card in here if card.sheet == sheet.index or id(card) in new]
    if planned.full:
        made.chunks += [card_chunk(card.parted()) for card in shown if card.status is CardStatus.IN_PROGRESS]
        shown = [card.parted() for card in shown]
    if sheet.grouped and shown:
        _add_title(made, sheet, plan_title(shown))
    if planned.complete:
        suffix = _suffix(script, sheet, planned)
        made.chunks += [{"type": "markdown_text", "text": suffix}] if suffix else []
        made.end = planned.end
    return made


def _add_card(made: Strokes, card: Card) -> None:
    made.chunks.append(card_chunk(card))
    made.cards.append((card, card.status))


def _add_title(made: Strokes, sheet: Sheet, title: str) -> None:
    """The plan's title stands in front of what is new in it."""
    if title != sheet.title:
        first = next((at for at, chunk in enumerate(made.chunks) if chunk["type"] == "task_update"), 0)
        made.chunks.insert(first, {"type": "plan_update", "title": title})
        made.title = title


def _add_text(made: Strokes, script: Script, sheet: Sheet, end: int) -> None:
    """Add the text up to `end`, unless it is white space, which goes with what follows it."""
    body = harmless_slice(script.text, made.end, end, pings=script.pings)
    if body.strip():
        front = harmless(reopened(sheet.opening, script.text, sheet.start)) if made.end == sheet.start else ""
        made.chunks.append({"type": "markdown_text", "text": front + body})
        made.end = end


def _suffix(script: Script, sheet: Sheet, planned: Plan) -> str:
    body = script.text[sheet.start : planned.end]
    return closed(structure_at(script.text, sheet.start, planned.end, sheet.opening), body) if body.strip() else ""


def compose(script: Script, sheet: Sheet, planned: Plan, *, plain: bool) -> Content:
    """The whole message of a sheet that is not live.

    Args:
        plain: without any blocks, since Slack refused them.
    """
    shown = [card for card in _cards_here(script, sheet) if card.at <= planned.end]
    statuses = [(card, card.status) for card in shown]
    cards = [card.parted() for card in shown] if planned.full else shown
    finale = planned.finale
    text = message_text(
        script.text, sheet.start, planned.end, sheet.opening, complete=planned.complete, pings=script.pings
    )
    notice = finale.after(text) if finale else ""
    below = finale.blocks if finale else ()
    if plain or not (cards or below):
        lines = "".join(f"\n\n_{card.line}_" for card in cards)
        return Content((text + lines).lstrip("\n") + notice if not text else text + lines + notice, (), statuses)
    blocks = _blocks(script, sheet, planned, cards)
    if notice:
        blocks.append({"type": "markdown", "text": notice.strip()})
    whole = (text + notice).strip() or "\n".join(card.line for card in cards)
    return Content(whole[: UPDATE_TEXT_CHARS - 100], (*blocks, *below), statuses)


def _blocks(script: Script, sheet: Sheet, planned: Plan, cards: Sequence[Card]) -> list[Block]:
    """The text cut at its cards, each piece a block of its own. Many cards stand together, where the first came up."""
    blocks: list[Block] = []
    run: list[Card] = []
    done = sheet.start

    def add_text(end: int, back: str = "") -> int:
        body = harmless_slice(script.text, done, end, pings=script.pings)
        if not body.strip():
            return done
        blocks.extend(card_blocks(run))
        run.clear()
        front = harmless(reopened(sheet.opening, script.text, sheet.start)) if done == sheet.start else ""
        blocks.append({"type": "markdown", "text": front + body + back})
        return end

    for group in [cards] if len(cards) > TIMELINE_CARDS else [[card] for card in cards]:
        done = add_text(max(group[0].at, done))
        run.extend(group)
    add_text(planned.end, _suffix(script, sheet, planned) if planned.complete else "")
    blocks.extend(card_blocks(run))
    return blocks
