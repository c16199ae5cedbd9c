"""An emulated Slack with a page, and a browser tab that is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from bot.playground.page import PlaygroundFacts, serve_page
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import U_ANA
from bot.playground.slack.values import Shortcut

WAIT_S = 10.0
FACTS = PlaygroundFacts(
    model="Scripted model",
    store="in memory",
    store_note="Sessions end with this process.",
    command="/agent",
    fork_emoji=("twisted_rightwards_arrows",),
)
Json = dict[str, Any]


@dataclass
class FakeTab:
    """What a browser tab does on its WebSocket, without a browser."""

    socket: aiohttp.ClientWebSocketResponse
    changes: list[Json] = field(default_factory=list)
    _next_id: int = 1

    async def hello(self) -> Json:
        frame: Json = await self.socket.receive_json(timeout=WAIT_S)
        assert frame["type"] == "hello"
        return frame

    async def ask(self, doing: str, **more: object) -> Json:
        """Ask for something; the answer, `{"result": …}` or `{"error": …}`."""
        mine = self._next_id
        self._next_id += 1
        await self.socket.send_json({"id": mine, "do": doing, **more})
        while True:
            frame = await self._frame()
            if frame.get("re") == mine:
                return frame

    async def change(self, kind: str, so: Callable[[Json], bool] = lambda change: True) -> Json:
        """Wait for a change of that kind which fulfils the condition."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for change in self.changes:
                    if change["kind"] == kind and so(change):
                        return change
                await self._frame()

    async def _frame(self) -> Json:
        frame: Json = await self.socket.receive_json(timeout=WAIT_S)
        self.changes += frame.get("changes", [])
        return frame


@pytest.fixture
async def slack() -> AsyncIterator[EmulatedSlack]:
    async with EmulatedSlack.start(Setup(shortcuts=(Shortcut("branch_here", "Branch from here"),))) as slack:
        yield slack


@pytest.fixture
async def page(slack: EmulatedSlack) -> AsyncIterator[str]:
    """The page's address."""
    async with serve_page(slack, FACTS) as address:
        yield address


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def tab(page: str, http: aiohttp.ClientSession) -> AsyncIterator[FakeTab]:
    """Ana's tab, not yet greeted."""
    async with http.ws_connect(f"{page}/ui?user={U_ANA}") as socket:
        yield FakeTab(socket)
