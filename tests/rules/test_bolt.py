"""What follows from Bolt's and slack_sdk's sources: docs/slack-rules.md lists it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bot.model import Message, Receipt
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from bot.slack.api.web import web_client
from bot.slack.sockets import listen_over_socket
from tests.payloads import payload
from tests.unit.slack.incoming import FakeInbox, Incoming, incoming


class GatedInbox(FakeInbox):
    """Stores the first message only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_store = asyncio.Event()
        self.begun: list[str] = []

    async def take(self, message: Message) -> Receipt:
        self.begun.append(message.text)
        if message.text == "first":
            await self.may_store.wait()
        return await super().take(message)


@pytest.fixture
async def emulated() -> AsyncIterator[EmulatedSlack]:
    async with EmulatedSlack.start(Setup(retry_delays_s=(0.05, 0.05, 0.05))) as slack:
        yield slack


def socket(slack: Incoming, emulated: EmulatedSlack) -> AbstractAsyncContextManager[Callable[[], bool]]:
    web = web_client("", emulated.api_url)
    return listen_over_socket(slack.app, app_token=emulated.app_token, web=web)


async def test_the_ack_follows_the_listener() -> None:
    inbox = GatedInbox()
    async with incoming(inbox=inbox) as slack:
        acknowledging = asyncio.ensure_future(slack.send(payload("message_dm", text="first")))
        while not inbox.begun:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert not acknowledging.done()
        inbox.may_store.set()
        assert (await acknowledging).status == 200


async def test_a_listener_that_raises_leaves_the_ack_out() -> None:
    async with incoming() as slack:
        slack.inbox.failure = RuntimeError("a bug")
        assert (await slack.send(payload("message_dm"))).status >= 500


async def test_two_messages_of_a_thread_overtake_each_other_inside_one_process(emulated: EmulatedSlack) -> None:
    inbox = GatedInbox()
    async with incoming(inbox=inbox) as slack, socket(slack, emulated):
        await emulated.connected()
        root = emulated.people.say(U_ANA, C_GENERAL, "first")
        emulated.people.say(U_ANA, C_GENERAL, "second", thread_ts=root)
        await emulated.wait_until(lambda: inbox.taken)
        assert [message.text for message in inbox.taken] == ["second"]
        inbox.may_store.set()
        await emulated.wait_until(lambda: len(inbox.taken) == 2)
        assert [message.text for message in sorted(inbox.taken, key=lambda message: message.ts)] == ["first", "second"]


async def test_what_arrives_around_a_disconnect_is_not_lost(emulated: EmulatedSlack) -> None:
    async with incoming() as slack, socket(slack, emulated):
        await emulated.connected()
        await emulated.disconnect_sockets()
        emulated.people.say(U_ANA, C_GENERAL, "hello")
        await emulated.wait_until(lambda: slack.inbox.taken and not emulated.undelivered)
        assert {message.text for message in slack.inbox.taken} == {"hello"}


async def test_authorisation_asks_slack_once_and_not_for_every_event(emulated: EmulatedSlack) -> None:
    async with incoming() as slack, socket(slack, emulated):
        await emulated.connected()
        for number in range(5):
            emulated.people.say(U_ANA, C_GENERAL, f"hello {number}")
        await emulated.wait_until(lambda: len(slack.inbox.taken) == 5 and not emulated.undelivered)
        assert len(emulated.calls("auth.test")) <= 1
