"""A Slack app with a small in-memory core behind it, for the tests of what comes in from Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.admin import SessionView
from bot.copies import Copy
from bot.errors import ChatRefused, Reason, Refusal
from bot.forks import Branch
from bot.model import (
    Account,
    ArchivedSession,
    Budget,
    Ending,
    Exchange,
    Health,
    Message,
    Person,
    Receipt,
    Scope,
    ScopeKind,
    Source,
    SpendReport,
    Spent,
    Taken,
    Thread,
    ThreadFilter,
    ThreadKey,
    ThreadPage,
    ThreadStatus,
)
from bot.privacy import Forgotten
from bot.slack.answers import Answers
from bot.slack.api.directory import Directory
from bot.slack.api.installations import Installation, Installations, OneInstallation
from bot.slack.background import Background
from bot.slack.changes import Changes
from bot.slack.core import Doors, Reference
from bot.slack.listeners import Gestures, build_app
from bot.slack.normalise import Own
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.surface import Surface
from tests.payloads import ANN, BEN, BOT_ID, BOT_USER, CHANNEL, TEAM
from tests.unit.slack.deciding import FakeDecisions

URL = "https://example.slack.com/"
KEY = ThreadKey(TEAM, CHANNEL, "1760000002.000200")
SESSION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
OLD_SESSION = "ffee0011-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
THREAD = Thread(
    KEY,
    SESSION,
    head="e1",
    title="Release <notes> & more",
    tag="docs",
    owner=ANN,
    people=(ANN, BEN),
    created_at=900.0,
    active_at=940.0,
    turns=3,
    cost_usd=0.123,
    source=Source(ThreadKey(TEAM, "C0OTHERCH", "1750000000.000100"), "99887766-0000-4000-8000-000000000000", ""),
    archived=(ArchivedSession(OLD_SESSION, "Before", 800.0, 2, 0.01, "e0"),),
)
NOW = 1000.0


class StillClock:
    """Stands at NOW until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class ScriptedWeb:
    """Slack's Web API: records calls, and answers each method as told, else with nothing but ok."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

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
        given = {name: value for name, value in arguments.items() if value is not None}
        self.calls.append((method, given))
        answer = self.answers.get(method, {})
        if callable(answer):
            answer = answer(given)
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, dict)
        return {"ok": True, **answer}

    async def send_file(self, url: str, name: str, content: bytes) -> None:
        self.calls.append(("upload", {"url": url, "name": name, "content": content}))

    async def wait_s(self, method: str, channel: str = "") -> float:
        return 0.0

    async def reserve(
        self, method: str, channel: str = "", *, urgent: bool = False, patience_s: float | None = None
    ) -> float:
        return 0.0

    def to(self, method: str) -> list[dict[str, Any]]:
        return [given for called, given in self.calls if called == method]


@dataclass
class FakeInbox:
    taken: list[Message] = field(default_factory=list)
    withdrawn: list[tuple[ThreadKey, str]] = field(default_factory=list)
    waits: bool = True
    amended: list[tuple[ThreadKey, str, str]] = field(default_factory=list)
    stopped: list[ThreadKey] = field(default_factory=list)
    expected: int = 0
    continued: list[tuple[Person, ThreadKey, str, Ending]] = field(default_factory=list)
    waiting: bool = True
    receipt: Receipt = Receipt(Taken.PROMPT)  # noqa: RUF009 (frozen)
    failure: Exception | None = None

    async def take(self, message: Message) -> Receipt:
        if self.failure is not None:
            raise self.failure
        self.taken.append(message)
        return self.receipt

    async def withdraw(self, thread: ThreadKey, ts: str) -> bool:
        self.withdrawn.append((thread, ts))
        return self.waits

    async def amend(self, person: Person, thread: ThreadKey, ts: str, text: str) -> bool:
        if self.failure is not None:
            raise self.failure
        self.amended.append((thread, ts, text))
        return self.waiting

    async def stop(self, thread: ThreadKey, *, user: str = "") -> bool:
        if self.failure is not None:
            raise self.failure
        self.stopped.append(thread)
        return True

    def expect(self) -> None:
        self.expected += 1

    async def continue_turn(self, person: Person, thread: ThreadKey, reply_ts: str, ending: Ending) -> Receipt:
        self.continued.append((person, thread, reply_ts, ending))
        return self.receipt


@dataclass
class FakeAdmission:
    """Keeps out everybody, or (as it is) nobody."""

    refusal: Refusal | None = None
    asked: list[tuple[Person, str]] = field(default_factory=list)

    async def check(self, person: Person, channel: str = "") -> None:
        self.asked.append((person, channel))
        if self.refusal is not None:
            raise self.refusal


class FakeRulebook:
    """What holds."""

    async def of(self, person: Person, channel: str) -> Sequence[tuple[str, str]]:
        return [("model", f"that of {person.user} in {channel}"), ("rules", "allow <Read> & more")]


@dataclass
class FakeTold:
    """Who was told that they are kept out."""

    told: set[tuple[str, str, str]] = field(default_factory=set)

    async def first(self, team: str, channel: str, user: str) -> bool:
        first = (team, channel, user) not in self.told
        self.told.add((team, channel, user))
        return first


@dataclass
class FakeForks:
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    failure: Exception | None = None
    again: bool = False

    def _made(self, *asked: Any) -> Branch:
        if self.failure is not None:
            raise self.failure
        self.asked.append(asked)
        key = ThreadKey(TEAM, CHANNEL, "1770000000.000100")
        return Branch(key, f"{URL}archives/{CHANNEL}/p1770000000000100", THREAD, again=self.again)

    async def branch(self, person: Person, thread: ThreadKey, ts: str) -> Branch:
        return self._made("branch", person, thread, ts)

    async def continue_here(self, person: Person, channel: str, reference: Reference = "") -> Branch:
        return self._made("continue", person, channel, reference)

    async def ask_again(self, person: Person, branch: ThreadKey) -> None:
        self._made("ask_again", person, branch)

    async def branch_from_summary(self, person: Person, thread: ThreadKey, ts: str) -> Branch:
        return self._made("branch_from_summary", person, thread, ts)


@dataclass
class FakeAdmin:
    """Knows THREAD alone. `failure` is what everything but `page` raises."""

    thread: Thread = THREAD
    done: list[tuple[Any, ...]] = field(default_factory=list)
    pages: list[tuple[ThreadFilter, str, int]] = field(default_factory=list)
    cursor: str = ""
    failure: Exception | None = None

    async def page(self, person: Person, query: ThreadFilter, cursor: str = "", limit: int = 10) -> ThreadPage:
        self.pages.append((query, cursor, limit))
        return ThreadPage((self.thread,), self.cursor)

    async def thread_of(self, person: Person, reference: Reference) -> Thread:
        if self.failure is not None:
            raise self.failure
        known = (self.thread.session_id, *(old.session_id for old in self.thread.archived))
        if reference == self.thread.key:
            return self.thread
        if isinstance(reference, str) and any(session_id.startswith(reference) for session_id in known):
            return self.thread
        raise Refusal(Reason.NO_SESSION_HERE if isinstance(reference, ThreadKey) else Reason.UNKNOWN_SESSION)

    async def show(self, person: Person, reference: Reference) -> SessionView:
        thread = await self.thread_of(person, reference)
        exchanges = (Exchange("What <is> it?", "It & that"),)
        return SessionView(thread, thread.session_id, f"{URL}archives/x", (), exchanges)

    async def reset(self, person: Person, key: ThreadKey) -> str:
        self.done.append(("reset", person.user, key))
        return SESSION

    async def restore(self, person: Person, key: ThreadKey, session_id: str = "") -> str:
        self.done.append(("restore", person.user, key, session_id))
        return session_id

    async def stop(self, person: Person, key: ThreadKey) -> None:
        if self.thread.status is not ThreadStatus.RUNNING:
            raise Refusal(Reason.NOTHING_RUNNING)
        self.done.append(("stop", person.user, key))

    async def compact(self, person: Person, key: ThreadKey, ts: str = "", *, there: bool = False) -> None:
        self.done.append(("compact", person.user, key, ts, there))

    async def go_on(self, person: Person, key: ThreadKey, *, there: bool = False) -> int:
        self.done.append(("go_on", person.user, key, there))
        return 2

    async def withdraw_held_back(self, person: Person, key: ThreadKey) -> int:
        self.done.append(("withdraw_held_back", person.user, key))
        return 1

    async def reply_deleted(self, key: ThreadKey, ts: str) -> bool:
        self.done.append(("reply_deleted", key, ts))
        return True

    async def rename(self, person: Person, key: ThreadKey, title: str) -> None:
        self.done.append(("rename", person.user, key, title))

    async def tag(self, person: Person, key: ThreadKey, tag: str) -> None:
        self.done.append(("tag", person.user, key, tag))


@dataclass
class FakeEdits:
    """Everything was answered."""

    asked: list[tuple[Person, ThreadKey, str]] = field(default_factory=list)
    answered: bool = True

    async def can_ask_again(self, thread: ThreadKey, ts: str) -> bool:
        return self.answered

    async def ask_again(self, person: Person, thread: ThreadKey, ts: str) -> Branch:
        self.asked.append((person, thread, ts))
        key = ThreadKey(TEAM, CHANNEL, "1770000000.000100")
        return Branch(key, f"{URL}archives/{CHANNEL}/p1770000000000100", THREAD)


@dataclass
class FakePrivacy:
    """Knows THREAD alone, which is ANN's."""

    forgotten: list[tuple[str, str]] = field(default_factory=list)
    deleted: list[tuple[ThreadKey, str]] = field(default_factory=list)
    left: int = 0
    failure: Exception | None = None

    async def about(self, person: Person, user: str) -> tuple[list[Thread], list[Thread]]:
        if self.failure is not None:
            raise self.failure
        return [THREAD], []

    async def forget(self, person: Person, user: str) -> Forgotten:
        self.forgotten.append((person.user, user))
        return Forgotten(threads=1, turns=2, left=self.left)

    async def thread_to_forget(self, person: Person, reference: Reference) -> Thread:
        if self.failure is not None:
            raise self.failure
        return THREAD

    async def forget_thread(self, person: Person, reference: Reference) -> Thread:
        self.forgotten.append((person.user, str(reference)))
        return THREAD

    async def message_deleted(self, key: ThreadKey, ts: str) -> bool:
        if self.failure is not None:
            raise self.failure
        self.deleted.append((key, ts))
        return True


@dataclass
class FakeAccounts:
    asked: list[tuple[Person, str, bool]] = field(default_factory=list)

    async def report(self, person: Person, channel: str, *, admin: bool) -> SpendReport:
        self.asked.append((person, channel, admin))
        own = Account(Scope(ScopeKind.USER, TEAM, person.user), Spent(0.31, 3.2), Budget(5.0))
        tops = (((ANN, 12.5),), ((CHANNEL, 7.0),)) if admin else ((), ())
        return SpendReport((own,), 1_763_769_600.0, 1_764_547_200.0, "UTC", *tops)


@dataclass
class Hooks:
    """Where response_urls lead: a server that keeps what is sent to it."""

    url: str = ""
    status: int = 200
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if self.status == 200:
            self.sent.append(await request.json())
        return web.Response(status=self.status, text="ok")


@dataclass
class FakeChannels:
    """What was set for channels."""

    modes: dict[tuple[str, str], str] = field(default_factory=dict)

    async def streaming(self, team: str, channel: str) -> str:
        return self.modes.get((team, channel), "")

    async def set_streaming(self, team: str, channel: str, mode: str) -> None:
        self.modes[team, channel] = mode


@dataclass
class Incoming:
    """The app, and everything around it."""

    app: AsyncApp
    web: ScriptedWeb
    inbox: FakeInbox
    forks: FakeForks
    admin: FakeAdmin
    privacy: FakePrivacy
    decisions: FakeDecisions
    background: Background
    hooks: Hooks
    installation: Installation
    session: aiohttp.ClientSession
    channels: FakeChannels
    edits: FakeEdits
    departing: FakeDepartures

    async def send(self, body: dict[str, Any], *, retry: int = 0) -> BoltResponse:
        """Give a payload to the app as Socket Mode does, and wait until all that follows has ended."""
        headers: dict[str, Any] = {"x-slack-retry-num": str(retry)}
        request = AsyncBoltRequest(mode="socket_mode", body=body, headers=headers)
        response = await self.app.async_dispatch(request)
        await self.background.settle(5.0)
        return response

    def whispers(self) -> list[str]:
        """What people were told, by whichever way, in order of the ways."""
        hooks = [str(sent.get("text", "")) for sent in self.hooks.sent]
        return hooks + [str(given["text"]) for given in self.web.to("chat.postEphemeral")]


class FakeCopies:
    """Everybody has three conversations, of which two fit, and may have THREAD."""

    async def of_person(self, person: Person) -> Copy:
        return Copy("conversations.zip", b"PK all", 2, left_out=1)

    async def of_thread(self, person: Person, reference: Reference) -> Copy:
        if reference != KEY:
            raise Refusal(Reason.NOT_YOURS)
        return Copy("release-notes.zip", b"PK one", 1)


class FakePages:
    """Addresses that say whom and what they are for."""

    async def link(self, person: Person, thread: ThreadKey, session_id: str) -> str:
        return f"https://bot.example.com/transcripts/open/{person.user}-{thread.root_ts}-{session_id[:8]}"


class FakeDepartures:
    """Workspaces that have left."""

    def __init__(self) -> None:
        self.teams: list[str] = []

    async def left(self, team: str) -> None:
        self.teams.append(team)


async def no_work(_team: str) -> Health:
    return Health(workers=1, at_work=0, queued=0, oldest_s=0.0)


class FakeViewers:
    """Who looks at App Home, in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def keep(self, team: str, user: str, shown: str) -> None:
        self.kept[team, user] = shown

    async def of(self, team: str, users: Iterable[str]) -> dict[str, str]:
        return {user: self.kept[team, user] for user in users if (team, user) in self.kept}


def installation(api: ScriptedWeb) -> Installation:
    return Installation(TEAM, URL, Own(BOT_USER, BOT_ID), api, "xoxb-test")


def _ask_user(given: dict[str, Any]) -> dict[str, Any]:
    if given["user"] not in (ANN, BEN):
        raise ChatRefused("users.info", "user_not_found")
    return {"user": {"id": given["user"], "team_id": TEAM, "name": "ann", "is_admin": given["user"] == BEN}}


@asynccontextmanager
async def incoming(
    installed: Installation | None = None,
    inbox: FakeInbox | None = None,
    admission: FakeAdmission | None = None,
    *,
    follow_deletes: bool = True,
    has_pages: bool = True,
    installations: Installations | None = None,
) -> AsyncIterator[Incoming]:
    """Open the app; what it began in the background has ended when it closes.

    Args:
        installed: where it speaks to Slack; the scripted Web API unless given.
        admission: whom it deals with; everybody unless given.
        installations: where it is installed, if that is not one place.
    """
    api = ScriptedWeb({"users.info": _ask_user})
    hooks = Hooks()
    server = web.Application()
    server.router.add_post("/hook", hooks.handle)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    hooks.url = f"http://127.0.0.1:{port}/hook"
    inbox, forks, admin, privacy = inbox or FakeInbox(), FakeForks(), FakeAdmin(), FakePrivacy()
    decisions, admission = FakeDecisions(), admission or FakeAdmission()
    try:
        async with aiohttp.ClientSession() as session, Background() as background:
            installed = installed or installation(api)
            installations = installations or OneInstallation(installed)
            clock, channels, edits, departing = StillClock(), FakeChannels(), FakeEdits(), FakeDepartures()
            doors = Doors(
                inbox=inbox,
                forks=forks,
                admin=admin,
                decisions=decisions,
                accounts=FakeAccounts(),
                edits=edits,
                privacy=privacy,
                departing=departing,
                copies=FakeCopies(),
                rules=FakeRulebook(),
                admission=admission,
                pages=FakePages() if has_pages else None,
                viewers=FakeViewers(),
                health=no_work,
            )
            surface = Surface(
                directory=Directory(installations, clock, admins=frozenset(), workspace_admins=True),
                installations=installations,
                answers=Answers(installations, session, admission, FakeTold()),
                background=background,
                modes=ChannelModes(StreamingMode.AUTO, clock, channels),
                changes=Changes(),
                clock=clock,
            )
            gestures = Gestures(
                command="/agent",
                branch_emoji=("twisted_rightwards_arrows", "seedling"),
                stop_emoji=("octagonal_sign",),
                follow_deletes=follow_deletes,
            )
            app = build_app(doors, surface, gestures, signing_secret="secret")
            yield Incoming(
                app,
                api,
                inbox,
                forks,
                admin,
                privacy,
                decisions,
                background,
                hooks,
                installed,
                session,
                channels,
                edits,
                departing,
            )
    finally:
        await runner.cleanup()
