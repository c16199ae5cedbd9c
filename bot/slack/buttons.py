"""What each button, menu and shortcut does, once it is acknowledged.

Whatever can't be done raises a Refusal; `Answers.attend` tells the person.
"""

from __future__ import annotations

import json
from dataclasses import replace

import structlog

from bot.errors import Reason, Refusal
from bot.model import Ending, ThreadKey, just_after
from bot.slack import wording, wording_commands
from bot.slack.commands import Command, Continue, Forget, Reset, Restore, Show, Stop
from bot.slack.events import Surroundings
from bot.slack.gestures import Place, Press, Shortcut
from bot.slack.views import modals
from bot.slack.views.home import Shown
from bot.slack.views.listing import asked_page
from bot.slack.views.parts import Notice
from bot.slack.wire import text

log = structlog.get_logger(__name__)

_LIMITS = (Ending.MAX_TURNS, Ending.MAX_BUDGET, Ending.MAX_TIME)


class Buttons:
    """Does what was pressed. The tables in `bot.slack.interactions` say which method is whose."""

    def __init__(self, around: Surroundings) -> None:
        self._doors = around.doors
        self._answers = around.surface.answers
        self._desk = around.desk
        self._home = around.home

    async def carry_out(self, place: Place, command: Command, *, instead: bool = False) -> None:
        """Do what a command asks for, and answer.

        Args:
            instead: the answer takes the place of the ephemeral message with the button.
        """
        notice = await self._desk.carry_out(command, place.person, place.channel)
        await self._answers.tell(place, notice, instead=instead)

    # --- buttons and menus ----------------------------------------------------------------------

    async def show(self, pressed: Press) -> None:
        await self.carry_out(pressed.place, Show(_thread(pressed)))

    async def leaf(self, pressed: Press) -> None:
        asked = asked_page(pressed.value, pressed.place.person.team)
        if asked is None:
            raise Refusal(Reason.BAD_ARGUMENT)
        await self.carry_out(pressed.place, asked, instead=True)

    async def reset(self, pressed: Press) -> None:
        await self.carry_out(pressed.place, Reset(_thread(pressed)))

    async def forget_confirmed(self, pressed: Press) -> None:
        """It may take a while, so that is said first."""
        kind, _, whose = pressed.value.partition(" ")
        if kind == "user":
            asked = Forget(user=whose, confirmed=True)
        else:
            asked = Forget(_thread(replace(pressed, value=whose)), confirmed=True)
        await self._answers.tell(pressed.place, Notice(wording_commands.FORGETTING), instead=True)
        await self.carry_out(pressed.place, asked, instead=True)

    async def reset_confirmed(self, pressed: Press) -> None:
        await self.carry_out(pressed.place, Reset(_thread(pressed), confirmed=True), instead=True)

    async def restore(self, pressed: Press) -> None:
        session_id = pressed.value.partition(" ")[2]
        await self.carry_out(pressed.place, Restore(_thread(pressed), session_id))

    async def stop(self, pressed: Press) -> None:
        await self.carry_out(pressed.place, Stop(_thread(pressed)))

    async def go_on(self, pressed: Press) -> None:
        """Where messages are held back, or on the conversation shown elsewhere."""
        thread = _thread(pressed)
        count = await self._doors.admin.go_on(pressed.place.person, thread, there=thread == pressed.message)
        await self._answers.tell(pressed.place, Notice(wording.going_on(count)))

    async def withdraw_held_back(self, pressed: Press) -> None:
        count = await self._doors.admin.withdraw_held_back(pressed.place.person, _thread(pressed))
        await self._answers.tell(pressed.place, Notice(wording.withdrawn(count)))

    async def continue_here(self, pressed: Press) -> None:
        """From App Home, "here" is the DM with the bot."""
        place, session_id = pressed.place, pressed.value.partition(" ")[2]
        channel = place.channel or await self._home.dm_with(place.person)
        notice = await self._desk.carry_out(Continue(session_id or _thread(pressed)), place.person, channel)
        await self._answers.tell(place, notice)

    async def ask_title(self, pressed: Press) -> None:
        thread = await self._doors.admin.thread_of(pressed.place.person, _thread(pressed))
        await self._answers.open(pressed.place, modals.rename(thread, _asked(pressed.place, thread.key)))

    async def ask_tag(self, pressed: Press) -> None:
        thread = await self._doors.admin.thread_of(pressed.place.person, _thread(pressed))
        await self._answers.open(pressed.place, modals.tag(thread, _asked(pressed.place, thread.key)))

    async def open_home(self, pressed: Press) -> None:
        await self._home.open(pressed.place.person, Shown.read(pressed.value))

    async def search_home(self, pressed: Press) -> None:
        await self._home.open(pressed.place.person, Shown(everybody=True, text=pressed.value.strip()))

    async def cancel(self, pressed: Press) -> None:
        await self._answers.dismiss(pressed.place)

    async def ask_again(self, pressed: Press) -> None:
        if pressed.message is None:
            raise Refusal(Reason.NO_SESSION_HERE)
        await self._doors.forks.ask_again(pressed.place.person, pressed.message)

    async def compact(self, pressed: Press) -> None:
        """Where it was pressed; twice on the same message is once."""
        thread = _where(pressed)
        await self._doors.admin.compact(pressed.place.person, thread, just_after(pressed.message_ts), there=True)
        await self._answers.tell(pressed.place, Notice(wording.COMPACTING))

    async def branch_from_summary(self, pressed: Press) -> None:
        branch = await self._doors.forks.branch_from_summary(pressed.place.person, _where(pressed), pressed.message_ts)
        await self._answers.tell(pressed.place, Notice(wording.branch_made(branch.link, again=branch.again)))

    async def ask_edited(self, pressed: Press) -> None:
        """The core looks who wrote the message: the value can't make it somebody else's."""
        ts = pressed.value.partition(" ")[2]
        branch = await self._doors.edits.ask_again(pressed.place.person, _thread(pressed), ts)
        notice = Notice(wording.edited_asked(branch.link, again=branch.again))
        await self._answers.tell(pressed.place, notice, instead=True)

    async def continue_turn(self, pressed: Press) -> None:
        """Below a turn that hit a limit. The button counts only where it was posted."""
        thread, ending = _limit_hit(pressed.value)
        if thread is None or thread != pressed.message:
            raise Refusal(Reason.BAD_ARGUMENT)
        await self._doors.inbox.continue_turn(pressed.place.person, thread, pressed.message_ts, ending)

    async def thank(self, pressed: Press) -> None:
        """Feedback on an answer."""
        log.info(
            "feedback", value=pressed.value[:20], user=pressed.place.person.user, thread=str(pressed.message or "")
        )
        await self._answers.tell(pressed.place, Notice(wording.FEEDBACK_THANKS))

    async def nothing_to_do(self, _pressed: Press) -> None:
        """A button that only leads somewhere."""

    # --- shortcuts ------------------------------------------------------------------------------

    async def branch_here(self, on: Shortcut) -> None:
        notice = await self._desk.branch(on.place.person, on.thread, on.ts)
        await self._answers.tell(on.place, notice)

    async def show_session(self, on: Shortcut) -> None:
        await self.carry_out(on.place, Show(on.thread))

    async def reset_session(self, on: Shortcut) -> None:
        await self.carry_out(on.place, Reset(on.thread))

    async def stop_turn(self, on: Shortcut) -> None:
        await self.carry_out(on.place, Stop(on.thread))


# --- values ---------------------------------------------------------------------------------------


def _where(pressed: Press) -> ThreadKey:
    """The thread that the message with the button stands in. Raises Refusal when it stands in none."""
    if pressed.message is None:
        raise Refusal(Reason.NO_SESSION_HERE)
    return pressed.message


def _thread(pressed: Press) -> ThreadKey:
    """The thread that a button is about. Raises Refusal when the value holds none."""
    try:
        return ThreadKey.parse(pressed.value.partition(" ")[0])
    except ValueError:
        raise Refusal(Reason.BAD_ARGUMENT) from None


def _asked(place: Place, thread: ThreadKey) -> modals.Asked:
    return modals.Asked(thread, place.channel, place.thread_ts, place.response_url)


def _limit_hit(value: str) -> tuple[ThreadKey | None, Ending]:
    """What the Continue button of `bot.slack.reply.finale` holds. None when the value is not one of its."""
    try:
        kept = json.loads(value)
        fields = kept if isinstance(kept, dict) else {}
        ending = Ending(text(fields, "ending"))
        return (ThreadKey.parse(text(fields, "thread")) if ending in _LIMITS else None), ending
    except ValueError:
        return None, Ending.DONE
