"""The modals behind a card: all of a call, why not, and answers in one's own words."""

from __future__ import annotations

from collections.abc import Mapping

from slack_sdk.models.blocks import Block, ContextBlock, InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.decisions import MAX_REASON_CHARS
from bot.model import Decision, ThreadKey
from bot.slack import wording, wording_commands
from bot.slack.action_ids import ActionId, ViewId
from bot.slack.api.limits import PAGE_CHARS
from bot.slack.decisions import questions, words
from bot.slack.decisions.blocks import button, preformatted_pieces
from bot.slack.decisions.exact import marks_in, pages
from bot.slack.gestures import Input
from bot.slack.views.parts import actions, context, section

REASON = "reason"
"""block_id and action_id of the reason."""


def remembered(decision: Decision) -> str:
    """What a modal remembers of where it was opened. It is checked again when it comes back."""
    return f"{decision.thread} {decision.id}"


def recalled(metadata: str) -> tuple[ThreadKey, str]:
    """The inverse: the thread and the decision's id. Raises ValueError when the text is not of that form."""
    thread, _, decision_id = metadata.partition(" ")
    if not decision_id:
        raise ValueError("no decision")
    return ThreadKey.parse(thread), decision_id


def whole(decision: Decision, number: int = 0) -> View:
    """All of a call, one page at a time.

    Args:
        number: the page to show, counted from 0; the last one when there are fewer.
    """
    call = decision.call
    leaves = pages(call.detail, PAGE_CHARS)
    number = min(max(number, 0), len(leaves) - 1)
    hidden = marks_in(call.detail)
    blocks: list[Block] = [context(words.marks(hidden))] if hidden else []
    blocks += preformatted_pieces(leaves[number]) if leaves[number] else [section(words.NOTHING_TO_SHOW)]
    if len(leaves) > 1:
        blocks += [ContextBlock(elements=[PlainTextObject(text=words.page(number + 1, len(leaves)))])]
        turns = [(words.EARLIER_BUTTON, number - 1), (words.LATER_BUTTON, number + 1)]
        buttons = [
            button(label, f"{ActionId.TURN_PAGE.value}.{page}", decision.id)
            for label, page in turns
            if 0 <= page < len(leaves)
        ]
        blocks.append(actions(*buttons))
    return View(
        type="modal",
        callback_id=ViewId.WHOLE.value,
        private_metadata=remembered(decision),
        title=words.WHOLE_TITLES[call.detail_kind],
        close=wording_commands.CLOSE_BUTTON,
        blocks=blocks,
    )


def why_not(decision: Decision) -> View:
    """Asks for the reason of a no."""
    element = PlainTextInputElement(action_id=REASON, multiline=True, max_length=MAX_REASON_CHARS, focus_on_load=True)
    label = PlainTextObject(text=words.REASON_LABEL)
    return _asking(
        decision,
        ViewId.DENY_REASON,
        words.REASON_TITLE,
        words.DENY_SUBMIT,
        [InputBlock(block_id=REASON, label=label, element=element)],
    )


def own_words(decision: Decision, chosen: Mapping[str, Input]) -> View:
    """Asks the questions again, with room for one's own words. `chosen` is what the card's inputs hold."""
    blocks = questions.form(decision.call.questions, chosen)
    return _asking(decision, ViewId.OWN_WORDS, words.ANSWER_TITLE, words.SEND_SUBMIT, blocks)


def _asking(decision: Decision, view: ViewId, title: str, submit: str, blocks: list[Block]) -> View:
    return View(
        type="modal",
        callback_id=view.value,
        private_metadata=remembered(decision),
        title=title,
        submit=submit,
        close=wording.CANCEL_BUTTON,
        blocks=blocks,
    )
