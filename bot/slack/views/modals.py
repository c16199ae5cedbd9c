"""Modals."""

from __future__ import annotations

import json
from dataclasses import dataclass

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.admin import MAX_TITLE
from bot.model import Thread, ThreadKey
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ViewId
from bot.slack.api.limits import MODAL_BLOCKS
from bot.slack.views.parts import Notice
from bot.slack.wire import text

INPUT = "typed"
"""block_id and action_id of a modal's one input."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a modal remembers of why it was opened: the thread, and where to answer. No channel means App Home."""

    thread: ThreadKey
    channel: str = ""
    thread_ts: str = ""
    response_url: str = ""

    def metadata(self) -> str:
        kept = {"thread": str(self.thread), "in": self.channel, "ts": self.thread_ts, "url": self.response_url}
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def read(cls, metadata: str) -> Asked:
        """The inverse of `metadata`. Raises ValueError when the text is not of that form."""
        kept = json.loads(metadata)
        fields = kept if isinstance(kept, dict) else {}
        return cls(ThreadKey.parse(text(fields, "thread")), text(fields, "in"), text(fields, "ts"), text(fields, "url"))


def rename(thread: Thread, asked: Asked) -> View:
    return _asking(ViewId.RENAME, words.RENAME_TITLE, words.TITLE_LABEL, asked, thread.title, optional=False)


def tag(thread: Thread, asked: Asked) -> View:
    return _asking(ViewId.TAG, words.TAG_TITLE, words.TAG_LABEL, asked, thread.tag, optional=True)


def _asking(view: ViewId, title: str, label: str, asked: Asked, now: str, *, optional: bool) -> View:
    element = PlainTextInputElement(action_id=INPUT, initial_value=now[:MAX_TITLE] or None, max_length=MAX_TITLE)
    return View(
        type="modal",
        callback_id=view.value,
        private_metadata=asked.metadata(),
        title=title,
        submit=words.SAVE_BUTTON,
        close=wording.CANCEL_BUTTON,
        blocks=[InputBlock(block_id=INPUT, label=label, element=element, optional=optional)],
    )


def answer(notice: Notice) -> View:
    """An answer to somebody in App Home, where no message can be posted."""
    return View(
        type="modal",
        callback_id=ViewId.ANSWER.value,
        title=words.ANSWER_TITLE,
        close=words.CLOSE_BUTTON,
        blocks=notice.shown()[:MODAL_BLOCKS],
    )
