"""One session in full, and the question before a reset."""

from __future__ import annotations

from dataclasses import replace

from slack_sdk.models.blocks import Block, InteractiveElement

from bot.admin import SessionView
from bot.model import ArchivedSession, Exchange, Thread, ThreadKey, ThreadStatus
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId
from bot.slack.text.mrkdwn import cut, escaped, escaped_within, from_markdown, link
from bot.slack.views.listing import AT_WORK, LinkOf, facts
from bot.slack.views.parts import (
    TITLE_CHARS,
    Notice,
    actions,
    button,
    context,
    open_button,
    read_button,
    reset_confirm,
    section,
    short_id,
    title_of,
)

ARCHIVED_SHOWN = 5
LINEAGE_SHOWN = 10
PROMPT_CHARS = 600
ANSWER_CHARS = 1_500
"""Ours: of each exchange, so that a message with the last few stays below Slack's total for blocks."""


def show(view: SessionView, link_of: LinkOf, now: float, page: str = "") -> Notice:
    """A session: what it is, where it came from, what was said last, what can be done with it.

    Args:
        page: where this person reads all of it; empty when there is no such page.
        now: seconds since the epoch, for the ages.
    """
    thread = _shown(view)
    address = view.link or link_of(thread.key)
    blocks: list[Block] = [
        section(f"*{link(address, title_of(thread))}*\n{facts(thread, link_of, now)}"),
        context(_ids(view)),
        *_lineage(view.lineage, link_of),
        *_archive(thread, now),
        *_exchanges(view.exchanges),
        *([section(words.READ_HINT, read_button(page))] if page else []),
        _actions(thread, address) if thread is view.thread else _actions_before_a_reset(thread, address),
    ]
    return Notice(title_of(thread), tuple(blocks))


def _shown(view: SessionView) -> Thread:
    """The thread, as it was when the session that is shown was its current one."""
    for old in view.thread.archived:
        if old.session_id == view.session_id:
            others = tuple(other for other in view.thread.archived if other is not old)
            return replace(
                view.thread,
                session_id=old.session_id,
                title=old.title,
                turns=old.turns,
                cost_usd=old.cost_usd,
                active_at=old.archived_at,
                status=ThreadStatus.IDLE,
                archived=others,
            )
    return view.thread


def _ids(view: SessionView) -> str:
    people = " ".join(f"<@{user}>" for user in view.thread.people[:10])
    parts = [f"Session `{escaped(view.session_id)}`", f"with {people}" if people else "", escaped(view.thread.model)]
    if view.thread.context_used:
        parts.append(words.context_used(view.thread.context_used))
    if view.session_id != view.thread.session_id:
        parts.insert(1, "before a reset")
    return " · ".join(part for part in parts if part)


def _lineage(lineage: tuple[Thread, ...], link_of: LinkOf) -> list[Block]:
    if not lineage:
        return []
    lines = [
        f"{'    ' * depth}↳ {link(link_of(parent.key), title_of(parent))} {short_id(parent.session_id)}"
        for depth, parent in enumerate(lineage[:LINEAGE_SHOWN])
    ]
    return [section("\n".join((f"*{words.LINEAGE}*", *lines)))]


def _archive(thread: Thread, now: float) -> list[Block]:
    newest_first = sorted(thread.archived, key=lambda old: old.archived_at, reverse=True)[:ARCHIVED_SHOWN]
    if not newest_first:
        return []
    return [section(f"*{words.ARCHIVE}*"), *(_archived(thread.key, old, now) for old in newest_first)]


def _archived(key: ThreadKey, old: ArchivedSession, now: float) -> Block:
    title = escaped(cut(old.title, TITLE_CHARS)) or wording.UNTITLED
    line = " · ".join((words.turns(old.turns), words.cost(old.cost_usd), words.age(now - old.archived_at)))
    restore = button(words.RESTORE_BUTTON, ActionId.RESTORE, f"{key} {old.session_id}")
    return section(f"{title}  {short_id(old.session_id)}\n{line}", restore)


def _exchanges(exchanges: tuple[Exchange, ...]) -> list[Block]:
    if not exchanges:
        return [section(f"*{words.LAST_SAID}*\n{wording.NO_EXCHANGES}")]
    return [section(f"*{words.LAST_SAID}*"), *(section(_exchange(exchange)) for exchange in exchanges)]


def _exchange(exchange: Exchange) -> str:
    asked = escaped_within(exchange.prompt.strip(), PROMPT_CHARS).replace("\n", "\n> ")
    return f"> {asked}\n{from_markdown(escaped_within(exchange.answer.strip(), ANSWER_CHARS))}"


def _actions(thread: Thread, address: str) -> Block:
    value = str(thread.key)
    elements: list[InteractiveElement] = [open_button(address)] if address else []
    elements += [
        button(words.CONTINUE_HERE_BUTTON, ActionId.CONTINUE_HERE, value),
        button(words.RENAME_BUTTON, ActionId.RENAME, value),
        button(words.TAG_BUTTON, ActionId.TAG, value),
    ]
    if thread.status is ThreadStatus.PAUSED:
        elements.append(button(wording.GO_ON_BUTTON, ActionId.GO_ON, value))
        elements.append(button(wording.WITHDRAW_BUTTON, ActionId.WITHDRAW_HELD_BACK, value))
    if thread.status in AT_WORK:
        elements.append(button(wording.STOP_BUTTON, ActionId.STOP, value))
    confirm = reset_confirm(thread.title)
    elements.append(button(wording.RESET_BUTTON, ActionId.RESET_CONFIRMED, value, style="danger", confirm=confirm))
    return actions(*elements)


def _actions_before_a_reset(thread: Thread, address: str) -> Block:
    """What can be done with a session that is not its thread's current one."""
    value = f"{thread.key} {thread.session_id}"
    return actions(
        *([open_button(address)] if address else []),
        button(words.RESTORE_BUTTON, ActionId.RESTORE, value),
        button(words.CONTINUE_HERE_BUTTON, ActionId.CONTINUE_HERE, value),
    )


def reset_done(thread: Thread, archived_id: str) -> Notice:
    """Says what happens next, with the way back."""
    done = wording.reset_done(title_of(thread))
    restore = button(words.RESTORE_BUTTON, ActionId.RESTORE, f"{thread.key} {archived_id}")
    return Notice(done, (section(done), actions(restore)))


def reset_question(thread: Thread) -> Notice:
    """Asks before a reset that was not asked for by a button with a question of its own."""
    question = wording.reset_question(escaped(cut(thread.title, TITLE_CHARS)))
    yes = button(words.CONFIRM_BUTTON, ActionId.RESET_CONFIRMED, str(thread.key), style="danger")
    return Notice(question, (section(question), actions(yes, button(wording.CANCEL_BUTTON, ActionId.CANCEL, ""))))
