"""Slack's rules about what comes in: docs/slack-rules.md lists them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from urllib.request import getproxies

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from bot.errors import StoreAway
from bot.model import Taken
from bot.slack.events import EVENTS
from bot.slack.gestures import reaction, typed
from bot.slack.http import PATH, event_routes
from bot.slack.interactions import SHORTCUTS
from bot.slack.normalise import Ignored, Own, ReplyDeleted, arrival
from bot.slack.text.markdown import decided_end, harmless, harmless_slice
from tests.fakes_agent import Script
from tests.payloads import BOT_ID, BOT_USER, TEAM, names, payload
from tests.unit.core.conftest import World, world  # noqa: F401 - a fixture
from tests.unit.slack.fake_slack import PING
from tests.unit.slack.incoming import Incoming, incoming
from tests.waiting import until

OWN = Own(BOT_USER, BOT_ID)


@pytest.fixture
async def slack() -> AsyncIterator[Incoming]:
    async with incoming() as opened:
        yield opened


async def test_neighbouring_messages_arrive_at_different_workers_in_any_order(world: World) -> None:  # noqa: F811
    workers = [world.start_worker() for _ in range(3)]
    for one in workers:
        await world.enter.enter_async_context(one.inbox)
    gate = asyncio.Event()
    world.agent.scripts = [Script(gate=gate)]
    root = world.message("0")
    await workers[0].inbox.take(root)
    await world.agent.wait_for_runs(1)
    later = [world.message(str(number), root=root.ts) for number in range(1, 7)]
    for number, message in enumerate(reversed(later)):
        await workers[number % 3].inbox.take(message)
    gate.set()
    await until(lambda: len(world.chat.posted) == 2)
    assert [request.text for request in world.agent.requests] == ["0", "\n\n".join("123456")]


async def test_what_got_no_ack_comes_again_and_is_taken_once(slack: Incoming, world: World) -> None:  # noqa: F811
    slack.inbox.failure = StoreAway("connection refused")
    assert (await slack.send(payload("message_dm"))).status == 503
    slack.inbox.failure = None
    assert (await slack.send(payload("message_dm"), retry=1)).status == 200
    assert len(slack.inbox.taken) == 1
    worker = world.start_worker()
    await world.enter.enter_async_context(worker.inbox)
    message = world.message("hello")
    receipts = [await worker.inbox.take(message) for _ in range(3)]
    assert [receipt.taken for receipt in receipts] == [Taken.PROMPT, Taken.DUPLICATE, Taken.DUPLICATE]


def test_a_message_that_names_the_bot_comes_twice_and_is_one_prompt() -> None:
    assert arrival(payload("app_mention"), OWN) == arrival(payload("message_channel_mention"), OWN)


@pytest.mark.parametrize("name", ["message_own", "message_changed_stream", "message_changed_unfurl"])
def test_the_bots_own_messages_and_their_changes_start_nothing(name: str) -> None:
    assert isinstance(arrival(payload(name), OWN), Ignored | ReplyDeleted)


async def test_a_reaction_has_no_thread_so_it_is_asked_for(slack: Incoming) -> None:
    root = {"ts": "1760000060.000300", "thread_ts": "1760000002.000200", "text": "x", "user": "U1"}
    slack.web.answers["conversations.replies"] = {"messages": [root]}
    assert reaction(payload("reaction_added")) is not None
    await slack.send(payload("reaction_added"))
    (asked,) = slack.web.to("conversations.replies")
    assert asked["ts"] == payload("reaction_added")["event"]["item"]["ts"]
    ((_, _, thread, _),) = slack.forks.asked
    assert thread.root_ts == root["thread_ts"]


def test_a_slash_command_carries_no_thread_so_threads_have_shortcuts() -> None:
    found = typed(payload("slash_command"))
    assert found is not None
    assert found.place.thread_ts == ""
    assert {"branch", "show", "stop"} <= {row.id.value.partition("_")[0] for row in SHORTCUTS}


async def test_an_event_without_a_listener_gets_its_ack(slack: Incoming) -> None:
    body = payload("message_dm")
    body["event"] = {"type": "an_event_of_next_year", "event_ts": "1.2"}
    assert (await slack.send(body)).status == 200


_said = st.lists(st.sampled_from(["<", "!here>", "!channel>", "@U123>", "#C1>", "!subteam^S1>", " ", "\n", "`", "x"]))


@given(_said)
def test_nothing_that_is_written_takes_effect_not_even_in_two_pieces(pieces: list[str]) -> None:
    text, shown, said = "", 0, ""
    for piece in pieces:
        text += piece
        end = max(decided_end(text, shown), shown)
        said, shown = said + harmless_slice(text, shown, end), end
    said += harmless_slice(text, shown, len(text))
    assert not PING.search(said)
    assert not PING.search(harmless(text))


async def test_a_request_over_http_is_verified(slack: Incoming) -> None:
    body = json.dumps(payload("message_dm"))
    app = web.Application()
    app.add_routes(event_routes(slack.app))
    async with TestClient(TestServer(app)) as client:

        async def status(secret: str, at: float, sent: str = body) -> int:
            stamp = str(int(at))
            signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
            headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or ""}
            headers["Content-Type"] = "application/json"
            async with client.post(PATH, data=sent.encode(), headers=headers) as response:
                return response.status

        assert await status("secret", time.time()) == 200
        assert await status("guessed", time.time()) == 401
        assert await status("secret", time.time() - 301) == 401
        assert await status("secret", time.time(), body.replace("U0ANNANN1", "U0BENBEN1")) == 401
    assert len(slack.inbox.taken) == 1


def test_proxy_variables_do_not_reach_these_tests() -> None:
    assert not {name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")}
    assert not {"http", "https", "all"} & set(getproxies())


def test_every_subscribed_event_has_a_recorded_shape() -> None:
    shapes = [payload(name)["event"] for name in names() if "event" in payload(name)]
    recorded = {shape["type"] for shape in shapes}
    assert {row.type for row in EVENTS} <= recorded
    assert all(payload(name)["team_id"] == TEAM for name in names() if "event" in payload(name))
