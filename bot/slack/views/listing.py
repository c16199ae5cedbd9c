"""A list of threads, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from slack_sdk.models.blocks import Block, SectionBlock

from bot.errors import Reason
from bot.model import Thread, ThreadFilter, ThreadKey, ThreadPage, ThreadStatus
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.api.limits import BUTTON_VALUE_CHARS
from bot.slack.commands import FILTER_TEXT_CHARS, List
from bot.slack.text.mrkdwn import link
from bot.slack.views.parts import (
    SHORT_ID_CHARS,
    Notice,
    actions,
    button,
    menu,
    place_of,
    section,
    short_id,
    title_of,
)


class LinkOf(Protocol):
    """Gives the address of a thread, or of one of its messages."""

    def __call__(self, thread: ThreadKey, ts: str = "", /) -> str: ...


AT_WORK = (ThreadStatus.RUNNING, ThreadStatus.WAITING, ThreadStatus.DEFERRED)


def page(asked: List, found: ThreadPage, link_of: LinkOf, now: float) -> Notice:
    """One page, the most recently active thread first, with buttons to leaf through.

    Args:
        now: seconds since the epoch, for the ages.
    """
    if not found.threads:
        nothing = _nothing(asked, found.cursor)
        return Notice(nothing, (section(nothing), *_leaf(asked, found.cursor)))
    blocks: list[Block] = [section(f"*{words.LIST_TITLE}*"), *rows(found.threads, link_of, now)]
    return Notice(words.LIST_TITLE, (*blocks, *_leaf(asked, found.cursor)))


def _nothing(asked: List, cursor: str) -> str:
    if cursor:
        return words.LOOK_FURTHER
    if asked.cursor:
        return wording.NO_MORE_THREADS
    query = asked.query
    filtered = query.channel or query.user or query.tag or query.text
    return words.NOTHING_FITS if filtered else wording.refusal(Reason.NO_SESSIONS)


def rows(threads: Sequence[Thread], link_of: LinkOf, now: float) -> list[Block]:
    """One block a thread: its title leads there, its menu holds what can be done with it."""
    return [_row(thread, link_of, now) for thread in threads]


def _row(thread: Thread, link_of: LinkOf, now: float) -> SectionBlock:
    last = (wording.STOP_BUTTON, ActionId.STOP) if thread.status in AT_WORK else (wording.RESET_BUTTON, ActionId.RESET)
    choices = [
        (wording.SHOW_BUTTON, ActionId.SHOW),
        (words.CONTINUE_HERE_BUTTON, ActionId.CONTINUE_HERE),
        (words.RENAME_BUTTON, ActionId.RENAME),
        (words.TAG_BUTTON, ActionId.TAG),
        last,
    ]
    heading = f"*{link(link_of(thread.key), title_of(thread))}*  {short_id(thread.session_id)}"
    return section(f"{heading}\n{facts(thread, link_of, now)}", menu(thread.key, choices))


def facts(thread: Thread, link_of: LinkOf, now: float) -> str:
    """Who, where, age, turns, cost, status, branch of what, tag: on one line."""
    who = f"<@{thread.owner}> in {place_of(thread.key.channel)}" if thread.owner else place_of(thread.key.channel)
    parts = [who, words.age(now - thread.active_at), words.turns(thread.turns), words.cost(thread.cost_usd)]
    parts.append(words.status(thread))
    if thread.source is not None:
        # No code marks here: Slack shows them as they are inside a link's label.
        parts.append(f"branch of {link(link_of(thread.source.thread), thread.source.session_id[:SHORT_ID_CHARS])}")
    if thread.tag:
        parts.append(words.tagged(thread.tag))
    return " · ".join(part for part in parts if part)


# --- leafing ------------------------------------------------------------------------------------


def _leaf(asked: List, cursor: str) -> list[Block]:
    elements = []
    if asked.cursor:
        elements.append(button(wording.FIRST_PAGE_BUTTON, ActionId.LIST_FIRST, page_value(asked, "")))
    if cursor and len(value := page_value(asked, cursor)) <= BUTTON_VALUE_CHARS:
        elements.append(button(wording.NEXT_PAGE_BUTTON, ActionId.LIST_PAGE, value))
    return [actions(*elements)] if elements else []


def page_value(asked: List, cursor: str) -> str:
    """What a page's button holds: the filter and where to go on."""
    query = asked.query
    fields = {"in": query.channel, "by": query.user, "tag": query.tag, "text": query.text, "at": cursor}
    return json.dumps(
        {name: value for name, value in fields.items() if value}, ensure_ascii=False, separators=(",", ":")
    )


def asked_page(value: str, team: str) -> List | None:
    """The inverse of `page_value`; None when the value is not one.

    Args:
        team: the clicking person's; a value can't name another.
    """
    try:
        kept = json.loads(value)
    except ValueError:
        return None
    if not isinstance(kept, dict):
        return None

    def field(name: str) -> str:
        found = kept.get(name, "")
        return found if isinstance(found, str) else ""

    query = ThreadFilter(team, field("in"), field("by"), field("tag"), field("text")[:FILTER_TEXT_CHARS])
    return List(query, cursor=field("at"))
