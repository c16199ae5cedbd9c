"""Events over Socket Mode, from an emulated Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest

from bot.errors import StartError, StoreAway
from bot.model import Message, Receipt
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from bot.slack.api.web import web_client
from bot.slack.sockets import listen_over_socket
from tests.unit.slack.incoming import FakeInbox, Incoming, incoming


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
