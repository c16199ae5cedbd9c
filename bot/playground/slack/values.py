"""What an emulated workspace consists of.

These objects are the state that `workspace.Workspace` keeps: read them freely, change them only through it, so that
everyone who watches the workspace hears of it. Block Kit stays as JSON, the way Slack's wire has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
"""One JSON object of Slack's wire."""


class Refused(Exception):
    """Slack says no.

    Args:
        code: Slack's error code, for example `channel_not_found`.
        messages: what Slack puts into `response_metadata.messages`.
    """

    def __init__(self, code: str, *messages: str) -> None:
        super().__init__(code, *messages)
        self.code = code
        self.messages = messages


class ChannelKind(StrEnum):
    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    IM = "im"
    MPIM = "mpim"


@dataclass
class Team:
    id: str
    name: str
    domain: str


@dataclass
class User:
    """A person or a bot user. `color` is six hex digits, `name` the handle, `tz` an IANA zone.

    `team` is the workspace they are of when it is another one, with which channels are shared.
    """

    id: str
    name: str
    real_name: str
    color: str
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    is_guest: bool = False
    team: str = ""
    tz: str = "Europe/Berlin"
    status_emoji: str = ""
    status_text: str = ""


@dataclass
class Command:
    """A slash command of the app; `name` starts with a slash."""

    name: str
    description: str = ""
    usage_hint: str = ""


@dataclass
class Shortcut:
    """A shortcut of the app: on a message, or global."""

    callback_id: str
    name: str
    on_message: bool = True


@dataclass
class App:
    """The app that the workspace has installed: the bot under test."""

    id: str
    name: str
    user_id: str
    bot_id: str
    commands: list[Command] = field(default_factory=list)
    shortcuts: list[Shortcut] = field(default_factory=list)


@dataclass
class Channel:
    """A conversation. An IM has no name; `members` are user ids, the bot's included."""

    id: str
    kind: ChannelKind
    name: str = ""
    members: list[str] = field(default_factory=list)
    creator: str = ""
    created: int = 0
    topic: str = ""
    purpose: str = ""
    is_archived: bool = False

    @property
    def is_im(self) -> bool:
        return self.kind is ChannelKind.IM


@dataclass
class File:
    """An uploaded file. `shares` lists (channel, ts) of the messages that carry it."""

    id: str
    name: str
    title: str
    mimetype: str
    user: str
    created: int
    content: bytes
    shares: list[tuple[str, str]] = field(default_factory=list)
    alt_text: str = ""


class StreamState(StrEnum):
    LIVE = "live"
    STOPPED = "stopped"
    EXPIRED = "expired"


@dataclass
class Task:
    """A task card of a stream."""

    id: str
    title: str
    status: str
    details: str = ""
    output: str = ""
    sources: list[Json] = field(default_factory=list)


@dataclass
class StreamPart:
    """A piece of a stream, in order of appearance. Exactly one is set: text, a task, blocks, or the plan's title."""

    text: str = ""
    task: Task | None = None
    blocks: list[Json] = field(default_factory=list)
    plan_title: str = ""


@dataclass
class Stream:
    """What a streaming message has received so far.

    Args:
        mode: `chunks` or `markdown_text`; empty until the first content decides it.
        display: `timeline` or `plan`, how its task cards are shown.
        plan_title: the title of the plan, when one was set.
        closing: the blocks that came with the stop.
    """

    state: StreamState
    started_at: float
    recipient: str = ""
    mode: str = ""
    display: str = "timeline"
    plan_title: str = ""
    parts: list[StreamPart] = field(default_factory=list)
    closing: list[Json] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All its text, concatenated as it came."""
        return "".join(part.text for part in self.parts)


@dataclass
class Message:
    """A message of a channel. `thread_ts` is empty outside threads; a root with replies carries its own ts."""

    channel: str
    ts: str
    user: str
    text: str = ""
    bot_id: str = ""
    subtype: str = ""
    thread_ts: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    edited_by: str = ""
    edited_ts: str = ""
    client_msg_id: str = ""
    username: str = ""
    icon_emoji: str = ""
    broadcast: bool = False
    stream: Stream | None = None

    @property
    def root_ts(self) -> str:
        """The ts of the thread's first message: this one's own when it starts one."""
        return self.thread_ts or self.ts

    @property
    def is_reply(self) -> bool:
        return bool(self.thread_ts) and self.thread_ts != self.ts


@dataclass
class Ephemeral:
    """A message that only `user` sees. It is gone when the workspace is loaded again, as on a client's restart."""

    channel: str
    ts: str
    user: str
    text: str = ""
    thread_ts: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)


@dataclass
class Status:
    """The assistant's status line in a thread. Slack drops it two minutes after `set_at`."""

    channel: str
    thread_ts: str
    text: str
    loading_messages: list[str]
    set_at: float


@dataclass
class AgentSession:
    """An agent session as Slack lists it. `status` is processing, active, suspended or closed."""

    channel: str
    thread_ts: str
    status: str
    title: str = ""


@dataclass
class SuggestedPrompts:
    """Prompts offered in a DM (`thread_ts` empty) or thread; each has a title and the message it sends."""

    channel: str
    thread_ts: str
    title: str
    prompts: list[Json]


@dataclass
class View:
    """A modal or a home view. `body` is the view as the app sent it, its blocks with block_ids filled in.

    Args:
        state: values of the inputs by block_id and action_id, in Slack's wire shape.
        hash: changes with every update.
    """

    id: str
    user: str
    body: Json
    hash: str
    state: dict[str, Json] = field(default_factory=dict)
    root_view_id: str = ""
    previous_view_id: str = ""

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.body.get("blocks", [])
        return blocks
