"""The card of questions: a button for each answer where that is enough, else inputs and a button that sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement, PlainTextObject

from bot.decisions import MAX_REASON_CHARS
from bot.model import Question
from bot.slack.action_ids import ActionId
from bot.slack.api.limits import BUTTON_TEXT_CHARS, CARD_TEXT_CHARS
from bot.slack.decisions import options, words
from bot.slack.decisions.blocks import button
from bot.slack.decisions.exact import visible, visible_line
from bot.slack.decisions.reading import CHOICE, MOST_QUESTIONS, OWN, shown
from bot.slack.gestures import Input
from bot.slack.text.mrkdwn import escaped_within
from bot.slack.views.parts import actions, context, section

MOST_BUTTONS = 6
"""Ours: more answers than this are a list to choose from."""

QUESTION_CHARS = 1_500
"""Ours: of a question's text. Slack takes 2,000 characters as the label of an input."""


def asked(questions: Sequence[Question], decision_id: str) -> list[Block]:
    """The questions, with whatever answers them."""
    if _needs_no_inputs(questions):
        return _with_buttons(questions[0], decision_id)
    blocks = [block for number, question in enumerate(shown(questions)) for block in _with_inputs(number, question)]
    offers = [button(words.send_button(len(questions)), ActionId.SEND_ANSWERS, decision_id, style="primary")]
    if text_of(blocks) > CARD_TEXT_CHARS:
        blocks, offers = _told(questions), []
    label = words.OWN_WORDS_BUTTON if offers else words.ANSWER_BUTTON
    if not offers or any(question.options for question in questions):
        offers.append(button(label, ActionId.OWN_WORDS, decision_id, style=None if offers else "primary"))
    offers.append(button(words.NO_ANSWER_BUTTON, ActionId.DENY, decision_id))
    return [*blocks, *_more(questions), actions(*offers)]


def _needs_no_inputs(questions: Sequence[Question]) -> bool:
    """One question, of which one of few answers is to be chosen."""
    if len(questions) != 1:
        return False
    [question] = questions
    return 0 < len(question.options) <= MOST_BUTTONS and not question.multiple


def _with_buttons(question: Question, decision_id: str) -> list[Block]:
    offered = [
        button(options.label(option, BUTTON_TEXT_CHARS), f"{ActionId.CHOOSE.value}.{number}", decision_id)
        for number, option in enumerate(question.options)
    ]
    own = button(words.OWN_WORDS_BUTTON, ActionId.OWN_WORDS, decision_id)
    none = button(words.NO_ANSWER_BUTTON, ActionId.DENY, decision_id)
    return [
        section(_text(question)),
        *options.written_out(question.options, BUTTON_TEXT_CHARS, 0),
        actions(*offered, own, none),
    ]


def _with_inputs(number: int, question: Question) -> list[Block]:
    """In a card: the input, below what it can't show whole."""
    return [*options.explained(question), _input(number, question)]


def _told(questions: Sequence[Question]) -> list[Block]:
    """Questions that are too long to be answered in the card, cut."""
    return [section("• " + escaped_within(visible_line(question.text, 200), 250)) for question in shown(questions)]


def _more(questions: Sequence[Question]) -> list[Block]:
    return [context(words.MORE_QUESTIONS)] if len(questions) > MOST_QUESTIONS else []


def answered(questions: Sequence[Question], answers: Mapping[str, str]) -> list[Block]:
    """The questions with what was answered, if anything was."""
    lines = []
    for question in shown(questions):
        answer = answers.get(question.text, "")
        quoted = "\n".join(f"> {line}" for line in escaped_within(visible(answer), 800).splitlines())
        lines.append(f"{_text(question, 400)}\n{quoted}" if quoted else _text(question, 400))
    return [section(line) for line in lines]


# --- the modal --------------------------------------------------------------------------------------


def form(questions: Sequence[Question], chosen: Mapping[str, Input]) -> list[Block]:
    """All questions, each with its options and room for one's own words.

    Args:
        chosen: what is chosen already, by block_id.
    """
    blocks: list[Block] = []
    for number, question in enumerate(shown(questions)):
        if not question.options:
            blocks.append(_input(number, question))
            continue
        already = chosen.get(f"{CHOICE}{number}", Input())
        blocks += [
            *options.explained(question),
            _input(number, question, already.chosen, optional=True),
            _own_words(number, words.OTHERWISE_LABEL),
        ]
    return [*blocks, *_more(questions)]


def _input(number: int, question: Question, chosen: Sequence[str] = (), *, optional: bool = False) -> Block:
    label = visible_line(question.text, QUESTION_CHARS) or words.OWN_WORDS_LABEL
    if not question.options:
        return _own_words(number, label, optional=False)
    return InputBlock(
        block_id=f"{CHOICE}{number}",
        label=PlainTextObject(text=label, emoji=False),
        element=options.element(f"{CHOICE}{number}", question, chosen),
        optional=optional,
    )


def _own_words(number: int, label: str, *, optional: bool = True) -> Block:
    element = PlainTextInputElement(action_id=f"{OWN}{number}", multiline=True, max_length=MAX_REASON_CHARS)
    return InputBlock(
        block_id=f"{OWN}{number}", label=PlainTextObject(text=label, emoji=False), element=element, optional=optional
    )


def _text(question: Question, chars: int = QUESTION_CHARS) -> str:
    header = f"{escaped_within(visible_line(question.header, 60), 80)}: " if question.header.strip() else ""
    return f"{header}*{escaped_within(visible_line(question.text, chars), chars)}*"


def text_of(blocks: Iterable[Block]) -> int:
    """How many characters these blocks show, as Slack counts them, and a bit more."""
    return sum(_texts(block.to_dict()) for block in blocks)


def _texts(value: object) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(_texts, value.values()))
    return sum(map(_texts, value)) if isinstance(value, list) else 0
