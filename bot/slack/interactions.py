"""What the bot does about its command, buttons, menus, shortcuts and modals.

Each is acknowledged at once and done in the background, and the one who asked is told how it went.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.errors import Reason, Refusal
from bot.model import Ending, ThreadKey
from bot.slack import wording
from bot.slack import wording_commands as words
from bot.slack.action_ids import ActionId, ShortcutId, ViewId
from bot.slack.commands import Command, Continue, Rename, Reset, Restore, Show, Stop, Tag, parse
from bot.slack.core import Branches
from bot.slack.events import Surroundings
from bot.slack.gestures import Place, Press, Shortcut, Submitted, press, shortcut, submitted, typed
from bot.slack.views import modals
from bot.slack.views.listing import asked_page
from bot.slack.views.parts import Notice
from bot.slack.wire import Json, text

log = structlog.get_logger(__name__)

Errors = Mapping[str, str]
"""What is wrong with a modal's inputs, by block_id; empty when nothing is."""


class Interactions:
    """The listeners for what people do with the bot's own surface."""

    def __init__(self, around: Surroundings, forks: Branches, *, command: str) -> None:
        self._around = around
        self._forks = forks
        self._command = command

    # --- the four ways in -----------------------------------------------------------------------

    async def on_command(self, body: Json) -> None:
        found = typed(body)
        if found is None:
            log.warning("malformed_command")
            return
        command = parse(found.text, found.place.person, self._command)
        self._answer(found.place, command)

    async def on_press(self, body: Json) -> None:
        """A button, or a menu's option."""
        found = press(body)
        if found is None:
            log.warning("malformed_action")
            return
        if found.id == ActionId.ROW:
            chosen, _, value = found.value.partition(" ")
            found = replace(found, id=chosen, value=value)
        listener = ACTIONS.get(found.id)
        if listener is None:
            log.info("unknown_action", action=found.id[:50])
            return
        self._start(found.place, lambda: listener(self, found), f"action {found.id}")

    async def on_shortcut(self, body: Json) -> None:
        found = shortcut(body)
        row = next((row for row in SHORTCUTS if found is not None and row.id == found.id), None)
        if found is None or row is None:
            log.warning("unknown_shortcut")
            return
        self._start(found.place, lambda: row.listener(self, found), f"shortcut {row.id}")

    async def on_submission(self, body: Json) -> Errors:
        """A modal's input. What it returns goes into the ack, so that Slack shows it beside the input."""
        found = submitted(body)
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

    # --- buttons and menus ----------------------------------------------------------------------

    async def show(self, pressed: Press) -> None:
        await self._carry_out(pressed.place, Show(_thread(pressed)))

    async def leaf(self, pressed: Press) -> None:
        asked = asked_page(pressed.value, pressed.place.person.team)
        if asked is None:
            raise Refusal(Reason.BAD_ARGUMENT)
        await self._carry_out(pressed.place, asked, instead=True)

    async def reset(self, pressed: Press) -> None:
        await self._carry_out(pressed.place, Reset(_thread(pressed)))

    async def reset_confirmed(self, pressed: Press) -> None:
        await self._carry_out(pressed.place, Reset(_thread(pressed), confirmed=True), instead=True)

    async def restore(self, pressed: Press) -> None:
        session_id = pressed.value.partition(" ")[2]
        await self._carry_out(pressed.place, Restore(_thread(pressed), session_id))

    async def stop(self, pressed: Press) -> None:
        await self._carry_out(pressed.place, Stop(_thread(pressed)))

    async def continue_here(self, pressed: Press) -> None:
        """From App Home, "here" is the DM with the bot."""
        place = pressed.place
        channel = place.channel or await self._around.home.dm_with(place.person)
        notice = await self._around.desk.carry_out(Continue(_thread(pressed)), place.person, channel)
        await self._around.answers.tell(place, notice)

    async def ask_title(self, pressed: Press) -> None:
        thread = await self._around.admin.thread_of(pressed.place.person, _thread(pressed))
        await self._around.answers.open(pressed.place, modals.rename(thread, _asked(pressed.place, thread.key)))

    async def ask_tag(self, pressed: Press) -> None:
        thread = await self._around.admin.thread_of(pressed.place.person, _thread(pressed))
        await self._around.answers.open(pressed.place, modals.tag(thread, _asked(pressed.place, thread.key)))

    async def cancel(self, pressed: Press) -> None:
        await self._around.answers.dismiss(pressed.place)

    async def ask_again(self, pressed: Press) -> None:
        if pressed.message is None:
            raise Refusal(Reason.NO_SESSION_HERE)
        await self._forks.ask_again(pressed.place.person, pressed.message)

    async def continue_turn(self, pressed: Press) -> None:
        """Below a turn that hit a limit. The button counts only where it was posted."""
        thread, ending = _limit_hit(pressed.value)
        if thread is None or thread != pressed.message:
            raise Refusal(Reason.BAD_ARGUMENT)
        await self._around.inbox.continue_turn(pressed.place.person, thread, pressed.message_ts, ending)

    async def thank(self, pressed: Press) -> None:
        """Feedback on an answer."""
        log.info(
            "feedback", value=pressed.value[:20], user=pressed.place.person.user, thread=str(pressed.message or "")
        )
        await self._around.answers.tell(pressed.place, Notice(wording.FEEDBACK_THANKS))

    async def nothing_to_do(self, _pressed: Press) -> None:
        """A button that only leads somewhere."""

    # --- shortcuts ------------------------------------------------------------------------------

    async def branch_here(self, on: Shortcut) -> None:
        notice = await self._around.desk.branch(on.place.person, on.thread, on.ts)
        await self._around.answers.tell(on.place, notice)

    async def show_session(self, on: Shortcut) -> None:
        await self._carry_out(on.place, Show(on.thread))

    async def reset_session(self, on: Shortcut) -> None:
        await self._carry_out(on.place, Reset(on.thread))

    async def stop_turn(self, on: Shortcut) -> None:
        await self._carry_out(on.place, Stop(on.thread))

    # --- what they share ------------------------------------------------------------------------

    async def _carry_out(self, place: Place, command: Command, *, instead: bool = False) -> None:
        notice = await self._around.desk.carry_out(command, place.person, place.channel)
        await self._around.answers.tell(place, notice, instead=instead)

    async def _submit(self, place: Place, command: Command) -> None:
        """App Home shows a change by itself; elsewhere somebody is told of it."""
        notice = await self._around.desk.carry_out(command, place.person, place.channel)
        if place.channel:
            await self._around.answers.tell(place, notice)
        else:
            await self._around.home.publish(place.person)

    def _answer(self, place: Place, command: Command) -> None:
        self._start(place, lambda: self._carry_out(place, command), f"command {type(command).__name__.lower()}")

    def _start(self, place: Place, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._around.background.start(self._around.answers.attend(place, work), name)


# --- what is registered ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShortcutRow:
    """A message shortcut. `name` is at most 24 characters, `description` at most 150."""

    id: ShortcutId
    name: str
    description: str
    listener: Callable[[Interactions, Shortcut], Awaitable[None]]


SHORTCUTS = (
    ShortcutRow(
        ShortcutId.BRANCH_HERE,
        "Branch from here",
        "Go on from this message in a new thread; this one stays as it is.",
        Interactions.branch_here,
    ),
    ShortcutRow(
        ShortcutId.SHOW_SESSION,
        "Show this conversation",
        "Where it came from, what was said last, and what can be done with it.",
        Interactions.show_session,
    ),
    ShortcutRow(
        ShortcutId.RESET_SESSION,
        "Start afresh here",
        "Forget what was said in this thread. It can be brought back.",
        Interactions.reset_session,
    ),
    ShortcutRow(
        ShortcutId.STOP_TURN,
        "Stop the answer",
        "Stop the answer that is being written in this thread.",
        Interactions.stop_turn,
    ),
)

ACTIONS: Mapping[str, Callable[[Interactions, Press], Awaitable[None]]] = {
    ActionId.FEEDBACK: Interactions.thank,
    ActionId.CONTINUE_TURN: Interactions.continue_turn,
    ActionId.ASK_AGAIN: Interactions.ask_again,
    ActionId.OPEN: Interactions.nothing_to_do,
    ActionId.SHOW: Interactions.show,
    ActionId.RESET: Interactions.reset,
    ActionId.RESET_CONFIRMED: Interactions.reset_confirmed,
    ActionId.RESTORE: Interactions.restore,
    ActionId.STOP: Interactions.stop,
    ActionId.RENAME: Interactions.ask_title,
    ActionId.TAG: Interactions.ask_tag,
    ActionId.CONTINUE_HERE: Interactions.continue_here,
    ActionId.LIST_PAGE: Interactions.leaf,
    ActionId.LIST_FIRST: Interactions.leaf,
    ActionId.CANCEL: Interactions.cancel,
}

VIEWS: Mapping[str, Callable[[ThreadKey, Submitted], Command]] = {
    ViewId.RENAME: lambda thread, view: Rename(thread, view.typed.strip()),
    ViewId.TAG: lambda thread, view: Tag(thread, view.typed.strip()),
}


@dataclass(frozen=True, slots=True)
class CommandRow:
    """The slash command, as the app's manifest describes it. Its name is a setting."""

    description: str
    usage_hint: str
    should_escape: bool


COMMAND = CommandRow(
    "List, show, reset, restore, stop, rename, tag and continue conversations",
    "help | list | show | reset | restore | stop | rename | tag | continue",
    should_escape=True,
)


# --- values ---------------------------------------------------------------------------------------


def _thread(pressed: Press) -> ThreadKey:
    """The thread that a button is about. Raises Refusal when the value holds none."""
    try:
        return ThreadKey.parse(pressed.value.partition(" ")[0])
    except ValueError:
        raise Refusal(Reason.BAD_ARGUMENT) from None


def _asked(place: Place, thread: ThreadKey) -> modals.Asked:
    return modals.Asked(thread, place.channel, place.thread_ts, place.response_url)


def _limit_hit(value: str) -> tuple[ThreadKey | None, Ending]:
    """What the Continue button of `bot.slack.finale` holds. None when the value is not one of its."""
    try:
        kept = json.loads(value)
        fields = kept if isinstance(kept, dict) else {}
        ending = Ending(text(fields, "ending"))
        return (ThreadKey.parse(text(fields, "thread")) if ending in _LIMITS else None), ending
    except ValueError:
        return None, Ending.DONE


_LIMITS = (Ending.MAX_TURNS, Ending.MAX_BUDGET)
