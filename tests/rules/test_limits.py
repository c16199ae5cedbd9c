"""Slack's other limits: docs/slack-rules.md lists them."""

from __future__ import annotations

import pytest
from fakeredis import FakeAsyncRedis, FakeServer

from bot.clock import SystemClock
from bot.model import ToolFinished, ToolStarted
from bot.slack.api import limits
from bot.slack.api.limits import RATES, TIER_2, TIER_3, TIER_4
from bot.slack.api.rates import LocalBuckets, SharedBuckets, buckets_of
from bot.slack.api.web import web_client
from bot.slack.reply.mode import StreamingMode
from bot.store.store import Store
from tests.payloads import payload
from tests.unit.slack.fake_slack import HandClock
from tests.unit.slack.incoming import incoming
from tests.unit.slack.reply.replying import a_reply


async def calls_in(method: str, seconds: float, channel: str = "C1") -> int:
    """How many calls go out within so many seconds when as many as possible are wanted from its start on."""
    counts = LocalBuckets(HandClock())
    waits = [await counts.take(buckets_of("T1", method, channel)) for _ in range(200)]
    return sum(wait < seconds for wait in waits)


async def test_posts_are_about_one_a_second_and_channel() -> None:
    assert await calls_in("chat.postMessage", 10.0) <= 10
    counts = LocalBuckets(HandClock())
    for _ in range(12):
        await counts.take(buckets_of("T1", "chat.postMessage", "C1"))
    assert await counts.look(buckets_of("T1", "chat.postMessage", "C1")) > 5.0
    assert await counts.look(buckets_of("T1", "chat.postMessage", "C2")) < 1.0, "the workspace's own rate"


@pytest.mark.parametrize(
    ("method", "tier", "a_minute"),
    [
        ("chat.startStream", TIER_2, 20),
        ("chat.stopStream", TIER_2, 20),
        ("chat.appendStream", TIER_4, 100),
        ("chat.update", TIER_3, 50),
        ("conversations.replies", TIER_3, 50),
        ("conversations.history", TIER_3, 50),
        ("views.open", TIER_4, 100),
        ("views.publish", TIER_4, 100),
        ("users.info", TIER_4, 100),
    ],
)
async def test_methods_keep_to_their_tier(method: str, tier: limits.Rate, a_minute: int) -> None:
    assert RATES[method] == tier
    assert tier.calls == a_minute
    assert a_minute * 0.6 < await calls_in(method, 60.0) <= a_minute


async def test_a_429_is_honoured_for_its_method_everywhere() -> None:
    server = FakeServer(server_type="redis", version=(7, 0))
    stores = [Store(FakeAsyncRedis(server=server, protocol=2), worker, ttl_s=60) for worker in ("w1", "w2")]
    one, other = (SharedBuckets(store.rates, SystemClock()) for store in stores)
    updates = buckets_of("T1", "chat.update", "C9")
    await one.pause(updates[-1], 30.0)
    assert await other.take(updates) == pytest.approx(30.0, abs=1.0)
    assert await other.take(updates, urgent=True) == pytest.approx(30.0, abs=1.0)
    assert await other.take(buckets_of("T1", "chat.delete", "C9")) == 0.0


def test_no_retry_handler_posts_a_second_time() -> None:
    assert web_client("xoxb-x", "https://slack.com/api/").retry_handlers == []


def test_blocks_keep_to_slacks_numbers() -> None:
    assert (limits.SECTION_CHARS, limits.MESSAGE_BLOCKS, limits.MARKDOWN_TEXT_CHARS) == (3_000, 50, 12_000)
    assert (limits.BUTTON_TEXT_CHARS, limits.BUTTON_VALUE_CHARS, limits.ACTIONS_ELEMENTS) == (75, 2_000, 25)
    assert (limits.MODAL_BLOCKS, limits.MODAL_TITLE_CHARS, limits.PRIVATE_METADATA_CHARS) == (100, 24, 3_000)
    assert (limits.BLOCK_TEXT_CHARS, limits.TEXT_CHARS) == (13_200, 40_000)


async def test_a_message_of_text_and_cards_keeps_to_those_numbers() -> None:
    """The fake refuses what Slack would; here is as much of both as one turn may bring."""
    async with a_reply(mode=StreamingMode.UPDATE) as scene:
        for number in range(120):
            await scene.say(f"Paragraph {number}. " + "Words of some length. " * 20 + "\n\n")
            await scene.feed(ToolStarted(f"t{number}", "Read", "Reading " + "x" * 200))
            await scene.feed(ToolFinished(f"t{number}", ok=True, summary="y" * 300))
        await scene.close()
        for message in scene.slack.messages:
            texts = [str(block.get("text", "")) for block in message.blocks]
            texts += message.lines
            for task in message.plan.get("tasks", ()):
                texts += [task["title"], task["output"]["elements"][0]["elements"][0]["text"]]
            assert len(message.blocks) <= limits.MESSAGE_BLOCKS
            assert sum(map(len, texts)) <= limits.BLOCK_TEXT_CHARS
        shown = [len(message.lines) + len(message.plan.get("tasks", ())) for message in scene.slack.messages]
        assert sum(shown) == 120


async def test_a_response_url_is_used_at_most_five_times() -> None:
    async with incoming() as slack:
        for text in ("help", "list", "nonsense", "reset", "show"):
            before = len(slack.hooks.sent)
            await slack.send(payload("slash_command", text=text, response_url=slack.hooks.url))
            assert len(slack.hooks.sent) - before <= limits.RESPONSE_URL_USES
        slack.hooks.status = 404
        await slack.send(payload("slash_command", text="help", response_url=slack.hooks.url))
        assert slack.web.to("chat.postEphemeral"), "once it is used up, the answer comes another way"
