"""What the author of a changed message is offered."""

from __future__ import annotations

from bot.model import ThreadKey
from bot.slack import wording
from bot.slack.action_ids import ActionId
from bot.slack.views.parts import Notice, actions, button, section


def offer(thread: ThreadKey, ts: str) -> Notice:
    """To ask a message again that was answered before it was changed."""
    ask = button(wording.ASK_EDITED_BUTTON, ActionId.ASK_EDITED, f"{thread} {ts}", style="primary")
    keep = button(wording.LEAVE_IT_BUTTON, ActionId.CANCEL, "")
    return Notice(wording.EDITED_TOO_LATE, (section(wording.EDITED_TOO_LATE), actions(ask, keep)))
