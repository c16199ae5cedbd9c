"""What people do in Slack besides writing messages, from the wire to values: parsed once, here.

Each reader answers None when the payload lacks what the gesture needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.model import Person, ThreadKey
from bot.slack.normalise import thread_key
from bot.slack.wire import Json, event_team, identifier, obj, objects, text, timestamp

_SKIN_TONE = re.compile(r"::skin-tone-[2-6]$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody did something, and so where they are answered. What is not there is empty.

    Args:
        thread_ts: root of the thread; an answer goes there and not below the channel.
        response_url: answers the gesture, 5 times within 30 minutes.
        trigger_id: opens a modal, within 3 seconds.
        view_id: the modal or App Home it happened in.
        in_modal: the view is a modal.
        on_ephemeral: it happened on a message that only this person sees.
        unasked: it may not have been meant for the bot; whom the policy keeps out is not told so.
    """

    person: Person
    channel: str = ""
    thread_ts: str = ""
    response_url: str = ""
    trigger_id: str = ""
    view_id: str = ""
    in_modal: bool = False
    on_ephemeral: bool = False
    unasked: bool = False

    @property
    def awaits_answer(self) -> bool:
        """Whether Slack shows that something was asked for, so that no answer would look broken."""
        return bool(self.response_url or self.view_id)


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody put an emoji on a message. `emoji` is its name without colons and skin tone."""

    person: Person
    channel: str
    ts: str
    emoji: str


@dataclass(frozen=True, slots=True)
class HomeOpened:
    person: Person
    channel: str
    tab: str


@dataclass(frozen=True, slots=True)
class StopPressed:
    """Slack's own Stop button."""

    person: Person
    thread: ThreadKey


@dataclass(frozen=True, slots=True)
class Typed:
    """The slash command, with what was typed after it."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut, on the message `ts` of the thread."""

    id: str
    place: Place
    thread: ThreadKey
    ts: str


@dataclass(frozen=True, slots=True)
class Input:
    """What one input holds: what was typed, or the values of the options that are chosen."""

    text: str = ""
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Press:
    """A button or a menu's option. `message` is the thread that the message with the button belongs to.

    Args:
        inputs: what the inputs around it hold, by block_id.
        metadata: what the modal around it remembers.
    """

    id: str
    value: str
    place: Place
    message: ThreadKey | None
    message_ts: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A modal. `typed` is what is typed into its first input, `inputs` what each holds, by block_id."""

    id: str
    place: Place
    metadata: str
    typed: str
    inputs: Mapping[str, Input] = field(default_factory=dict)


def answer_thread(thread: ThreadKey, ts: str) -> str:
    """The thread in which an answer about a message is seen: none for a root, which people see in its channel."""
    return "" if ts == thread.root_ts else thread.root_ts


# --- events ---------------------------------------------------------------------------------------


def reaction(body: Json) -> Reaction | None:
    event = obj(body, "event")
    item = obj(event, "item")
    team, user = event_team(body), identifier(event, "user")
    channel, ts = identifier(item, "channel"), timestamp(item, "ts")
    emoji = _SKIN_TONE.sub("", text(event, "reaction"))
    if text(item, "type") != "message" or not (team and user and channel and ts and emoji):
        return None
    return Reaction(Person(team, user), channel, ts, emoji)


def home_opened(body: Json) -> HomeOpened | None:
    event = obj(body, "event")
    team, user, channel = event_team(body), identifier(event, "user"), identifier(event, "channel")
    return HomeOpened(Person(team, user), channel, text(event, "tab")) if team and user else None


def stop_pressed(body: Json) -> StopPressed | None:
    event = obj(body, "event")
    team, user, channel = event_team(body), identifier(event, "user"), identifier(event, "channel")
    root_ts = timestamp(event, "thread_ts")
    if not (team and user and channel and root_ts):
        return None
    return StopPressed(Person(team, user), ThreadKey(team, channel, root_ts))


# --- commands and interactions --------------------------------------------------------------------


def typed(body: Json) -> Typed | None:
    """A slash command. Its fields are flat."""
    team, user = identifier(body, "team_id"), identifier(body, "user_id")
    if not (team and user):
        return None
    place = Place(
        Person(team, user),
        identifier(body, "channel_id"),
        response_url=text(body, "response_url"),
        trigger_id=text(body, "trigger_id"),
    )
    return Typed(place, text(body, "text"))


def shortcut(body: Json) -> Shortcut | None:
    place = _place(body)
    if place is None or not place.channel:
        return None
    message = obj(body, "message")
    ts = timestamp(body, "message_ts") or timestamp(message, "ts")
    thread = thread_key(place.person.team, place.channel, {**message, "ts": ts})
    if thread is None or not ts:
        return None
    return Shortcut(text(body, "callback_id"), replace(place, thread_ts=answer_thread(thread, ts)), thread, ts)


def press(body: Json) -> Press | None:
    place = _place(body)
    action = next(iter(objects(body, "actions")), None)
    if place is None or action is None:
        return None
    container = obj(body, "container")
    ts = timestamp(container, "message_ts")
    root_ts = timestamp(container, "thread_ts") or timestamp(obj(body, "message"), "thread_ts") or ts
    message = ThreadKey(place.person.team, place.channel, root_ts) if place.channel and root_ts else None
    ephemeral = container.get("is_ephemeral") is True
    thread_ts = answer_thread(message, ts) if message is not None else ""
    return Press(
        text(action, "action_id"),
        text(action, "value") or text(obj(action, "selected_option"), "value"),
        replace(place, thread_ts=thread_ts, on_ephemeral=ephemeral),
        message,
        ts,
        _inputs(obj(body, "view") or body),
        text(obj(body, "view"), "private_metadata"),
    )


def submitted(body: Json) -> Submitted | None:
    place = _place(body)
    if place is None:
        return None
    view = obj(body, "view")
    inputs = _inputs(view)
    first = next(iter(inputs.values()), Input())
    return Submitted(text(view, "callback_id"), place, text(view, "private_metadata"), first.text, inputs)


def _inputs(holder: Json) -> Mapping[str, Input]:
    """What a view's or a message's inputs hold. Each of our blocks has one."""
    values = obj(obj(holder, "state"), "values")
    return {
        name: _input(element)
        for name in values
        for element in list(obj(values, name).values())[:1]
        if isinstance(element, Mapping)
    }


def _input(element: Json) -> Input:
    options = [obj(element, "selected_option"), *objects(element, "selected_options")]
    return Input(text(element, "value"), tuple(text(option, "value") for option in options if option))


def _place(body: Json) -> Place | None:
    """Where an interaction happened. The workspace is the one the app is installed in, as far as Slack says."""
    view, user = obj(body, "view"), obj(body, "user")
    team = (
        identifier(view, "app_installed_team_id")
        or identifier(obj(body, "team"), "id")
        or identifier(user, "team_id")
        or identifier(view, "team_id")
    )
    person = identifier(user, "id")
    if not (team and person):
        return None
    return Place(
        Person(team, person),
        identifier(obj(body, "channel"), "id") or identifier(obj(body, "container"), "channel_id"),
        response_url=text(body, "response_url"),
        trigger_id=text(body, "trigger_id"),
        view_id=identifier(view, "id"),
        in_modal=text(view, "type") == "modal",
    )
