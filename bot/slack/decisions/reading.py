"""What people answered to questions, from the inputs that hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model import Question
from bot.slack.decisions import words
from bot.slack.gestures import Input

MOST_QUESTIONS = 10
"""Ours: as many as a person can be expected to answer at once. The tool itself allows four."""

CHOICE, OWN = "choice", "own"
"""How the block_ids of a question's two inputs begin; its number follows."""

_IS_OURS = re.compile(rf"(?:{CHOICE}|{OWN})[0-9]{{1,3}}")


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered, by the question's text, and which questions have no answer yet."""

    given: Mapping[str, str]
    missing: tuple[int, ...] = ()


def shown(questions: Sequence[Question]) -> Sequence[Question]:
    """The questions that are shown."""
    return questions[:MOST_QUESTIONS]


def read(questions: Sequence[Question], inputs: Mapping[str, Input]) -> Answers:
    """What the inputs of a card or modal say. Raises ValueError for an option that is not there."""
    given: dict[str, str] = {}
    missing: list[int] = []
    for number, question in enumerate(shown(questions)):
        chosen = [label_at(question, place) for place in inputs.get(f"{CHOICE}{number}", Input()).chosen]
        own = inputs.get(f"{OWN}{number}", Input()).text.strip()
        if own and not question.multiple:
            chosen = []
        answer = ", ".join((*chosen, *([own] if own else [])))
        if answer:
            given[question.text] = answer
        else:
            missing.append(number)
    unshown = {question.text: words.NOT_SHOWN for question in questions[MOST_QUESTIONS:]}
    return Answers({**unshown, **given}, tuple(missing))


def unanswered(inputs: Mapping[str, Input]) -> list[int]:
    """The numbers of the questions in a modal whose inputs are all empty."""
    numbers = {int(name.removeprefix(CHOICE).removeprefix(OWN)) for name in inputs if _IS_OURS.fullmatch(name)}
    empty = Input()
    return [
        number
        for number in sorted(numbers)
        if not inputs.get(f"{CHOICE}{number}", empty).chosen and not inputs.get(f"{OWN}{number}", empty).text.strip()
    ]


def label_at(question: Question, place: str) -> str:
    """The label of an option by its place, as an option's value or a button's id holds it.

    Raises:
        ValueError: there is no such option.
    """
    if not (place.isascii() and place.isdigit() and int(place) < len(question.options)):
        raise ValueError("no such option")
    return question.options[int(place)].label
