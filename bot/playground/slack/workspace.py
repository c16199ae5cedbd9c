"""The state of an emulated Slack workspace, and the only way to change it.

Every change is told, at once and in order, to whoever subscribed: the events for the bot, the page, waiting tests.
Streams and views have rules of their own and live beside it, in `streams` and `modals`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.playground.slack.changes import (
    Cause,
    Change,
    ChannelOpened,
    EphemeralChanged,
    EphemeralDeleted,
    EphemeralPosted,
    MemberJoined,
    MessageChanged,
    MessageDeleted,
    MessagePosted,
    ReactionChanged,
    StatusSet,
)
from bot.playground.slack.clock import Clock
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import (
    AgentSession,
    App,
    Channel,
    ChannelKind,
    Ephemeral,
    File,
    Json,
    Message,
    Refused,
    Status,
    SuggestedPrompts,
    Team,
    User,
    View,
)

STATUS_LIFETIME_S = 120.0
"""How long an assistant status shows without being set again (Slack: assistant.threads.setStatus)."""

TOMBSTONE = "tombstone"
"""The subtype of a deleted root that still has replies."""


class Workspace:
    """One team, its people, its channels and what was said in them.

    Args:
        team, app: whose workspace, and the app installed in it.
        clock: where times and ts come from.
        ids: where ids come from.
    """

    def __init__(self, team: Team, app: App, clock: Clock, ids: Ids) -> None:
        self.team = team
        self.app = app
        self.clock = clock
        self.ids = ids
        self.site = ""
        """Where the emulated Slack serves files, without a trailing slash; set when it starts."""
        self.users: dict[str, User] = {}
        self.groups: dict[str, list[str]] = {}
        """The members of each user group, by its id."""
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.ephemerals: dict[str, Ephemeral] = {}
        self.statuses: dict[tuple[str, str], Status] = {}
        self.sessions: dict[tuple[str, str], AgentSession] = {}
        self.prompts: dict[tuple[str, str], SuggestedPrompts] = {}
        self.homes: dict[str, View] = {}
        self.modals: dict[str, list[View]] = {}
        self._messages: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._watchers: list[Callable[[Change], None]] = []
        self._last_micros = 0

    # --- watching -----------------------------------------------------------------------------------------------------

    def subscribe(self, watcher: Callable[[Change], None]) -> Callable[[], None]:
        """Have every change told, synchronously, after it happened. Returns what ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def tell(self, change: Change) -> None:
        """Tell everyone who watches. For this package only."""
        for watcher in tuple(self._watchers):
            watcher(change)

    def next_ts(self) -> str:
        """A ts that no message has and that is later than all."""
        self._last_micros = max(int(self.clock.now() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    # --- looking things up --------------------------------------------------------------------------------------------

    def user(self, user_id: str) -> User:
        """Raises Refused(user_not_found)."""
        if user_id not in self.users:
            raise Refused("user_not_found")
        return self.users[user_id]

    def channel(self, channel_id: str) -> Channel:
        """Raises Refused(channel_not_found)."""
        if channel_id not in self.channels:
            raise Refused("channel_not_found")
        return self.channels[channel_id]

    def message(self, channel_id: str, ts: str) -> Message:
        """Raises Refused(message_not_found)."""
        message = self._messages.get(channel_id, {}).get(ts)
        if message is None:
            raise Refused("message_not_found")
        return message

    def messages(self, channel_id: str) -> list[Message]:
        """All messages of a channel, replies included, oldest first."""
        return list(self._messages.get(channel_id, {}).values())

    def history(self, channel_id: str) -> list[Message]:
        """What the channel itself shows: roots and broadcast replies, oldest first."""
        return [message for message in self.messages(channel_id) if not message.is_reply or message.broadcast]

    def replies(self, channel_id: str, root_ts: str) -> list[Message]:
        """The replies of a thread, without its root, oldest first."""
        messages = self._messages.get(channel_id, {})
        return [messages[ts] for ts in self._replies.get((channel_id, root_ts), ())]

    def thread(self, channel_id: str, root_ts: str) -> list[Message]:
        """The root and its replies, oldest first. Raises Refused(message_not_found)."""
        return [self.message(channel_id, root_ts), *self.replies(channel_id, root_ts)]

    def dm(self, user_id: str) -> Channel:
        """The person's DM with the bot, opened when it did not exist."""
        both = {user_id, self.app.user_id}
        for channel in self.channels.values():
            if channel.is_im and set(channel.members) == both:
                return channel
        return self.add_channel(ChannelKind.IM, members=[user_id, self.app.user_id])

    def status(self, channel_id: str, thread_ts: str) -> Status | None:
        """The status that shows in a thread now."""
        status = self.statuses.get((channel_id, thread_ts))
        if status is None or self.clock.now() - status.set_at >= STATUS_LIFETIME_S:
            return None
        return status

    def permalink(self, message: Message) -> str:
        link = f"https://{self.team.domain}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
        return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else link

    # --- people and places --------------------------------------------------------------------------------------------

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        return user

    def add_channel(
        self, kind: ChannelKind, name: str = "", members: Sequence[str] = (), channel_id: str = ""
    ) -> Channel:
        prefix = "D" if kind is ChannelKind.IM else "C"
        channel = Channel(
            id=channel_id or self.ids.new(prefix),
            kind=kind,
            name=name,
            members=list(members),
            creator=members[0] if members else "",
            created=int(self.clock.now()),
        )
        self.channels[channel.id] = channel
        self.tell(ChannelOpened(channel))
        return channel

    def join(self, channel: Channel, user: User) -> None:
        if user.id not in channel.members:
            channel.members.append(user.id)
            self.tell(MemberJoined(channel, user))

    # --- messages -----------------------------------------------------------------------------------------------------

    def team_of(self, user: str) -> str:
        """The workspace that somebody is of."""
        found = self.users.get(user)
        return (found.team if found is not None else "") or self.team.id

    def is_shared(self, channel: Channel) -> bool:
        """Whether people of another workspace are in a channel."""
        return any(self.team_of(member) != self.team.id for member in channel.members)

    def post(self, draft: Message) -> Message:
        """Put a message into its channel, under a new ts.

        Args:
            draft: the message; its ts is ignored. A `thread_ts` must name an existing message.

        Raises:
            Refused: channel_not_found, thread_not_found.
        """
        self.channel(draft.channel)
        message = replace(draft, ts=self.next_ts())
        if message.thread_ts:
            message.thread_ts = self._root_of(message)
        self._messages.setdefault(message.channel, {})[message.ts] = message
        for file_id in message.files:
            self.files[file_id].shares.append((message.channel, message.ts))
        if message.is_reply:
            self._replies.setdefault((message.channel, message.thread_ts), []).append(message.ts)
        if message.bot_id == self.app.bot_id:
            self.clear_status(message.channel, message.root_ts)
        self.tell(MessagePosted(message))
        if message.is_reply:
            self._touch_root(message)
        return message

    def restore_messages(self, messages: Sequence[Message], last_ts: str) -> None:
        """Take in the messages of a saved workspace, in their order, without telling anyone."""
        for message in messages:
            self._messages.setdefault(message.channel, {})[message.ts] = message
            if message.is_reply:
                self._replies.setdefault((message.channel, message.thread_ts), []).append(message.ts)
        self._last_micros = int(last_ts.replace(".", ""))

    def _root_of(self, message: Message) -> str:
        """A reply to a reply belongs to the root's thread, as in Slack."""
        parent = self._messages.get(message.channel, {}).get(message.thread_ts)
        if parent is None:
            raise Refused("thread_not_found")
        return parent.root_ts

    def _touch_root(self, reply: Message) -> None:
        root = self.message(reply.channel, reply.thread_ts)
        before = replace(root)
        root.thread_ts = root.ts if self._replies.get((root.channel, root.ts)) else ""
        self.tell(MessageChanged(root, before, Cause.THREAD))

    def change(
        self,
        message: Message,
        cause: Cause,
        *,
        text: str | None = None,
        blocks: list[Json] | None = None,
        attachments: list[Json] | None = None,
        metadata: Json | None = None,
        by: str = "",
    ) -> Message:
        """Change what a message says; None leaves a part as it is. `by` marks it as edited by that user."""
        before = replace(message)
        message.text = message.text if text is None else text
        message.blocks = message.blocks if blocks is None else blocks
        message.attachments = message.attachments if attachments is None else attachments
        message.metadata = message.metadata if metadata is None else metadata
        if by:
            message.edited_by, message.edited_ts = by, self.next_ts()
        self.tell(MessageChanged(message, before, cause))
        return message

    def delete(self, message: Message) -> None:
        """Remove a message. A root with replies stays as a tombstone."""
        if self._replies.get((message.channel, message.ts)):
            before = replace(message)
            message.subtype, message.text, message.user, message.bot_id = (
                TOMBSTONE,
                "This message was deleted.",
                "USLACKBOT",
                "",
            )
            message.blocks, message.attachments, message.files, message.reactions = [], [], [], {}
            message.stream = None
            self.tell(MessageChanged(message, before, Cause.EDIT))
            return
        del self._messages[message.channel][message.ts]
        if message.is_reply:
            self._replies[(message.channel, message.thread_ts)].remove(message.ts)
        self.tell(MessageDeleted(message))
        if message.is_reply:
            self._touch_root(message)

    def react(self, message: Message, user_id: str, name: str) -> None:
        """Raises Refused(already_reacted)."""
        users = message.reactions.get(name, [])
        if user_id in users:
            raise Refused("already_reacted")
        message.reactions = {**message.reactions, name: [*users, user_id]}
        self.tell(ReactionChanged(message, user_id, name, added=True))

    def unreact(self, message: Message, user_id: str, name: str) -> None:
        """Raises Refused(no_reaction)."""
        users = message.reactions.get(name, [])
        if user_id not in users:
            raise Refused("no_reaction")
        left = [user for user in users if user != user_id]
        others = {key: value for key, value in message.reactions.items() if key != name}
        message.reactions = {**message.reactions, name: left} if left else others
        self.tell(ReactionChanged(message, user_id, name, added=False))

    # --- what only one person sees ------------------------------------------------------------------------------------

    def post_ephemeral(self, draft: Ephemeral) -> Ephemeral:
        message = replace(draft, ts=self.next_ts())
        self.ephemerals[message.ts] = message
        self.tell(EphemeralPosted(message))
        return message

    def change_ephemeral(self, message: Ephemeral, text: str, blocks: list[Json], attachments: list[Json]) -> None:
        message.text, message.blocks, message.attachments = text, blocks, attachments
        self.tell(EphemeralChanged(message))

    def delete_ephemeral(self, message: Ephemeral) -> None:
        if self.ephemerals.pop(message.ts, None) is not None:
            self.tell(EphemeralDeleted(message))

    # --- the assistant's status ---------------------------------------------------------------------------------------

    def set_status(self, status: Status) -> None:
        """An empty text clears it."""
        key = (status.channel, status.thread_ts)
        if status.text:
            self.statuses[key] = status
        else:
            self.statuses.pop(key, None)
        self.tell(StatusSet(status))

    def clear_status(self, channel_id: str, thread_ts: str) -> None:
        """Slack does so when the app posts into the thread."""
        if (channel_id, thread_ts) in self.statuses:
            self.set_status(Status(channel_id, thread_ts, "", [], self.clock.now()))
