"""What a browser tab may ask for: the messages that come in over `/ui`, parsed once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

TEXT_LIMIT = 40_000
"""The longest text of a message, as in Slack."""


class _Doing(BaseModel):
    """`id` is given back with the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int


class Enter(_Doing):
    """Be another person from now on."""

    do: Literal["enter"]
    user: str


class History(_Doing):
    """The newest messages of a channel, or those before a ts."""

    do: Literal["history"]
    channel: str
    before: str = ""


class Thread(_Doing):
    """A whole thread, by the ts of its root or of any message in it."""

    do: Literal["thread"]
    channel: str
    ts: str


class Say(_Doing):
    do: Literal["say"]
    channel: str
    text: str = Field(max_length=TEXT_LIMIT)
    thread_ts: str = ""
    broadcast: bool = False


class Edit(_Doing):
    do: Literal["edit"]
    channel: str
    ts: str
    text: str = Field(max_length=TEXT_LIMIT)


class Delete(_Doing):
    do: Literal["delete"]
    channel: str
    ts: str


class React(_Doing):
    """React, or take the reaction back if it is there."""

    do: Literal["react"]
    channel: str
    ts: str
    name: str = Field(pattern=r"^[a-z0-9_+'-]{1,80}$")


class Command(_Doing):
    do: Literal["command"]
    channel: str
    text: str = Field(max_length=TEXT_LIMIT)


class Place(BaseModel):
    """Where something is clicked: a message or ephemeral (by channel and ts), or a view (by its id)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str = ""
    ts: str = ""
    view: str = ""


class Click(_Doing):
    """Click a button, or choose in a menu; `inputs` are what the message's inputs hold, by action_id."""

    do: Literal["click"]
    place: Place
    action_id: str
    block_id: str = ""
    choice: str | list[str] | None = None
    inputs: dict[str, str | list[str] | None] = Field(default_factory=dict)


class Shortcut(_Doing):
    do: Literal["shortcut"]
    callback_id: str
    channel: str
    ts: str


class Submit(_Doing):
    """Submit a modal; `values` by action_id."""

    do: Literal["submit"]
    view: str
    values: dict[str, str | list[str] | None] = Field(default_factory=dict)


class Close(_Doing):
    """Close a modal."""

    do: Literal["close"]
    view: str


class Home(_Doing):
    """Open a tab of the app."""

    do: Literal["home"]
    tab: Literal["home", "messages"]


class Stop(_Doing):
    """Press Slack's stop button in a thread."""

    do: Literal["stop"]
    channel: str
    thread_ts: str


class Dismiss(_Doing):
    """Hide an ephemeral message."""

    do: Literal["dismiss"]
    ts: str


class Read(_Doing):
    """Everything in the channel was seen."""

    do: Literal["read"]
    channel: str


Doing = Annotated[
    Enter
    | History
    | Thread
    | Say
    | Edit
    | Delete
    | React
    | Command
    | Click
    | Shortcut
    | Submit
    | Close
    | Home
    | Stop
    | Dismiss
    | Read,
    Field(discriminator="do"),
]

_ADAPTER: TypeAdapter[Doing] = TypeAdapter(Doing)


def parse_doing(text: str) -> Doing:
    """Parse one message of a tab. Raises pydantic's ValidationError, a ValueError, for anything else."""
    return _ADAPTER.validate_json(text)
