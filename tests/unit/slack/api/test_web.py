"""The one door to Slack's Web API, against a small HTTP server that answers as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import ChatAway, ChatRefused, LeaseLost
from bot.slack.api.limits import RATES
from bot.slack.api.rates import LocalBuckets, buckets_of
from bot.slack.api.web import ATTEMPTS, RETRY_AFTER_S, Web, web_client

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class MovedClock:
    """Sleeping moves it."""

    time: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Door:
    web: Web
    clock: MovedClock
    answers: list[Handler] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bodies: list[object] = field(default_factory=list)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async def answer(request: web.Request) -> web.StreamResponse:
        made.asked.append(request.path)
        made.bodies.append(await request.json() if request.content_type == "application/json" else await request.post())
        handler = made.answers.pop(0) if made.answers else ok
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    server = TestServer(app)
    await server.start_server()
    clock = MovedClock()
    async with aiohttp.ClientSession() as session:
        client = web_client("xoxb-test", str(server.make_url("/api/")), session)
        made = Door(Web(client, clock, team="T1", jitter=lambda: 1.0, timeout_s=0.5), clock)
        yield made
    await server.close()


async def ok(request: web.Request) -> web.StreamResponse:
    return web.json_response({"ok": True, "ts": "1.2"})


def refused(code: str, status: int = 200) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": False, "error": code}, status=status)

    return answer


def limited(**headers: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    return answer


async def broken(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="upstream died")


async def lost(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def post(door: Door, *, safe: bool = False) -> object:
    return await door.web.call("chat.postMessage", safe_to_repeat=safe, channel="C1", text="hello", blocks=None)


async def test_a_confirmed_call_returns_slacks_answer(door: Door) -> None:
    assert await post(door) == {"ok": True, "ts": "1.2"}
    assert door.bodies == [{"channel": "C1", "text": "hello"}]


async def test_a_method_slack_sdk_does_not_know_goes_out_as_json(door: Door) -> None:
    await door.web.call("some.newMethod", safe_to_repeat=True, status="active")
    assert door.asked == ["/api/some.newMethod"]
    assert door.bodies == [{"status": "active"}]


async def test_a_refusal_says_which_method_and_code(door: Door) -> None:
    door.answers = [refused("channel_not_found")]
    with pytest.raises(ChatRefused) as caught:
        await post(door)
    assert (caught.value.method, caught.value.code) == ("chat.postMessage", "channel_not_found")
    assert len(door.asked) == 1


async def test_a_429_is_waited_out_even_for_a_post(door: Door) -> None:
    door.answers = [limited(**{"Retry-After": "7"})]
    await post(door)
    assert len(door.asked) == 2
    assert sum(door.clock.slept) == pytest.approx(7.0)


async def test_a_429_without_retry_after_waits_a_little(door: Door) -> None:
    door.answers = [limited()]
    await post(door)
    assert sum(door.clock.slept) == pytest.approx(RETRY_AFTER_S)


async def test_a_429_holds_back_every_call_of_that_method(door: Door) -> None:
    door.answers = [limited(**{"Retry-After": "7"})]
    await post(door)
    assert await door.web.wait_s("chat.update") == 0.0


async def test_429s_without_end_are_given_up_as_not_sent(door: Door) -> None:
    door.answers = [limited(**{"Retry-After": "60"})] * 9
    with pytest.raises(ChatAway) as caught:
        await post(door)
    assert not caught.value.sent
    assert len(door.asked) == 2


@pytest.mark.parametrize("failure", [broken, lost, refused("internal_error"), refused("fatal_error", 503)])
async def test_a_post_of_unknown_outcome_is_not_sent_again(door: Door, failure: Handler) -> None:
    door.answers = [failure]
    with pytest.raises(ChatAway) as caught:
        await post(door)
    assert caught.value.sent
    assert len(door.asked) == 1


@pytest.mark.parametrize("failure", [broken, lost, refused("internal_error")])
async def test_what_is_safe_to_repeat_is_tried_again_within_bounds(door: Door, failure: Handler) -> None:
    door.answers = [failure] * (ATTEMPTS - 1)
    assert await post(door, safe=True) == {"ok": True, "ts": "1.2"}
    door.answers = [failure] * (ATTEMPTS + 1)
    with pytest.raises(ChatAway) as caught:
        await post(door, safe=True)
    assert caught.value.sent
    assert len(door.asked) == 2 * ATTEMPTS


async def test_a_connection_that_was_never_made_is_tried_again_even_for_a_post() -> None:
    clock = MovedClock()
    async with aiohttp.ClientSession() as session:
        nowhere = Web(web_client("xoxb-test", "http://127.0.0.1:1/api/", session), clock, jitter=lambda: 1.0)
        with pytest.raises(ChatAway) as caught:
            await nowhere.call("chat.postMessage", safe_to_repeat=False, channel="C1", text="x")
    assert not caught.value.sent
    assert len(clock.slept) == ATTEMPTS - 1


async def test_slack_sdks_own_retries_are_taken_off(door: Door) -> None:
    assert door.web.client.retry_handlers == []


@pytest.mark.parametrize("method", sorted(RATES))
async def test_no_window_sees_more_calls_than_slack_allows(method: str) -> None:
    clock, sent, rate = MovedClock(), list[float](), RATES[method]
    counts = LocalBuckets(clock)
    for _ in range(3 * rate.calls):
        await clock.sleep(await counts.take(buckets_of("T1", method, "C1")))
        sent.append(clock.now())
    windows = zip(sent, sent[rate.calls :], strict=False)
    assert all(later - earlier >= rate.within_s - 0.001 for earlier, later in windows)
    assert sent[-1] - sent[0] < 3 * rate.within_s * 2, "more than half of the rate is used"


async def test_posts_are_counted_for_each_channel_and_other_methods_for_the_workspace() -> None:
    counts = LocalBuckets(MovedClock())
    for _ in range(10):
        await counts.take(buckets_of("T1", "chat.postMessage", "C1"))
        await counts.take(buckets_of("T1", "chat.startStream", "C1"))
    assert await counts.look(buckets_of("T1", "chat.postMessage", "C2")) < 1.0, "the workspace's own rate"
    assert await counts.look(buckets_of("T1", "chat.startStream", "C2")) > 1.0
    assert await counts.look(buckets_of("T2", "chat.startStream", "C1")) == 0.0


async def test_what_waits_for_its_workspace_does_not_bunch_together_in_its_channel() -> None:
    clock, went = MovedClock(), dict[str, list[float]]()
    counts = LocalBuckets(clock)
    for number in range(200):
        channel = f"C{number % 9 if number < 150 else 0}"
        wait = await counts.take(buckets_of("T1", "chat.postMessage", channel))
        went.setdefault(channel, []).append(clock.now() + wait)
    for sent in went.values():
        assert all(later - earlier >= 10.0 for earlier, later in zip(sent, sent[10:], strict=False))


async def test_an_urgent_call_does_not_queue(door: Door) -> None:
    for _ in range(40):
        await door.web.call("views.open", safe_to_repeat=False, urgent=True, trigger_id="1", view={})
    assert door.clock.slept == []


# --- files ------------------------------------------------------------------------------------------------------------


async def send(door: Door) -> None:
    await door.web.send_file(str(door.web.client.base_url) + "upload", "report.csv", b"a,b")


async def test_a_files_bytes_are_sent_with_their_name(door: Door) -> None:
    received: list[tuple[str, bytes]] = []

    async def receive(request: web.Request) -> web.StreamResponse:
        field = (await request.post())["filename"]
        assert isinstance(field, web.FileField)
        received.append((field.filename, field.file.read()))
        return web.Response()

    door.answers = [receive]
    await send(door)
    assert received == [("report.csv", b"a,b")]


@pytest.mark.parametrize("trouble", [broken, lost, limited()])
async def test_a_file_that_did_not_get_through_is_sent_again(door: Door, trouble: Handler) -> None:
    door.answers = [trouble, trouble]
    await send(door)
    assert len(door.asked) == 3
    assert door.clock.slept == [0.5, 1.0]


async def test_a_file_that_never_gets_through_is_away(door: Door) -> None:
    door.answers = [broken] * ATTEMPTS
    with pytest.raises(ChatAway):
        await send(door)
    assert len(door.asked) == ATTEMPTS


async def test_a_file_that_is_not_wanted_is_refused_at_once(door: Door) -> None:
    door.answers = [refused("x", status=403)]
    with pytest.raises(ChatRefused, match="http_403"):
        await send(door)
    assert len(door.asked) == 1


async def test_what_must_hold_is_made_sure_of_before_each_attempt(door: Door) -> None:
    door.answers += [broken, ok]
    sure: list[int] = []

    async def make_sure() -> None:
        if sure:
            raise LeaseLost
        sure.append(len(door.asked))

    with pytest.raises(LeaseLost):
        await door.web.call("chat.update", safe_to_repeat=True, before=make_sure, channel="C1", ts="1.2", text="late")
    assert sure == [0]
    assert len(door.asked) == 1
