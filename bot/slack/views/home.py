"""App Home: a person's conversations; for admins everybody's, with a search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from slack_sdk.models.blocks import Block, DividerBlock, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.errors import Reason
from bot.model import Decision, Thread, ThreadPage, ThreadStatus
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId, ViewId
from bot.slack.api.limits import BUTTON_VALUE_CHARS, MODAL_BLOCKS
from bot.slack.commands import FILTER_TEXT_CHARS
from bot.slack.decisions.cards import spoken
from bot.slack.decisions.exact import visible_line
from bot.slack.decisions.words import moment
from bot.slack.text.mrkdwn import escaped_within, link
from bot.slack.views.listing import LinkOf, rows
from bot.slack.views.parts import actions, button, context, section
from bot.slack.wire import text

WAITING_CHARS = 100
"""Ours: of what waits for somebody's word, so that ten of them fit in one section."""

SEARCH_BLOCK = "search"


@dataclass(frozen=True, slots=True)
class Shown:
    """What of App Home somebody looks at.

    Args:
        everybody: other people's conversations as well; for admins.
        text: looked for in titles.
        cursor: where a further page begins.
    """

    everybody: bool = False
    text: str = ""
    cursor: str = ""

    def dump(self) -> str:
        fields = {"all": self.everybody, "text": self.text, "at": self.cursor}
        kept = {name: value for name, value in fields.items() if value}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, value: str) -> Shown:
        """The inverse of `dump`; what can't be read is left out."""
        try:
            kept = json.loads(value)
        except ValueError:
            return cls()
        if not isinstance(kept, dict):
            return cls()
        return cls(kept.get("all") is True, text(kept, "text")[:FILTER_TEXT_CHARS], text(kept, "at"))


def home(
    shown: Shown,
    found: ThreadPage,
    link_of: LinkOf,
    now: float,
    *,
    is_admin: bool,
    facts: Sequence[str],
    waiting: Sequence[Decision] = (),
) -> View:
    """What somebody sees.

    Args:
        now: seconds since the epoch, for the ages.
        facts: quiet lines below the greeting, such as what was spent.
        waiting: what waits for this person's word.
    """
    blocks: list[Block] = [section(words.HOME_GREETING), *(context(fact) for fact in facts)]
    blocks.append(_ways(shown, is_admin=is_admin))
    if shown.everybody:
        blocks.append(_search(shown))
    blocks += [DividerBlock(), *_waiting(waiting, link_of), *_threads(shown, found, link_of, now)]
    return View(type="home", callback_id=ViewId.HOME.value, blocks=blocks[:MODAL_BLOCKS])


def closed(reason: Reason) -> View:
    """What somebody sees whom the policy keeps out."""
    return View(type="home", callback_id=ViewId.HOME.value, blocks=[section(wording.refusal(reason))])


def _ways(shown: Shown, *, is_admin: bool) -> Block:
    elements = [button(words.REFRESH_BUTTON, ActionId.HOME_REFRESH, replace(shown, cursor="").dump())]
    if shown.everybody:
        elements.append(button(words.MINE_BUTTON, ActionId.HOME_MINE, Shown().dump()))
    elif is_admin:
        elements.append(button(words.EVERYBODYS_BUTTON, ActionId.HOME_ALL, Shown(everybody=True).dump()))
    return actions(*elements)


def _search(shown: Shown) -> InputBlock:
    element = PlainTextInputElement(
        action_id=ActionId.HOME_SEARCH.value,
        initial_value=shown.text or None,
        max_length=FILTER_TEXT_CHARS,
        dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
    )
    return InputBlock(block_id=SEARCH_BLOCK, label=words.SEARCH_LABEL, element=element, dispatch_action=True)


def _waiting(decisions: Sequence[Decision], link_of: LinkOf) -> list[Block]:
    """What waits for this person; each leads to its card."""
    if not decisions:
        return []
    lines = (f"• {_one_waiting(decision, link_of)}" for decision in decisions)
    return [section("\n".join((f"*{words.WAIT_FOR_YOU}*", *lines)))]


def _one_waiting(decision: Decision, link_of: LinkOf) -> str:
    asks, what = spoken(decision)
    url = link_of(decision.thread, decision.card_ts)
    until = moment(decision.expires_at)
    return f"{link(url, asks)} {escaped_within(visible_line(what, WAITING_CHARS), WAITING_CHARS)} · until {until}"


def _threads(shown: Shown, found: ThreadPage, link_of: LinkOf, now: float) -> list[Block]:
    blocks: list[Block] = []
    for title, statuses in _SECTIONS:
        listed = [thread for thread in found.threads if thread.status in statuses]
        if listed:
            blocks += [section(f"*{title}*"), *rows(listed, link_of, now)]
    if not blocks:
        blocks.append(section(_nothing(shown, found)))
    leaves = []
    if shown.cursor:
        leaves.append(button(wording.FIRST_PAGE_BUTTON, ActionId.HOME_FIRST, replace(shown, cursor="").dump()))
    further = replace(shown, cursor=found.cursor).dump()
    if found.cursor and len(further) <= BUTTON_VALUE_CHARS:
        leaves.append(button(wording.NEXT_PAGE_BUTTON, ActionId.HOME_PAGE, further))
    return [*blocks, actions(*leaves)] if leaves else blocks


def _nothing(shown: Shown, found: ThreadPage) -> str:
    if found.cursor:
        return words.LOOK_FURTHER
    return words.NOTHING_FITS if shown.text else words.HOME_EMPTY


_SECTIONS: tuple[tuple[str, tuple[ThreadStatus, ...]], ...] = (
    (words.WAIT_FOR_A_DECISION, (ThreadStatus.DEFERRED,)),
    (words.AT_WORK, (ThreadStatus.RUNNING, ThreadStatus.WAITING)),
    (words.RECENT, (ThreadStatus.IDLE,)),
)


def concerned(thread: Thread) -> frozenset[str]:
    """Whose App Home lists the thread."""
    return frozenset({thread.owner, *thread.people} - {""})
