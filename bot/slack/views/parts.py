"""The pieces that views are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    InteractiveElement,
    LinkButtonElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    SectionBlock,
)

from bot.model import Thread, ThreadKey
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.api.limits import SECTION_CHARS
from bot.slack.text.mrkdwn import cut, escaped

TITLE_CHARS = 80
"""Ours: of a title in a list, so that it stays about one line."""

SHORT_ID_CHARS = 8
"""Ours: of a session's id where people read it; enough to be the only one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An answer to a person: blocks, and the text that stands for them in notifications."""

    text: str
    blocks: tuple[Block, ...] = ()

    def shown(self) -> list[Block]:
        """The blocks; the text as one where there are none."""
        return list(self.blocks) or [section(self.text)]


def section(text: str, accessory: InteractiveElement | None = None) -> SectionBlock:
    """A paragraph. `text` is mrkdwn whose foreign parts are escaped already."""
    shown = text if len(text) <= SECTION_CHARS else text[: SECTION_CHARS - 1] + "…"
    return SectionBlock(text=MarkdownTextObject(text=shown), accessory=accessory)


def context(text: str) -> ContextBlock:
    """A quiet line."""
    return ContextBlock(elements=[MarkdownTextObject(text=text)])


def actions(*elements: InteractiveElement) -> ActionsBlock:
    return ActionsBlock(elements=list(elements))


def button(
    label: str, action: ActionId, value: str, *, style: str | None = None, confirm: ConfirmObject | None = None
) -> ButtonElement:
    return ButtonElement(text=label, action_id=action.value, value=value or None, style=style, confirm=confirm)


def open_button(url: str) -> LinkButtonElement:
    """Leads to a message. Slack tells us of the click too, which we only acknowledge."""
    return LinkButtonElement(text=wording.OPEN_BUTTON, url=url, action_id=ActionId.OPEN.value)


def read_button(url: str) -> LinkButtonElement:
    """Leads to the page with the whole conversation."""
    return LinkButtonElement(text=words.READ_BUTTON, url=url, action_id=ActionId.READ.value)


def menu(thread: ThreadKey, choices: Sequence[tuple[str, ActionId]]) -> OverflowMenuElement:
    """The menu of a row: at most 5 choices, each about that thread."""
    return OverflowMenuElement(
        action_id=ActionId.ROW.value,
        options=[Option(text=label, value=f"{action.value} {thread}") for label, action in choices],
    )


def reset_confirm(title: str) -> ConfirmObject:
    """Slack's own question before a button's click goes out."""
    return ConfirmObject(
        title=words.RESET_TITLE,
        text=MarkdownTextObject(text=wording.reset_question(escaped(cut(title, TITLE_CHARS)))),
        confirm=words.CONFIRM_BUTTON,
        deny=wording.CANCEL_BUTTON,
        style="danger",
    )


def title_of(thread: Thread) -> str:
    """The title as a block shows it."""
    return escaped(cut(thread.title, TITLE_CHARS)) or wording.UNTITLED


def short_id(session_id: str) -> str:
    return f"`{escaped(session_id[:SHORT_ID_CHARS])}`"


def place_of(channel: str) -> str:
    """Slack shows a channel's name for its reference, but not a DM's."""
    return words.DIRECT_MESSAGE if channel.startswith("D") else f"<#{channel}>"
