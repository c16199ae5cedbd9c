"""The card of a tool call that needs somebody's word."""

from __future__ import annotations

from slack_sdk.models.blocks import Block, ButtonElement, ConfirmObject, PlainTextObject

from bot.model import DeferredCall
from bot.slack import wording
from bot.slack.action_ids import ActionId
from bot.slack.api.limits import EXCERPT_CHARS, EXCERPT_LINES
from bot.slack.decisions import words
from bot.slack.decisions.blocks import PATTERN_CHARS, button, code, excerpted, preformatted
from bot.slack.decisions.exact import Excerpt, excerpt, marks_in, visible_line
from bot.slack.text.mrkdwn import escaped, escaped_within
from bot.slack.views.parts import actions, context, section

TITLE_CHARS = 250
WHY_CHARS = 600
"""Ours: of why it needs asking."""


def what(call: DeferredCall, opening: str) -> list[Block]:
    """What the agent wants to do: in words, then exactly, then why somebody is asked.

    Args:
        opening: the card's first words, as mrkdwn.
    """
    title = escaped(visible_line(call.title, TITLE_CHARS))
    blocks: list[Block] = [section(f"{opening}\n{title}" if title else opening)]
    shown = shortened(call)
    if shown.whole and shown.head:
        blocks.append(preformatted(shown.head))
    elif shown.head:
        blocks.append(excerpted(shown.head, words.left_out(shown.lines_left_out, shown.chars_left_out), shown.tail))
    hidden = marks_in(call.detail)
    if hidden:
        blocks.append(context(words.marks(hidden)))
    if call.why:
        blocks.append(context(words.why(escaped_within(visible_line(call.why, WHY_CHARS), WHY_CHARS))))
    return blocks


def shortened(call: DeferredCall) -> Excerpt:
    """As much of the call as the card shows."""
    return excerpt(call.detail, lines=EXCERPT_LINES, chars=EXCERPT_CHARS)


def choices(call: DeferredCall, decision_id: str) -> list[Block]:
    """The buttons, and what the lasting one of them means."""
    buttons = [button(words.ALLOW_ONCE_BUTTON, ActionId.ALLOW_ONCE, decision_id, style="primary")]
    if call.pattern:
        buttons.append(_allow_here(call.pattern, decision_id))
    buttons += [
        button(words.DENY_BUTTON, ActionId.DENY, decision_id, style="danger"),
        button(words.DENY_REASON_BUTTON, ActionId.DENY_REASON, decision_id),
        *show_whole(call, decision_id),
    ]
    meaning = [context(words.allows_here(code(call.pattern)))] if call.pattern else []
    return [*meaning, actions(*buttons)]


def show_whole(call: DeferredCall, decision_id: str) -> list[ButtonElement]:
    """The button that shows all of it, where the card doesn't."""
    return [] if shortened(call).whole else [button(words.SHOW_ALL_BUTTON, ActionId.SHOW_WHOLE, decision_id)]


def _allow_here(pattern: str, decision_id: str) -> ButtonElement:
    """What lasts asks once more, and says for what."""
    question = words.allow_here_question(visible_line(pattern, PATTERN_CHARS))
    confirm = ConfirmObject(
        title=words.ALLOW_HERE_TITLE,
        text=PlainTextObject(text=question, emoji=False),
        confirm=words.ALLOW_HERE_CONFIRM,
        deny=wording.CANCEL_BUTTON,
    )
    return button(words.ALLOW_HERE_BUTTON, ActionId.ALLOW_HERE, decision_id, confirm=confirm)
