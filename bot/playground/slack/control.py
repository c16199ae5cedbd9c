"""An emulated Slack, started and steered from Python. The whole of it is behind `EmulatedSlack`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TypeVar

import aiohttp
from aiohttp import web

from bot.playground.slack import persistence
from bot.playground.slack.changes import Change
from bot.playground.slack.clock import Clock, SystemClock
from bot.playground.slack.default_workspace import default_workspace
from bot.playground.slack.delivery import Delivery
from bot.playground.slack.events import Events
from bot.playground.slack.faults import Cut, Fault, Faults, RateLimits
from bot.playground.slack.http_delivery import HttpWay
from bot.playground.slack.ids import Ids
from bot.playground.slack.installation import Installation
from bot.playground.slack.interactions import Payloads
from bot.playground.slack.modals import Modals
from bot.playground.slack.people import People
from bot.playground.slack.server import application
from bot.playground.slack.setup import Setup
from bot.playground.slack.socket_mode import SocketMode
from bot.playground.slack.streams import Streams
from bot.playground.slack.tickets import ResponseUrls, Triggers
from bot.playground.slack.values import Ephemeral, Json, Message, User
from bot.playground.slack.web_api import Call, WebApi
from bot.playground.slack.workspace import Workspace

__all__ = ["EmulatedSlack", "Setup"]

T = TypeVar("T")

_REMEMBERED = 10_000
"""Calls and events kept for looking at."""


class EmulatedSlack:
    """A running emulated Slack. Made by `start`.

    `workspace` is its state, `people` act in it, `faults` and the methods below make it fail.
    """

    def __init__(self, setup: Setup, clock: Clock, http: aiohttp.ClientSession) -> None:
        self.setup = setup
        self.clock = clock
        self.workspace = _workspace(setup, clock)
        self.streams = Streams(self.workspace)
        self.modals = Modals(self.workspace)
        self.faults = Faults()
        self.limits = RateLimits(clock, enforced=setup.enforce_tiers)
        self.events: deque[Json] = deque(maxlen=_REMEMBERED)
        """The event payloads given out for delivery, oldest first."""
        self._http = http
        self._calls: deque[Call] = deque(maxlen=_REMEMBERED)
        self._waiters: set[asyncio.Event] = set()
        self._keeper: persistence.Keeper | None = None
        self.installation = self._installation()
        self.api = WebApi(self.installation, self.faults, self.limits, self._on_call)
        self.sockets = SocketMode(self.installation, setup.seed, self._wake)
        self._delivery = Delivery(self.sockets, clock, setup.retry_delays_s, self._wake)
        self.payloads = Payloads(self.workspace, self.installation.triggers, self.installation.response_urls)
        self.people = People(self.workspace, self.streams, self.modals, self.payloads, self._delivery)
        events = Events(
            self.workspace,
            self.send_payload,
            setup.subscribed,
            every_append=setup.every_append,
            organisation=setup.organisation,
        )
        self._callback = events.callback
        self.workspace.subscribe(events.hear)
        self.workspace.subscribe(self._on_change)

    def _installation(self) -> Installation:
        setup, ids = self.setup, self.workspace.ids
        return Installation(
            self.workspace,
            self.streams,
            self.modals,
            Triggers(self.clock, ids),
            ResponseUrls(self.clock, ids),
            setup.bot_token,
            setup.app_token,
            setup.signing_secret,
            setup.scopes,
        )

    @classmethod
    @asynccontextmanager
    async def start(
        cls, setup: Setup | None = None, *, port: int | None = None, clock: Clock | None = None
    ) -> AsyncIterator[EmulatedSlack]:
        """Serve on the loopback until the context ends. `port` goes before the setup's."""
        setup = setup or Setup()
        setup = setup if port is None else replace(setup, port=port)
        async with aiohttp.ClientSession() as http:
            slack = cls(setup, clock or SystemClock(), http)
            async with slack._serving(), slack._keeping():
                yield slack

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        app = application(self.installation, self.api, self.sockets, self.faults)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self.setup.host, self.setup.port)
            await site.start()
            port = runner.addresses[0][1]
            self.workspace.site = f"http://{self.setup.host}:{port}"
            yield
        finally:
            await self._delivery.close()
            await self.sockets.close()
            await runner.cleanup()

    @asynccontextmanager
    async def _keeping(self) -> AsyncIterator[None]:
        if self.setup.saved_at is None:
            yield
            return
        self._keeper = persistence.Keeper(self.workspace, self.setup.saved_at, self._wake)
        keeping = asyncio.create_task(self._keeper.run())
        try:
            yield
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            self._keeper.close()

    # --- how to reach it ----------------------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """The Web API's base, as SLACK_API_URL takes it."""
        return f"{self.workspace.site}/api/"

    @property
    def bot_token(self) -> str:
        return self.setup.bot_token

    @property
    def app_token(self) -> str:
        return self.setup.app_token

    @property
    def signing_secret(self) -> str:
        return self.setup.signing_secret

    @property
    def bot(self) -> User:
        return self.workspace.user(self.workspace.app.user_id)

    @property
    def mention(self) -> str:
        """What mentions the bot in a message's text."""
        return f"<@{self.workspace.app.user_id}>"

    @property
    def open_sockets(self) -> int:
        return len(self.sockets.connections)

    @property
    def undelivered(self) -> int:
        """How many events are on their way: neither taken nor given up."""
        return self._delivery.pending

    @property
    def given_up(self) -> Sequence[Json]:
        """Events that no try brought to the app."""
        return self._delivery.given_up

    # --- what there is to see -----------------------------------------------------------------------------------------

    def thread(self, channel: str, root_ts: str) -> list[Message]:
        """The root and its replies, oldest first."""
        return self.workspace.thread(channel, root_ts)

    def replies_of_bot(self, channel: str, root_ts: str) -> list[Message]:
        """What the bot said in a thread, oldest first."""
        return [
            reply for reply in self.workspace.replies(channel, root_ts) if reply.bot_id == self.workspace.app.bot_id
        ]

    def posts_of_bot(self, channel: str) -> list[Message]:
        """What the bot posted at the root of a channel, oldest first."""
        return [message for message in self.workspace.history(channel) if message.bot_id == self.workspace.app.bot_id]

    def ephemerals(self, user: str, channel: str = "") -> list[Ephemeral]:
        """What only this person sees, oldest first."""
        messages = self.workspace.ephemerals.values()
        return [one for one in messages if one.user == user and channel in {"", one.channel}]

    def is_streaming(self, message: Message) -> bool:
        return self.streams.is_live(message)

    def calls(self, method: str = "") -> list[Call]:
        """The calls the app made, oldest first; of one method, if one is named."""
        return [call for call in self._calls if method in {"", call.method}]

    async def wait_until(self, condition: Callable[[], T], timeout_s: float = 10.0) -> T:
        """Wait until the condition gives something true, and return that. It is looked at whenever anything happens.

        Raises:
            TimeoutError: it did not come true in time; says what the app did last.
        """
        woken = asyncio.Event()
        self._waiters.add(woken)
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := condition()):
                    await woken.wait()
                    woken.clear()
                return found
        except TimeoutError:
            last = ", ".join(f"{call.method}: {call.outcome}" for call in list(self._calls)[-8:])
            raise TimeoutError(f"not so within {timeout_s} s; last calls: {last or 'none'}") from None
        finally:
            self._waiters.discard(woken)

    async def wait_until_saved(self, timeout_s: float = 10.0) -> None:
        """Wait until `saved_at` holds everything that has happened."""
        keeper = self._keeper
        assert keeper is not None, "nothing is being saved"
        await self.wait_until(lambda: keeper.is_saved, timeout_s)

    async def connected(self, sockets: int = 1, timeout_s: float = 20.0) -> None:
        """Wait until that many sockets are open."""
        await self.wait_until(lambda: self.open_sockets >= sockets, timeout_s)

    def look_again(self) -> None:
        """Something that conditions depend on has changed elsewhere."""
        self._wake()

    # --- the app comes and goes ---------------------------------------------------------------------------------------

    def uninstall(self) -> None:
        """An admin removes the app: its token is dead at once, and two events tell it."""
        self.installation.removed = True
        self.send_event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.workspace.app.user_id]}})
        self.send_event({"type": "app_uninstalled"})

    def install(self) -> None:
        """Its token counts (again)."""
        self.installation.removed = False

    def revoke_access(self) -> None:
        """The organisation takes the app from the workspace, and keeps it."""
        self.send_event({"type": "team_access_revoked", "team_ids": [self.workspace.team.id]})

    def grant_access(self) -> None:
        """The organisation gives it (back) to the workspace."""
        self.send_event({"type": "team_access_granted", "team_ids": [self.workspace.team.id]})

    # --- making it fail -----------------------------------------------------------------------------------------------

    def fail(
        self,
        method: str,
        *,
        error: str = "",
        status: int = 0,
        retry_after: int = 1,
        cut: Cut = "",
        delay_s: float = 0.0,
        late_s: float = 0.0,
        times: int = 1,
        when: Callable[[Json], bool] = lambda arguments: True,  # noqa: ARG005 - the name is the predicate's interface
    ) -> None:
        """Let the next calls of a method go wrong; see `faults.Fault`."""
        self.faults.add(Fault(method, error, status, retry_after, cut, delay_s, late_s, times, when))

    def expire_streams(self) -> int:
        """Let every live stream die now. Returns how many."""
        live = self.streams.all_live()
        for message in live:
            self.streams.expire(message)
        return len(live)

    def drop_sockets(self) -> None:
        """Lose every socket without a word."""
        self.sockets.drop()

    async def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask every client to reconnect."""
        await self.sockets.disconnect(reason)

    def lose_acks(self, times: int) -> None:
        """Let the next acknowledgements get lost, so that their events come again."""
        self.sockets.acks_to_lose = times

    # --- the ways of events -------------------------------------------------------------------------------------------

    def deliver_to(self, url: str, signing_secret: str = "") -> None:
        """Deliver by HTTP from now on, signed, to the app's request URL."""
        self._delivery.way = HttpWay(self._http, self.clock, url, signing_secret or self.signing_secret)

    async def verify_url(self) -> bool:
        """Slack's handshake with the request URL; False over Socket Mode."""
        way = self._delivery.way
        return isinstance(way, HttpWay) and await way.verify(self.workspace.ids.secret(40))

    @property
    def delivery_url(self) -> str:
        """Where events are posted to; empty over Socket Mode."""
        return self._delivery.way.url if isinstance(self._delivery.way, HttpWay) else ""

    def deliver_by_socket(self) -> None:
        """Deliver over Socket Mode from now on, as at the start."""
        self._delivery.way = self.sockets

    def send_event(self, event: Json) -> Json:
        """Deliver an event of one's own making, such as `tokens_revoked`. Returns the whole payload."""
        payload = self._callback(event)
        self.send_payload(payload)
        return payload

    def send_payload(self, payload: Json) -> None:
        """Deliver a payload as it is; one of `events` once more is a redelivery."""
        self.events.append(payload)
        self._delivery.event(payload)

    # --- ------------------------------------------------------------------------------------------------------------

    def _on_change(self, change: Change) -> None:  # noqa: ARG002 - whatever it was, a condition may be true now
        self._wake()

    def _on_call(self, call: Call) -> None:
        self._calls.append(call)
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiters:
            waiter.set()


def _workspace(setup: Setup, clock: Clock) -> Workspace:
    if setup.saved_at is not None and setup.saved_at.exists():
        workspace = persistence.load(setup.saved_at, clock)
        workspace.app.commands, workspace.app.shortcuts = list(setup.commands), list(setup.shortcuts)
        return workspace
    return default_workspace(clock, Ids(setup.seed), setup.commands, setup.shortcuts, setup.team)
