"""The pieces that cards and modals about decisions are made of."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ConfirmObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextPreformattedElement,
    RichTextSectionElement,
)

from bot.slack.api.limits import PREFORMATTED_CHARS
from bot.slack.decisions.exact import mark, visible_line
from bot.slack.text.mrkdwn import escaped

PATTERN_CHARS = 200
"""Ours: of a rule's pattern, on one line. Slack takes 300 characters in a button's question."""


def preformatted(text: str) -> Block:
    """Exactly these characters: Slack gives none of them a meaning."""
    return RichTextBlock(elements=[_preformatted(text)])


def excerpted(head: str, left_out: str, tail: str) -> Block:
    """A beginning and an end with a sentence of ours between them, which nothing in either can imitate."""
    between: Sequence[RichTextElement] = [
        RichTextElementParts.Text(text=left_out, style=RichTextElementParts.TextStyle(italic=True))
    ]
    return RichTextBlock(
        elements=[
            _preformatted(head),
            RichTextSectionElement(elements=between),
            *([_preformatted(tail)] if tail else []),
        ]
    )


def _preformatted(text: str) -> RichTextElement:
    return RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=text)])


def preformatted_pieces(text: str) -> list[Block]:
    """A long text in blocks that Slack takes."""
    return [
        preformatted(text[first : first + PREFORMATTED_CHARS])
        for first in range(0, max(len(text), 1), PREFORMATTED_CHARS)
    ]


def code(text: str) -> str:
    """A short text as code in mrkdwn, on one line; nothing in it ends the code."""
    return f"`{escaped(visible_line(text, PATTERN_CHARS).replace('`', mark('`')))}`"


def button(
    label: str,
    action: str,
    decision_id: str,
    *,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
) -> ButtonElement:
    """A button, whose value is the decision's id and nothing else."""
    shown = PlainTextObject(text=label, emoji=False)
    return ButtonElement(text=shown, action_id=str(action), value=decision_id, style=style, confirm=confirm)
