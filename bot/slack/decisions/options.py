"""The options of a question, as Slack's inputs and buttons show them, and as a list where those would cut them."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    InputInteractiveElement,
    Option,
    PlainTextObject,
    RadioButtonsElement,
    StaticMultiSelectElement,
    StaticSelectElement,
)

from bot.model import Option as Answer
from bot.model import Question
from bot.slack.api.limits import GROUP_OPTIONS, MENU_OPTIONS, OPTION_CHARS, SECTION_CHARS
from bot.slack.decisions import words
from bot.slack.decisions.exact import visible, visible_line
from bot.slack.text.mrkdwn import escaped_within
from bot.slack.views.parts import section

LONG_OPTION_CHARS = 300
"""Ours: of an option whose label or description Slack's inputs would cut, where it is written out."""


def explained(question: Question) -> list[Block]:
    """What the question's input can't show whole."""
    few = len(question.options) <= GROUP_OPTIONS
    return written_out(question.options[:MENU_OPTIONS], OPTION_CHARS, OPTION_CHARS if few else 0)


def element(action_id: str, question: Question, chosen: Sequence[str]) -> InputInteractiveElement:
    """The input to choose with: whatever Slack has for so many options."""
    few = len(question.options) <= GROUP_OPTIONS
    options = [_option(place, option, few=few) for place, option in enumerate(question.options[:MENU_OPTIONS])]
    already = [option for option in options if option.value in chosen] or None
    if question.multiple and few:
        return CheckboxesElement(action_id=action_id, options=options, initial_options=already)
    if question.multiple:
        return StaticMultiSelectElement(
            action_id=action_id, options=options, initial_options=already, placeholder=words.CHOOSE_SOME
        )
    first = already[0] if already else None
    if few:
        return RadioButtonsElement(action_id=action_id, options=options, initial_option=first)
    return StaticSelectElement(action_id=action_id, options=options, initial_option=first, placeholder=words.CHOOSE_ONE)


def _option(place: int, option: Answer, *, few: bool) -> Option:
    """The value is the option's place; menus have no room for descriptions."""
    description = visible_line(option.description, OPTION_CHARS) if few else ""
    return Option(
        text=PlainTextObject(text=label(option, OPTION_CHARS), emoji=False),
        value=str(place),
        description=PlainTextObject(text=description, emoji=False) if description else None,
    )


def written_out(options: Sequence[Answer], chars: int, description_chars: int) -> list[Block]:
    """The options as a list, where what people choose from has no room for their labels or descriptions."""
    if all(_fits(option.label, chars) and _fits(option.description, description_chars) for option in options):
        return []
    lines = [
        f"• *{_mrkdwn(option.label)}*" + (f": {_mrkdwn(option.description)}" if option.description.strip() else "")
        for option in options
    ]
    return [section("\n".join(some)) for some in _in_sections(lines)]


def _in_sections(lines: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    room = SECTION_CHARS
    for line in lines:
        if len(line) + 1 > room:
            found.append([])
            room = SECTION_CHARS
        found[-1].append(line)
        room -= len(line) + 1
    return found


def _fits(text: str, chars: int) -> bool:
    return len(visible(text.strip())) <= chars


def label(option: Answer, chars: int) -> str:
    """The option's label for a button or an input, which needs one."""
    return visible_line(option.label, chars) or "?"


def _mrkdwn(text: str) -> str:
    return escaped_within(visible_line(text, LONG_OPTION_CHARS), LONG_OPTION_CHARS)
