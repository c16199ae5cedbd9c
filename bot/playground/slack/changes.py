"""What can happen in a workspace, for those who watch it: the events to the bot, the page, and waiting tests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.playground.slack.values import (
    AgentSession,
    Channel,
    Ephemeral,
    Message,
    Status,
    SuggestedPrompts,
    User,
    View,
)


class Cause(StrEnum):
    """Why a message changed."""

    EDIT = "edit"
    STREAM = "stream"
    STREAM_END = "stream_end"
    UNFURL = "unfurl"
    THREAD = "thread"
    """A reply came or went: only what the root shows of its thread changed."""


@dataclass(frozen=True)
class MessagePosted:
    message: Message


@dataclass(frozen=True)
class MessageChanged:
    """`previous` is the message as it was."""

    message: Message
    previous: Message
    cause: Cause


@dataclass(frozen=True)
class MessageDeleted:
    message: Message


@dataclass(frozen=True)
class EphemeralPosted:
    message: Ephemeral


@dataclass(frozen=True)
class EphemeralChanged:
    message: Ephemeral


@dataclass(frozen=True)
class EphemeralDeleted:
    message: Ephemeral


@dataclass(frozen=True)
class ReactionChanged:
    message: Message
    user: str
    name: str
    added: bool


@dataclass(frozen=True)
class StatusSet:
    """An empty text clears the status."""

    status: Status


@dataclass(frozen=True)
class SessionChanged:
    session: AgentSession


@dataclass(frozen=True)
class StopPressed:
    """Someone pressed Slack's own stop button. `streams` are the ts of the messages that Slack stopped for it."""

    channel: str
    thread_ts: str
    user: str
    streams: tuple[str, ...]


@dataclass(frozen=True)
class SuggestedPromptsSet:
    prompts: SuggestedPrompts


@dataclass(frozen=True)
class ViewOpened:
    """A modal opened, or was pushed upon another (`view.previous_view_id`)."""

    view: View


@dataclass(frozen=True)
class ViewUpdated:
    view: View


@dataclass(frozen=True)
class ViewClosed:
    view: View


@dataclass(frozen=True)
class HomePublished:
    view: View


@dataclass(frozen=True)
class HomeOpened:
    """A person opened the app's home; `tab` is `home` or `messages`."""

    user: str
    channel: str
    tab: str


@dataclass(frozen=True)
class ChannelOpened:
    """A conversation came to be, a DM included."""

    channel: Channel


@dataclass(frozen=True)
class MemberJoined:
    channel: Channel
    user: User


Change = (
    MessagePosted
    | MessageChanged
    | MessageDeleted
    | EphemeralPosted
    | EphemeralChanged
    | EphemeralDeleted
    | ReactionChanged
    | StatusSet
    | SessionChanged
    | StopPressed
    | SuggestedPromptsSet
    | ViewOpened
    | ViewUpdated
    | ViewClosed
    | HomePublished
    | HomeOpened
    | ChannelOpened
    | MemberJoined
)
