"""One browser tab: what happens in the workspace goes out, what the person does comes in.

Outwards, changes gather for a moment and each thing goes out once, as it is by then: text that grows by many small
pieces is drawn a few times a second, and a slow tab never falls behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import WSMsgType, web

from bot.playground.page import refusals
from bot.playground.page.deeds import Deeds, NoAnswer, trouble
from bot.playground.page.doings import Doing, Enter, parse_doing
from bot.playground.page.reading import Reading
from bot.playground.page.shown import Shown
from bot.playground.slack.changes import (
    Cause,
    Change,
    ChannelOpened,
    EphemeralChanged,
    EphemeralDeleted,
    EphemeralPosted,
    HomePublished,
    MemberJoined,
    MessageChanged,
    MessageDeleted,
    MessagePosted,
    ReactionChanged,
    StatusSet,
    SuggestedPromptsSet,
    ViewClosed,
    ViewOpened,
    ViewUpdated,
)
from bot.playground.slack.values import Message, Refused
from bot.playground.slack.workspace import Workspace

Json = dict[str, Any]
log = structlog.get_logger(__name__)

GATHER_S = 0.04
"""How long changes gather before they go out: 25 pictures a second are enough for growing text."""

DOINGS_AT_ONCE = 16
"""How much of what a person did may wait for the app's answer; more waits in the socket."""


class Tab:
    """Serves one WebSocket, for one person at a time."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        user: str,
        workspace: Workspace,
        shown: Shown,
        deeds: Deeds,
        reading: Reading,
    ) -> None:
        self._socket = socket
        self._user = user
        self._workspace = workspace
        self._shown = shown
        self._deeds = deeds
        self._reading = reading
        self._gathered: dict[tuple[str, ...], Callable[[], Json]] = {}
        self._something = asyncio.Event()
        self._slots = asyncio.Semaphore(DOINGS_AT_ONCE)

    async def serve(self) -> None:
        """Until the tab goes away."""
        unsubscribe = self._workspace.subscribe(self._notice)
        try:
            await self._greet()
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send_changes())
                async for frame in self._socket:
                    if frame.type is WSMsgType.TEXT:
                        await self._slots.acquire()
                        tasks.create_task(self._answer(frame.data))
                sending.cancel()
        except* ConnectionError as gone:
            log.debug("playground_tab_gone", error=type(gone.exceptions[0]).__name__)
        finally:
            unsubscribe()

    async def _greet(self) -> None:
        self._gathered.clear()
        unread = {one: self._reading.unread(self._user, one) for one in self._workspace.channels}
        await self._socket.send_json({"type": "hello", **self._shown.workspace(self._user), "unread": unread})

    # --- what comes in ------------------------------------------------------------------------------------------------

    async def _answer(self, text: str) -> None:
        try:
            doing = parse_doing(text)
        except ValueError as wrong:
            log.warning("playground_request_not_understood", error=type(wrong).__name__)
            await self._socket.send_json({"type": "trouble", "text": refusals.NOT_UNDERSTOOD})
        else:
            await self._socket.send_json({"type": "answer", "re": doing.id, **await self._outcome(doing)})
        finally:
            self._slots.release()

    async def _outcome(self, doing: Doing) -> Json:
        try:
            if isinstance(doing, Enter):
                self._user = self._workspace.user(doing.user).id
                await self._greet()
                return {"result": {}}
            result = await self._deeds.do(self._user, doing)
        except (Refused, NoAnswer) as error:
            return {"error": trouble(error)}
        except Exception as error:  # one broken request must not close the tab
            log.exception("playground_request_failed", doing=doing.do, error=type(error).__name__)
            return {"error": {"code": "internal_error", "text": refusals.BROKEN}}
        if doing.do == "read":
            self._gather(("unread", doing.channel), lambda: self._unread(doing.channel))
        return {"result": result}

    # --- what goes out ------------------------------------------------------------------------------------------------

    async def _send_changes(self) -> None:
        while not self._socket.closed:
            await self._something.wait()
            await asyncio.sleep(GATHER_S)
            self._something.clear()
            gathered, self._gathered = self._gathered, {}
            changes = [make() for make in gathered.values()]
            if changes:
                await self._socket.send_json({"type": "changes", "changes": changes})

    def _gather(self, key: tuple[str, ...], make: Callable[[], Json]) -> None:
        self._gathered.pop(key, None)  # a thing that changes again goes to the end: order is that of the last change
        self._gathered[key] = make
        self._something.set()

    def _notice(self, change: Change) -> None:
        """The workspace changed; called while it does, so only take note."""
        match change:
            case MessagePosted() | MessageChanged() | MessageDeleted() | ReactionChanged():
                self._notice_message(change)
            case EphemeralPosted() | EphemeralChanged() | EphemeralDeleted():
                self._notice_ephemeral(change)
            case StatusSet(status) if self._is_here(status.channel):
                key = ("status", status.channel, status.thread_ts)
                self._gather(key, lambda: {"kind": "status", **self._shown.status(status)})
            case SuggestedPromptsSet(prompts) if self._is_here(prompts.channel):
                where = (prompts.channel, prompts.thread_ts)
                self._gather(("prompts", *where), lambda: {"kind": "prompts", **self._shown.prompts(*where)})
            case ViewOpened(view) | ViewUpdated(view) | ViewClosed(view) if view.user == self._user:
                user = self._user
                self._gather(("modals",), lambda: {"kind": "modals", "modals": self._shown.modals(user)})
                self._gather(("home",), lambda: {"kind": "home", "home": self._shown.home(user)})
            case HomePublished(view) if view.user == self._user:
                user = self._user
                self._gather(("home",), lambda: {"kind": "home", "home": self._shown.home(user)})
            case ChannelOpened(channel) | MemberJoined(channel) if self._is_here(channel.id):
                self._gather(
                    ("channel", channel.id), lambda: {"kind": "channel", "channel": self._shown.channel(channel)}
                )

    def _notice_message(self, change: MessagePosted | MessageChanged | MessageDeleted | ReactionChanged) -> None:
        message = change.message
        if not self._is_here(message.channel):
            return
        key = ("message", message.channel, message.ts)
        if isinstance(change, MessageDeleted):
            gone = {"kind": "gone", "channel": message.channel, "ts": message.ts, "root_ts": message.root_ts}
            self._gather(key, lambda: gone)
        else:
            self._gather(key, lambda: {"kind": "message", "message": self._shown.messages.posted(message)})
        if isinstance(change, MessageChanged) and change.cause is Cause.STREAM_END and message.is_reply:
            self._gather_root(message)  # it says that an answer is being written in its thread
        if isinstance(change, MessagePosted | MessageDeleted) and message.user != self._user:
            self._gather(("unread", message.channel), lambda: self._unread(message.channel))

    def _gather_root(self, reply: Message) -> None:
        root = self._workspace.message(reply.channel, reply.thread_ts)
        key = ("message", root.channel, root.ts)
        self._gather(key, lambda: {"kind": "message", "message": self._shown.messages.posted(root)})

    def _notice_ephemeral(self, change: EphemeralPosted | EphemeralChanged | EphemeralDeleted) -> None:
        message = change.message
        if message.user != self._user:
            return
        key = ("message", message.channel, message.ts)
        if isinstance(change, EphemeralDeleted):
            root = message.thread_ts or message.ts
            gone = {"kind": "gone", "channel": message.channel, "ts": message.ts, "root_ts": root}
            self._gather(key, lambda: gone)
        else:
            self._gather(key, lambda: {"kind": "message", "message": self._shown.messages.ephemeral(message)})

    def _unread(self, channel: str) -> Json:
        return {"kind": "unread", "channel": channel, "count": self._reading.unread(self._user, channel)}

    def _is_here(self, channel: str) -> bool:
        known = self._workspace.channels.get(channel)
        return known is not None and self._user in known.members
