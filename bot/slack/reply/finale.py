"""How a reply ends: the notice, the buttons, the quiet line."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.model import Closing, Ending, Outcome, ThreadKey
from bot.slack import wording
from bot.slack.action_ids import ActionId
from bot.slack.reply.cards import Block
from bot.slack.text.markdown import escaped, harmless

GOOD, BAD = "good", "bad"
"""The values of the feedback buttons."""

_CONTINUABLE = frozenset({Ending.MAX_TURNS, Ending.MAX_BUDGET, Ending.MAX_TIME})


@dataclass(frozen=True, slots=True)
class Finale:
    """What stands below the text of a reply's last message."""

    notice: str
    blocks: tuple[Block, ...]

    def after(self, text: str) -> str:
        """The notice as a paragraph of its own behind this text."""
        if not self.notice:
            return ""
        return f"\n\n_{self.notice}_" if text.strip() else f"_{self.notice}_"


def finale(closing: Closing, thread: ThreadKey, *, silent: bool) -> Finale:
    """The finale of a turn.

    Args:
        silent: the turn showed nothing, so that even a good end needs a word.
    """
    ending = closing.outcome.ending
    notice = harmless(wording.ending_notice(closing.outcome))
    if silent and not notice:
        notice = wording.NOTHING_SAID
    if ending is Ending.DEFERRED and not silent:
        notice = ""  # the card below says it
    blocks: list[Block] = held_back_blocks(thread, closing.held_back) if closing.held_back else []
    if ending in _CONTINUABLE:
        blocks.append(_continue_button(thread, ending))
    if closing.outcome.nearly_full or ending is Ending.CONTEXT_FULL:
        blocks += _compact_blocks(closing.outcome)
    if ending is Ending.DONE and not silent:
        blocks.append(_feedback())
    if closing.usage is not None:
        line = escaped(wording.usage_line(closing.usage))
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": line}]})
    return Finale(notice, tuple(blocks))


def held_back_blocks(thread: ThreadKey, count: int) -> list[Block]:
    """What a stop holds back, with what can be done about it."""

    elements = [
        _button(wording.GO_ON_BUTTON, ActionId.GO_ON, str(thread)),
        _button(wording.WITHDRAW_BUTTON, ActionId.WITHDRAW_HELD_BACK, str(thread)),
    ]
    return [_said(wording.held_back(count)), {"type": "actions", "elements": elements}]


def _compact_blocks(outcome: Outcome) -> list[Block]:
    """That the model's context is nearly full, with the ways out; of a full one the notice speaks."""
    elements = [
        _button(wording.COMPACT_BUTTON, ActionId.COMPACT),
        _button(wording.BRANCH_FROM_SUMMARY_BUTTON, ActionId.BRANCH_FROM_SUMMARY),
    ]
    said = [_said(wording.nearly_full(outcome.context_used))] if outcome.nearly_full else []
    return [*said, {"type": "actions", "elements": elements}]


def _said(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _button(text: str, action: ActionId, value: str = "") -> Block:
    label = {"type": "plain_text", "text": text}
    button: Block = {"type": "button", "action_id": action.value, "text": label}
    return {**button, "value": value} if value else button


def _continue_button(thread: ThreadKey, ending: Ending) -> Block:
    text = {"type": "plain_text", "text": wording.CONTINUE_BUTTON}
    button = {"type": "button", "action_id": ActionId.CONTINUE_TURN.value, "text": text}
    return {"type": "actions", "elements": [{**button, "value": _value(thread, ending), "style": "primary"}]}


def _value(thread: ThreadKey, ending: Ending) -> str:
    return json.dumps({"thread": str(thread), "ending": ending.value})


def _feedback() -> Block:
    def button(text: str, hint: str, value: str) -> dict[str, object]:
        return {"text": {"type": "plain_text", "text": text}, "accessibility_label": hint, "value": value}

    buttons = {
        "type": "feedback_buttons",
        "action_id": ActionId.FEEDBACK.value,
        "positive_button": button(wording.GOOD_ANSWER, wording.GOOD_ANSWER_HINT, GOOD),
        "negative_button": button(wording.BAD_ANSWER, wording.BAD_ANSWER_HINT, BAD),
    }
    return {"type": "context_actions", "elements": [buttons]}
