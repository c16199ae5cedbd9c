"""The first message of a branch."""

from __future__ import annotations

from bot.model import Thread
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.views.parts import Notice, actions, button, context, section, title_of


def root(source: Thread, link: str, user: str, *, ask_again: bool) -> Notice:
    """A branch's root, with a link back.

    Args:
        source: what it was branched from.
        link: of the message that was branched at.
        user: who branched.
        ask_again: offer to ask the message that was branched at again, as it was.
    """
    text = wording.branch_root(title_of(source), link)
    blocks = [section(text), context(words.branch_by(user))]
    if not ask_again:
        return Notice(text, tuple(blocks))
    again = button(wording.ASK_AGAIN_BUTTON, ActionId.ASK_AGAIN, "", style="primary")
    return Notice(text, (*blocks, section(wording.branch_asks_again()), actions(again)))
