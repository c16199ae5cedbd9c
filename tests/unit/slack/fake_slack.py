"""A Slack for one thread, as strict as the real one where a reply is concerned, that fails when told to."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from bot.errors import ChatAway, ChatRefused
from bot.model import ts_order
from bot.slack.api.limits import MARKDOWN_TEXT_CHARS, MESSAGE_BLOCKS, STREAM_LIFE_S, UPDATE_TEXT_CHARS

PING = re.compile(r"<(?:!(?:channel|here|everyone|subteam)|@[UW]|#C)")


DOCUMENTED: dict[str, frozenset[str]] = {
    "chat.startStream": frozenset({"msg_too_long", "channel_type_not_supported", "unknown_method", "invalid_chunks"}),
    "chat.appendStream": frozenset(
        {
            "invalid_chunks",
            "message_not_in_streaming_state",
            "messaging_processing_failed",
            "msg_too_long",
            "streaming_mode_mismatch",
            "streaming_state_conflict",
        }
    ),
    "chat.stopStream": frozenset(
        {
            "invalid_blocks",
            "message_not_in_streaming_state",
            "messaging_processing_failed",
            "msg_too_long",
            "streaming_state_conflict",
        }
    ),
    "chat.postMessage": frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks"}),
    "files.getUploadURLExternal": frozenset({"missing_scope", "file_upload_size_restricted"}),
    "files.completeUploadExternal": frozenset({"file_not_found", "posting_to_channel_denied"}),
    "chat.update": frozenset({"invalid_blocks", "msg_blocks_too_long", "msg_too_long", "streaming_state_conflict"}),
}
"""Refusals of a method which a reply works around; a planned one that is none of its method's is let through."""


class HandClock:
    """Time that moves only when a test moves it, or when everybody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.time + seconds, next(self._count), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, waking sleepers in order and letting everybody run in between."""
        end = self.time + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._wake_next()
            await settle()
        self.time = end

    async def until(self, task: asyncio.Future[Any], within_s: float = 7_200.0) -> None:
        """Move on as far as it takes for the task to end."""
        end = self.time + within_s
        await settle()
        while not task.done():
            assert self._sleepers, "everybody waits and nobody sleeps"
            assert self._sleepers[0][0] <= end, "it takes too long"
            self._wake_next()
            await settle()

    def _wake_next(self) -> None:
        due, _, future = heapq.heappop(self._sleepers)
        if not future.done():
            self.time = max(self.time, due)
            future.set_result(None)


async def settle() -> None:
    """Let everybody run until nobody has anything to do but wait."""
    ready = vars(asyncio.get_running_loop())["_ready"]
    await asyncio.sleep(0)
    while ready:
        await asyncio.sleep(0)


class Effect(StrEnum):
    """How a call fails."""

    REFUSED = "refused"
    UNSENT = "unsent"
    LOST_BEFORE = "lost_before"
    """The outcome is unknown, and it did not happen."""
    LOST_AFTER = "lost_after"
    """The outcome is unknown, and it did happen."""
    EXPIRED = "expired"
    """Every stream is over, then the call is served."""


@dataclass(frozen=True)
class Fault:
    effect: Effect
    code: str = ""


def refused(code: str) -> Fault:
    """Slack says no."""
    return Fault(Effect.REFUSED, code)


@dataclass
class Shown:
    """A message as Slack keeps it."""

    ts: str
    opened_at: float
    live: bool
    texts: list[str] = field(default_factory=list)
    cards: dict[str, dict[str, object]] = field(default_factory=dict)
    grouped: bool = False
    title: str = ""
    """Of the plan that groups its cards."""
    blocks: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, object] | None = None

    @property
    def text(self) -> str:
        """What people read, without cards and buttons."""
        return "".join(self.texts)

    @property
    def actions(self) -> list[str]:
        """action_ids of its buttons."""
        elements = [element for block in self.blocks for element in block.get("elements", ())]
        return [element["action_id"] for element in elements if "action_id" in element]

    @property
    def plan(self) -> Mapping[str, Any]:
        """The block that groups its cards; empty where there is none."""
        return next((block for block in self.blocks if block["type"] == "plan"), {})

    @property
    def lines(self) -> list[str]:
        """Its quiet lines."""
        context = [block for block in self.blocks if block["type"] == "context"]
        return [element["text"] for block in context for element in block["elements"]]


@dataclass
class SharedFile:
    """A file in the thread, in a message of its own."""

    id: str
    name: str
    title: str = ""
    content: bytes = b""
    ts: str = ""

    @property
    def as_wire(self) -> dict[str, Any]:
        return {"ts": self.ts, "bot_id": "B1", "text": "", "files": [{"id": self.id, "name": self.name}]}


class FakeSlack:
    """Answers calls; `faults` are used up one by one, by the calls whose number they have."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.shown: dict[str, Shown] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.statuses: list[str] = []
        self.faults: dict[int, Fault] = {}
        self.faults_of: dict[str, list[Fault | None]] = {}
        self.refuse_looking = False
        self.foreign: list[dict[str, Any]] = []
        self.wait: dict[str, float] = {}
        self.queues: dict[str, Iterator[float]] = {}
        """How long the calls of a method wait for their turns, one after the other."""
        self.urgent: list[str] = []
        self.gate: Callable[[str], Awaitable[None]] | None = None
        self.files: list[SharedFile] = []
        self._uploads: dict[str, SharedFile] = {}
        self._ts = itertools.count(1)
        self._served: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "chat.startStream": self._start,
            "chat.appendStream": self._append,
            "chat.stopStream": self._stop,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.replies": self._replies,
            "files.getUploadURLExternal": self._announce,
            "files.completeUploadExternal": self._share,
        }

    @property
    def messages(self) -> list[Shown]:
        return [self.shown[ts] for ts in sorted(self.shown, key=ts_order)]

    @property
    def text(self) -> str:
        return "".join(message.text for message in self.messages)

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    def fail(self, method: str, *faults: Fault | None) -> None:
        """The next calls of a method fail so, one after the other; None lets one through."""
        self.faults_of.setdefault(method, []).extend(faults)

    async def send_file(self, url: str, name: str, content: bytes) -> None:
        fault = self.faults_of["upload"].pop(0) if self.faults_of.get("upload") else None
        self.calls.append(("upload", {"url": url, "name": name, "content": content}))
        self._fail("upload", fault)
        self._uploads[url.removeprefix("https://up.test/")].content = content
        self._fail_after("upload", fault)

    async def wait_s(self, method: str, channel: str = "") -> float:
        return self.wait.get(method, 0.0)

    async def reserve(
        self, method: str, channel: str = "", *, urgent: bool = False, patience_s: float | None = None
    ) -> float:
        self.urgent += [method] if urgent else []
        queued = next(self.queues[method]) if method in self.queues else self.wait.get(method, 0.0)
        return 0.0 if urgent else queued

    async def call(
        self,
        method: str,
        *,
        safe_to_repeat: bool,
        urgent: bool = False,
        reserved: bool = False,
        before: Callable[[], Awaitable[None]] | None = None,
        **arguments: object,
    ) -> Mapping[str, object]:
        if before is not None:
            await before()
        given = {name: value for name, value in arguments.items() if value is not None}
        if method == "assistant.threads.setStatus":
            if self.faults_of.get(method):
                raise ChatRefused(method, "missing_scope")
            self.statuses.append(str(given["status"]))
            return {"ok": True}
        if method == "conversations.replies" and self.refuse_looking:
            raise ChatRefused(method, "missing_scope")
        fault = self.faults.pop(len(self.calls), None)
        if fault is not None and fault.effect is Effect.REFUSED and fault.code not in DOCUMENTED.get(method, ()):
            fault = None
        if fault is None and self.faults_of.get(method):
            fault = self.faults_of[method].pop(0)
        self.calls.append((method, given))
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate(method)
        answer = self._serve(method, given, fault)
        await asyncio.sleep(0)
        return answer

    def _serve(self, method: str, given: dict[str, Any], fault: Fault | None) -> dict[str, object]:
        self._fail(method, fault)
        for message in self.shown.values():
            if self.clock.now() - message.opened_at >= STREAM_LIFE_S:
                message.live = False
        answer = {"ok": True, **self._served[method](given)}
        self._fail_after(method, fault)
        return answer

    def _fail(self, method: str, fault: Fault | None) -> None:
        match fault:
            case Fault(Effect.REFUSED, code):
                raise ChatRefused(method, code)
            case Fault(Effect.UNSENT):
                raise ChatAway(method, sent=False)
            case Fault(Effect.LOST_BEFORE):
                raise ChatAway(method, sent=True)
            case Fault(Effect.EXPIRED):
                self.expire()

    def _fail_after(self, method: str, fault: Fault | None) -> None:
        if fault is not None and fault.effect is Effect.LOST_AFTER:
            raise ChatAway(method, sent=True)

    def expire(self) -> None:
        for message in self.shown.values():
            message.live = False

    # --- methods --------------------------------------------------------------------------------

    def _start(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given["channel"].startswith("D") and not {"recipient_user_id", "recipient_team_id"} <= given.keys():
            raise ChatRefused("chat.startStream", "missing_recipient_team_id")
        message = Shown(self._new_ts(), self.clock.now(), live=True)
        message.grouped = given.get("task_display_mode") == "plan"
        self._add("chat.startStream", message, given["chunks"])
        self.shown[message.ts] = message
        return {"ts": message.ts}

    def _append(self, given: dict[str, Any]) -> dict[str, Any]:
        message = self._live("chat.appendStream", given)
        self._add("chat.appendStream", message, given["chunks"])
        return {"ts": message.ts}

    def _stop(self, given: dict[str, Any]) -> dict[str, Any]:
        message = self._live("chat.stopStream", given)
        self._add("chat.stopStream", message, given.get("chunks", []))
        message.live = False
        message.blocks = given.get("blocks", ())
        message.metadata = given.get("metadata", message.metadata)
        for card in message.cards.values():
            if card["status"] == "in_progress":
                card["status"] = "error"
        return {"ts": message.ts}

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        message = Shown(self._new_ts(), self.clock.now(), live=False, metadata=given.get("metadata"))
        self._write("chat.postMessage", message, given)
        self.shown[message.ts] = message
        return {"ts": message.ts}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        message = self._existing("chat.update", given)
        if message.live:
            raise ChatRefused("chat.update", "streaming_state_conflict")
        if len(given.get("text", "")) > UPDATE_TEXT_CHARS:
            raise ChatRefused("chat.update", "msg_too_long")
        self._write("chat.update", message, given)
        message.metadata = given.get("metadata", message.metadata)
        return {"ts": message.ts}

    def _delete(self, given: dict[str, Any]) -> dict[str, Any]:
        if any(file.ts == given["ts"] for file in self.files):
            self.files = [file for file in self.files if file.ts != given["ts"]]
            return {}
        del self.shown[self._existing("chat.delete", given).ts]
        return {}

    def _replies(self, given: dict[str, Any]) -> dict[str, Any]:
        oldest, inclusive = ts_order(given["oldest"]), given.get("inclusive")
        orders = [(ts_order(message.ts), message) for message in self.messages]
        found = [message for order, message in orders if order > oldest or (inclusive and order == oldest)]
        ours = [self._as_wire(message) for message in found]
        ours += [file.as_wire for file in self.files if ts_order(file.ts) > oldest]
        return {"messages": [{"ts": "1.0", "user": "U1", "text": "the root"}, *self.foreign, *ours]}

    def _announce(self, given: dict[str, Any]) -> dict[str, Any]:
        file = SharedFile(f"F{len(self._uploads)}", given["filename"])
        self._uploads[file.id] = file
        return {"upload_url": f"https://up.test/{file.id}", "file_id": file.id}

    def _share(self, given: dict[str, Any]) -> dict[str, Any]:
        for one in given["files"]:
            file = self._uploads[one["id"]]
            file.title, file.ts = one["title"], self._new_ts()
            self.files.append(file)
        return {}

    # --- rules ----------------------------------------------------------------------------------

    def _add(self, method: str, message: Shown, chunks: Sequence[Mapping[str, Any]]) -> None:
        texts = [chunk["text"] for chunk in chunks if chunk["type"] == "markdown_text"]
        assert all(texts), "an empty chunk of text"
        whole = message.text + "".join(texts)
        if len(whole) > MARKDOWN_TEXT_CHARS or len(whole.encode()) > 10_600:
            raise ChatRefused(method, "msg_too_long")
        message.texts += texts
        assert not PING.search(message.text), "somebody is pinged"
        for chunk in chunks:
            if chunk["type"] == "task_update":
                message.cards[chunk["id"]] = dict(chunk)
            elif chunk["type"] == "plan_update":
                assert message.grouped, "a plan's title where there is no plan"
                message.title = chunk["title"]

    def _write(self, method: str, message: Shown, given: Mapping[str, Any]) -> None:
        blocks = cast("Sequence[Mapping[str, Any]]", given.get("blocks", ()))
        texts = [block["text"] for block in blocks if block["type"] == "markdown"] or [given.get("markdown_text", "")]
        assert not ("markdown_text" in given and ("blocks" in given or "text" in given)), "markdown_text with others"
        if sum(map(len, texts)) > MARKDOWN_TEXT_CHARS:
            raise ChatRefused(method, "msg_too_long")
        if len(blocks) > MESSAGE_BLOCKS or any(block.get("text") == "" for block in blocks):
            raise ChatRefused(method, "invalid_blocks")
        if not blocks and not given.get("markdown_text"):
            raise ChatRefused(method, "no_text")
        message.texts, message.blocks, message.cards = list(texts), blocks, {}
        assert not PING.search(f"{message.text}\n{given.get('text', '')}"), "somebody is pinged"

    def _live(self, method: str, given: Mapping[str, Any]) -> Shown:
        message = self._existing(method, given)
        if not message.live:
            raise ChatRefused(method, "message_not_in_streaming_state")
        return message

    def _existing(self, method: str, given: Mapping[str, Any]) -> Shown:
        if given["ts"] not in self.shown:
            raise ChatRefused(method, "message_not_found")
        return self.shown[given["ts"]]

    def _as_wire(self, message: Shown) -> dict[str, Any]:
        titles = [{"title": title} for title in (message.title, *(card["title"] for card in message.cards.values()))]
        wire = {"ts": message.ts, "bot_id": "B1", "text": message.text, "elements": titles}
        return {**wire, "metadata": message.metadata} if message.metadata else wire

    def _new_ts(self) -> str:
        return f"{int(self.clock.now())}.{next(self._ts):06d}"
