"""The first message of a branch."""

from __future__ import annotations

from slack_sdk.models.blocks import Block

from bot.model import Thread
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.views.parts import Notice, actions, button, context, section, title_of


def root(source: Thread, link: str, user: str, *, ask_again: bool, nearly_full: bool = False) -> Notice:
    """A branch's root, with a link back.

    Args:
        source: what it was branched from.
        link: of the message that was branched at.
        user: who branched.
        ask_again: offer to ask the message that was branched at again, as it was.
        nearly_full: say so of the model's context, and offer to compact.
    """
    text = wording.branch_root(title_of(source), link)
    blocks: list[Block] = [section(text), context(words.branch_by(user))]
    if nearly_full:
        compact = button(wording.COMPACT_BUTTON, ActionId.COMPACT, "")
        blocks += [section(wording.BRANCH_NEARLY_FULL), actions(compact)]
    if ask_again:
        again = button(wording.ASK_AGAIN_BUTTON, ActionId.ASK_AGAIN, "", style="primary")
        blocks += [section(wording.branch_asks_again()), actions(again)]
    return Notice(text, tuple(blocks))
