"""Events over Socket Mode, from an emulated Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest
import structlog

from bot.errors import StartError, StoreAway
from bot.model import Message, Receipt
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from bot.slack import sockets
from bot.slack.api.web import web_client
from bot.slack.sockets import listen_over_socket
from tests.unit.slack.incoming import FakeInbox, Incoming, incoming
from tests.waiting import until


class SlowInbox(FakeInbox):
    """Stores a message only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.may_store = asyncio.Event()

    async def take(self, message: Message) -> Receipt:
        self.begun.set()
        await self.may_store.wait()
        return await super().take(message)


@pytest.fixture
async def emulated() -> AsyncIterator[EmulatedSlack]:
    async with EmulatedSlack.start(Setup(retry_delays_s=(0.05, 0.05, 0.05))) as slack:
        yield slack


def own_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def listening(
    slack: Incoming, emulated: EmulatedSlack, app_token: str = ""
) -> AbstractAsyncContextManager[Callable[[], bool]]:
    web = web_client("", emulated.api_url)
    return listen_over_socket(slack.app, app_token=app_token or emulated.app_token, web=web)


async def test_a_message_comes_in_and_is_acknowledged(emulated: EmulatedSlack) -> None:
    async with incoming() as slack, listening(slack, emulated):
        await emulated.connected()
        emulated.people.say(U_ANA, C_GENERAL, "hello")
        await emulated.wait_until(lambda: slack.inbox.taken and not emulated.undelivered)
        assert [message.text for message in slack.inbox.taken] == ["hello"]


async def test_what_could_not_be_stored_comes_again(emulated: EmulatedSlack) -> None:
    async with incoming() as slack, listening(slack, emulated):
        await emulated.connected()
        slack.inbox.failure = StoreAway("connection refused")
        emulated.people.say(U_ANA, C_GENERAL, "hello")
        await emulated.wait_until(lambda: emulated.calls() or emulated.undelivered)
        slack.inbox.failure = None
        await emulated.wait_until(lambda: slack.inbox.taken and not emulated.undelivered)


async def test_a_connection_that_slack_ends_is_replaced(emulated: EmulatedSlack) -> None:
    async with incoming() as slack, listening(slack, emulated):
        await emulated.connected()
        await emulated.disconnect_sockets()
        await emulated.wait_until(lambda: len(emulated.calls("apps.connections.open")) == 2)
        await emulated.connected()
        emulated.people.say(U_ANA, C_GENERAL, "hello")
        await emulated.wait_until(lambda: slack.inbox.taken and not emulated.undelivered)


async def test_an_ack_that_is_lost_brings_the_message_again(emulated: EmulatedSlack) -> None:
    async with incoming() as slack, listening(slack, emulated):
        await emulated.connected()
        emulated.lose_acks(1)
        emulated.people.say(U_ANA, C_GENERAL, "hello")
        await emulated.wait_until(lambda: len(slack.inbox.taken) == 2)
        assert slack.inbox.taken[0] == slack.inbox.taken[1]


async def test_stopping_sees_what_is_in_hand_through_and_leaves_no_task(emulated: EmulatedSlack) -> None:
    inbox = SlowInbox()
    async with incoming(inbox=inbox) as slack:
        before = own_tasks()
        async with listening(slack, emulated):
            await emulated.connected()
            emulated.people.say(U_ANA, C_GENERAL, "hello")
            await inbox.begun.wait()
            asyncio.get_running_loop().call_later(0.02, inbox.may_store.set)
        assert len(inbox.taken) == 1
        left = {
            task.get_name() for task in own_tasks() - before if "bot.slack" in repr(task) or "slack_sdk" in repr(task)
        }
        assert left == set()


async def test_what_comes_while_the_last_ones_are_seen_through_is_taken_at_once(emulated: EmulatedSlack) -> None:
    inbox = SlowInbox()
    async with incoming(inbox=inbox) as slack:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(listening(slack, emulated))
            await emulated.connected()
            emulated.people.say(U_ANA, C_GENERAL, "hello")
            await inbox.begun.wait()
            closing = asyncio.create_task(stack.pop_all().aclose())
            inbox.begun.clear()
            emulated.people.say(U_ANA, C_GENERAL, "and another")
            await inbox.begun.wait()
            inbox.may_store.set()
            await closing
        assert [message.text for message in inbox.taken] == ["hello", "and another"]


async def test_a_wrong_app_token_is_one_clear_line(emulated: EmulatedSlack) -> None:
    async with incoming() as slack:
        with pytest.raises(StartError, match=r"SLACK_APP_TOKEN \(invalid_auth\)"):
            async with listening(slack, emulated, app_token="xapp-wrong"):
                pass


async def test_a_slack_that_is_not_there_is_one_clear_line(emulated: EmulatedSlack) -> None:
    async with incoming() as slack:
        nowhere = web_client("", "http://127.0.0.1:9/api/")
        with pytest.raises(StartError, match="can't be reached"):
            async with listen_over_socket(slack.app, app_token="xapp-x", web=nowhere):
                pass


async def test_an_eleventh_worker_waits_until_one_of_ten_has_gone(
    emulated: EmulatedSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "PING_S", 0.05)
    monkeypatch.setattr(sockets, "CROWDED_S", crowded_s := 0.2)
    async with AsyncExitStack() as stack, incoming() as slack:
        first, *others = [AsyncExitStack() for _ in range(10)]
        for one in (first, *others):
            await stack.enter_async_context(one)
            await one.enter_async_context(listening(slack, emulated))
        await emulated.connected(10)
        began = time.monotonic()
        with structlog.testing.capture_logs() as told:
            is_connected = await stack.enter_async_context(listening(slack, emulated))
            await until(lambda: not is_connected())
            await until(lambda: len([line for line in told if line["event"] == "socket_refused"]) == 2)
            await first.aclose()
            await until(lambda: is_connected() and emulated.open_sockets == 10)
        asked = len(emulated.calls("apps.connections.open")) - 10
        assert asked <= (time.monotonic() - began) / crowded_s + 2, "it does not ask on and on"
