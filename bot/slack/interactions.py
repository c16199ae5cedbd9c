"""What the bot does about its command, buttons, menus, shortcuts and modals.

Each is acknowledged at once and done in the background, and the one who asked is told how it went.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.model import ThreadKey
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId, ShortcutId, ViewId
from bot.slack.buttons import Buttons
from bot.slack.commands import Command, Rename, Tag, parse, tag_of
from bot.slack.decisions.posting import Cards
from bot.slack.decisions.presses import Presses, missing_in, place_of
from bot.slack.events import Surroundings
from bot.slack.gestures import Place, Press, Shortcut, Submitted, press, shortcut, submitted, typed
from bot.slack.views import modals
from bot.slack.wire import Json

log = structlog.get_logger(__name__)

Errors = Mapping[str, str]
"""What is wrong with a modal's inputs, by block_id; empty when nothing is."""


class Interactions:
    """The listeners for what people do with the bot's own surface."""

    def __init__(self, around: Surroundings, *, command: str) -> None:
        self._answers = around.surface.answers
        self._surface = around.surface
        self._desk = around.desk
        self._home = around.home
        self._presses = Presses(around.doors.decisions, Cards(around.surface.installations), around.surface.answers)
        self._buttons = Buttons(around)
        self._command = command

    async def on_command(self, body: Json) -> None:
        found = typed(body)
        if found is None:
            log.warning("malformed_command")
            return
        command = parse(found.text, found.place.person, self._command)
        kind = type(command).__name__.lower()
        self._start(found.place, lambda: self._buttons.carry_out(found.place, command), f"command {kind}")

    async def on_press(self, body: Json) -> None:
        """A button, or a menu's option."""
        found = press(body)
        if found is None:
            log.warning("malformed_action")
            return
        if found.id == ActionId.ROW:
            chosen, _, value = found.value.partition(" ")
            found = replace(found, id=chosen, value=value)
        name = found.id.partition(".")[0]
        listener, deciding = ACTIONS.get(name), DECIDING.get(name)
        if deciding is not None:
            self._start(found.place, lambda: deciding(self._presses, found), f"action {name}")
        elif listener is not None:
            self._start(found.place, lambda: listener(self._buttons, found), f"action {name}")
        else:
            log.info("unknown_action", action=found.id[:50])

    async def on_shortcut(self, body: Json) -> None:
        found = shortcut(body)
        row = next((row for row in SHORTCUTS if found is not None and row.id == found.id), None)
        if found is None or row is None:
            log.warning("unknown_shortcut")
            return
        self._start(found.place, lambda: row.listener(self._buttons, found), f"shortcut {row.id}")

    async def on_submission(self, body: Json) -> Errors:
        """A modal's input. What it returns goes into the ack, so that Slack shows it beside the input."""
        found = submitted(body)
        if found is not None and found.id in ANSWERING:
            return self._on_decision(found)
        listener = VIEWS.get(found.id) if found is not None else None
        if found is None or listener is None:
            log.info("unknown_view")
            return {}
        if found.id == ViewId.RENAME and not found.typed.strip():
            return {modals.INPUT: words.TITLE_MISSING}
        try:
            asked = modals.Asked.read(found.metadata)
        except ValueError:
            log.warning("malformed_view", view=found.id)
            return {}
        place = Place(found.place.person, asked.channel, asked.thread_ts, asked.response_url)
        self._start(place, lambda: self._submit(place, listener(asked.thread, found)), f"view {found.id}")
        return {}

    def _on_decision(self, found: Submitted) -> Errors:
        missing = missing_in(found)
        if missing:
            return missing
        try:
            place = place_of(found)
        except ValueError:
            log.warning("malformed_view", view=found.id)
            return {}
        listener = ANSWERING[found.id]
        self._start(place, lambda: listener(self._presses, found), f"view {found.id}")
        return {}

    async def _submit(self, place: Place, command: Command) -> None:
        """App Home shows a change by itself; elsewhere somebody is told of it."""
        notice = await self._desk.carry_out(command, place.person, place.channel)
        if place.channel:
            await self._answers.tell(place, notice)
        else:
            await self._home.refresh(place.person)

    def _start(self, place: Place, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._surface.background.start(self._answers.attend(place, work), name)


# --- what is registered ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShortcutRow:
    """A message shortcut. `name` is at most 24 characters, `description` at most 150."""

    id: ShortcutId
    name: str
    description: str
    listener: Callable[[Buttons, Shortcut], Awaitable[None]]


SHORTCUTS = (
    ShortcutRow(
        ShortcutId.BRANCH_HERE,
        "Branch from here",
        "Go on from this message in a new thread; this one stays as it is.",
        Buttons.branch_here,
    ),
    ShortcutRow(
        ShortcutId.SHOW_SESSION,
        "Show this conversation",
        "Where it came from, what was said last, and what can be done with it.",
        Buttons.show_session,
    ),
    ShortcutRow(
        ShortcutId.RESET_SESSION,
        "Start afresh here",
        "Forget what was said in this thread. It can be brought back.",
        Buttons.reset_session,
    ),
    ShortcutRow(
        ShortcutId.STOP_TURN,
        "Stop the answer",
        "Stop the answer that is being written in this thread.",
        Buttons.stop_turn,
    ),
)

ACTIONS: Mapping[str, Callable[[Buttons, Press], Awaitable[None]]] = {
    ActionId.FEEDBACK: Buttons.thank,
    ActionId.CONTINUE_TURN: Buttons.continue_turn,
    ActionId.ASK_AGAIN: Buttons.ask_again,
    ActionId.COMPACT: Buttons.compact,
    ActionId.BRANCH_FROM_SUMMARY: Buttons.branch_from_summary,
    ActionId.ASK_EDITED: Buttons.ask_edited,
    ActionId.OPEN: Buttons.nothing_to_do,
    ActionId.READ: Buttons.nothing_to_do,
    ActionId.SHOW: Buttons.show,
    ActionId.RESET: Buttons.reset,
    ActionId.RESET_CONFIRMED: Buttons.reset_confirmed,
    ActionId.FORGET_CONFIRMED: Buttons.forget_confirmed,
    ActionId.RESTORE: Buttons.restore,
    ActionId.STOP: Buttons.stop,
    ActionId.GO_ON: Buttons.go_on,
    ActionId.WITHDRAW_HELD_BACK: Buttons.withdraw_held_back,
    ActionId.RENAME: Buttons.ask_title,
    ActionId.TAG: Buttons.ask_tag,
    ActionId.CONTINUE_HERE: Buttons.continue_here,
    ActionId.LIST_PAGE: Buttons.leaf,
    ActionId.LIST_FIRST: Buttons.leaf,
    ActionId.HOME_REFRESH: Buttons.open_home,
    ActionId.HOME_MINE: Buttons.open_home,
    ActionId.HOME_ALL: Buttons.open_home,
    ActionId.HOME_PAGE: Buttons.open_home,
    ActionId.HOME_FIRST: Buttons.open_home,
    ActionId.HOME_SEARCH: Buttons.search_home,
    ActionId.CANCEL: Buttons.cancel,
}

DECIDING: Mapping[str, Callable[[Presses, Press], Awaitable[None]]] = {
    ActionId.ALLOW_ONCE: Presses.allow_once,
    ActionId.ALLOW_HERE: Presses.allow_here,
    ActionId.DENY: Presses.deny,
    ActionId.DENY_REASON: Presses.ask_reason,
    ActionId.SHOW_WHOLE: Presses.show_whole,
    ActionId.TURN_PAGE: Presses.turn_page,
    ActionId.CHOOSE: Presses.choose,
    ActionId.SEND_ANSWERS: Presses.send_answers,
    ActionId.OWN_WORDS: Presses.ask_own_words,
}

ANSWERING: Mapping[str, Callable[[Presses, Submitted], Awaitable[None]]] = {
    ViewId.DENY_REASON: Presses.submit_reason,
    ViewId.OWN_WORDS: Presses.submit_answers,
}

VIEWS: Mapping[str, Callable[[ThreadKey, Submitted], Command]] = {
    ViewId.RENAME: lambda thread, view: Rename(thread, view.typed.strip()),
    ViewId.TAG: lambda thread, view: Tag(thread, tag_of(view.typed)),
}


@dataclass(frozen=True, slots=True)
class CommandRow:
    """The slash command, as the app's manifest describes it. Its name is a setting."""

    description: str
    usage_hint: str
    should_escape: bool


COMMAND = CommandRow(
    "List, show, reset, restore, stop, compact, rename, tag and continue conversations; what was spent",
    "help | list | show | reset | restore | stop | compact | rename | tag | continue | export | forget | policy | "
    "usage | set",
    should_escape=True,
)
