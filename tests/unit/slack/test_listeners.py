"""The Bolt app: what it verifies and registers."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from bot.errors import StoreAway
from bot.slack.action_ids import ActionId, ShortcutId, ViewId
from bot.slack.events import EVENTS
from bot.slack.http import PATH, event_routes
from bot.slack.interactions import ACTIONS, ANSWERING, DECIDING, SHORTCUTS, VIEWS
from bot.web.server import serving
from tests.payloads import payload
from tests.unit.slack.incoming import Incoming, incoming


@pytest.fixture
async def slack() -> AsyncIterator[Incoming]:
    async with incoming() as opened:
        yield opened


def listening(slack: Incoming) -> AbstractAsyncContextManager[int]:
    return serving(event_routes(slack.app), host="127.0.0.1", port=0)


async def post(
    slack: Incoming, port: int, body: str, *, secret: str = "secret", at: float | None = None, kind: str = "json"
) -> tuple[int, str]:
    """Send a request as Slack does: signed over its raw body."""
    timestamp = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature or "",
        "Content-Type": f"application/{kind}",
    }
    url = f"http://127.0.0.1:{port}{PATH}"
    async with slack.session.post(url, data=body.encode(), headers=headers) as response:
        return response.status, await response.text()


async def test_a_signed_event_over_http_is_taken(slack: Incoming) -> None:
    async with listening(slack) as port:
        assert (await post(slack, port, json.dumps(payload("message_dm"))))[0] == 200
    assert len(slack.inbox.taken) == 1


async def test_a_wrong_or_old_signature_is_refused(slack: Incoming) -> None:
    body = json.dumps(payload("message_dm"))
    async with listening(slack) as port:
        assert (await post(slack, port, body, secret="guessed"))[0] == 401
        assert (await post(slack, port, body, at=time.time() - 3600))[0] == 401
    assert slack.inbox.taken == []


async def test_what_cannot_be_stored_is_answered_so_that_slack_sends_it_again(slack: Incoming) -> None:
    slack.inbox.failure = StoreAway("connection refused")
    async with listening(slack) as port:
        assert (await post(slack, port, json.dumps(payload("message_dm"))))[0] == 503


async def test_the_address_is_verified_as_slack_asks(slack: Incoming) -> None:
    body = payload("url_verification")
    async with listening(slack) as port:
        status, text = await post(slack, port, json.dumps(body))
    assert status == 200
    assert body["challenge"] in text


async def test_a_command_and_an_interaction_come_as_forms(slack: Incoming) -> None:
    form = "x-www-form-urlencoded"
    command = urlencode(payload("slash_command", text="help", response_url=slack.hooks.url))
    pressed = urlencode({"payload": json.dumps(payload("block_actions_feedback", response_url=slack.hooks.url))})
    async with listening(slack) as port:
        assert await post(slack, port, command, kind=form) == (200, "")
        assert await post(slack, port, pressed, kind=form) == (200, "")
    await slack.background.settle(5.0)
    assert len(slack.hooks.sent) == 2


async def test_a_body_that_is_no_json_is_refused(slack: Incoming) -> None:
    async with listening(slack) as port:
        assert (await post(slack, port, '{"type": '))[0] == 400


# --- the tables -------------------------------------------------------------------------------------


def test_every_button_shortcut_and_modal_has_its_listener() -> None:
    assert set(ACTIONS) | set(DECIDING) == set(ActionId) - {ActionId.ROW}
    assert {row.id for row in SHORTCUTS} == set(ShortcutId)
    assert set(VIEWS) | set(ANSWERING) == set(ViewId) - {ViewId.ANSWER, ViewId.HOME, ViewId.WHOLE}


def test_events_are_listed_once_each() -> None:
    subscriptions = [name for row in EVENTS for name in row.subscriptions]
    assert len(subscriptions) == len(set(subscriptions))
    assert {"app_mention", "message.im", "reaction_added", "agent_session_stopped"} <= set(subscriptions)


async def test_a_failing_listener_leaks_nothing_into_its_answer(slack: Incoming) -> None:
    slack.inbox.failure = RuntimeError("a bug")
    response = await slack.send(payload("message_dm"))
    assert (response.status, response.body) == (503, "")


async def test_what_people_write_is_not_logged(slack: Incoming, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), capture_logs() as logs:
        await slack.send(payload("message_dm", text="my secret wish"))
        slack.inbox.failure = StoreAway("connection refused")
        await slack.send(payload("message_dm", text="my secret wish"))
    assert "secret wish" not in caplog.text
    assert "secret wish" not in str(logs)
