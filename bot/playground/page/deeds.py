"""What a tab asks for, done: the answers are what the page draws or shows as an error."""

from __future__ import annotations

from typing import Any, Protocol

from bot.playground.page import refusals
from bot.playground.page.doings import (
    Click,
    Close,
    Command,
    Delete,
    Dismiss,
    Doing,
    Edit,
    History,
    Home,
    Place,
    React,
    Read,
    Say,
    Shortcut,
    Stop,
    Submit,
    Thread,
)
from bot.playground.page.reading import Reading
from bot.playground.page.shown import Shown
from bot.playground.slack.interactions import Answer
from bot.playground.slack.people import People
from bot.playground.slack.values import Ephemeral, Message, Refused, View
from bot.playground.slack.workspace import Workspace

Json = dict[str, Any]

HISTORY_PAGE = 60
"""How many messages of a channel are sent at once."""


class NoAnswer(Exception):
    """The app did not acknowledge in time."""


class Stage(Protocol):
    """The parts of the emulated Slack that the page needs."""

    @property
    def workspace(self) -> Workspace: ...

    @property
    def people(self) -> People: ...


class Deeds:
    """Does what people ask on the page."""

    def __init__(self, stage: Stage, shown: Shown, reading: Reading) -> None:
        self._workspace = stage.workspace
        self._people = stage.people
        self._shown = shown
        self._reading = reading

    async def do(self, user: str, doing: Doing) -> Json:
        """Do it as `user`. Raises Refused and NoAnswer."""
        match doing:
            case Click() | Command() | Shortcut() | Submit() | Close():
                return await self._ask_app(user, doing)
            case History():
                return self._history(user, doing)
            case Thread():
                return self._thread(user, doing)
            case Say():
                text = self._people.typed(doing.text)
                return {"ts": self._people.say(user, doing.channel, text, doing.thread_ts, broadcast=doing.broadcast)}
            case Edit():
                self._people.edit(user, doing.channel, doing.ts, self._people.typed(doing.text))
            case Delete():
                self._people.delete(user, doing.channel, doing.ts)
            case React():
                self._react(user, doing)
            case Home():
                self._people.open_home(user, doing.tab)
            case Stop():
                return {"stopped": list(self._people.stop_stream(user, doing.channel, doing.thread_ts))}
            case Dismiss():
                self._dismiss(user, doing.ts)
            case Read():
                self._reading.mark(user, doing.channel)
        return {}

    async def _ask_app(self, user: str, doing: Click | Command | Shortcut | Submit | Close) -> Json:
        match doing:
            case Command():
                await self._people.command(user, doing.channel, doing.text)  # says itself when there is no answer
            case Click():
                place = self._place(user, doing.place)
                clicked = (doing.action_id, doing.choice, doing.block_id, doing.inputs)
                _require(await self._people.click(user, place, *clicked))
            case Shortcut():
                _require(await self._people.shortcut(user, doing.callback_id, doing.channel, doing.ts))
            case Submit():
                submission = await self._people.submit(user, doing.view, doing.values)
                if not submission.acknowledged:
                    raise NoAnswer
                return {"errors": dict(submission.errors)}
            case Close():
                await self._people.close_view(user, doing.view)
        return {}

    def _place(self, user: str, place: Place) -> Message | Ephemeral | View:
        if place.view:
            views = [*self._workspace.modals.get(user, []), *filter(None, [self._workspace.homes.get(user)])]
            found = next((view for view in views if view.id == place.view), None)
            if found is None:
                raise Refused("not_found")
            return found
        ephemeral = self._workspace.ephemerals.get(place.ts)
        return ephemeral if ephemeral is not None else self._workspace.message(place.channel, place.ts)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _history(self, user: str, doing: History) -> Json:
        self._require_member(user, doing.channel)
        roots = [one for one in self._workspace.history(doing.channel) if not doing.before or one.ts < doing.before]
        newest = roots[-HISTORY_PAGE:]
        shown = [self._shown.messages.posted(message) for message in newest]
        if not doing.before:
            shown += self._whispers(user, doing.channel)
        return {"messages": shown, "more": len(roots) > len(newest)}

    def _thread(self, user: str, doing: Thread) -> Json:
        self._require_member(user, doing.channel)
        root = self._workspace.message(doing.channel, doing.ts).root_ts
        shown = [self._shown.messages.posted(message) for message in self._workspace.thread(doing.channel, root)]
        return {"root_ts": root, "messages": shown + self._whispers(user, doing.channel, root)}

    def _whispers(self, user: str, channel: str, root: str = "") -> list[Json]:
        return [
            self._shown.messages.ephemeral(one)
            for one in self._workspace.ephemerals.values()
            if one.user == user and one.channel == channel and one.thread_ts == root
        ]

    def _require_member(self, user: str, channel: str) -> None:
        if user not in self._workspace.channel(channel).members:
            raise Refused("not_in_channel")

    # --- small ones ---------------------------------------------------------------------------------------------------

    def _react(self, user: str, doing: React) -> None:
        reactions = self._workspace.message(doing.channel, doing.ts).reactions
        toggle = self._people.unreact if user in reactions.get(doing.name, ()) else self._people.react
        toggle(user, doing.channel, doing.ts, doing.name)

    def _dismiss(self, user: str, ts: str) -> None:
        whisper = self._workspace.ephemerals.get(ts)
        if whisper is not None and whisper.user == user:
            self._workspace.delete_ephemeral(whisper)


def _require(answer: Answer) -> None:
    if not answer.acknowledged:
        raise NoAnswer


def trouble(error: Refused | NoAnswer) -> Json:
    """An error as the page shows it."""
    if isinstance(error, NoAnswer):
        return {"code": "operation_timeout", "text": refusals.NO_ANSWER}
    return {"code": error.code, "text": refusals.refusal_text(error)}
