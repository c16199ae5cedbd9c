"""The one door to Slack's Web API: every call ends as confirmed, refused, or away with its outcome known or unknown."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ChatAway, ChatRefused
from bot.model import CallResult
from bot.ports import Clock, Telemetry, Untold
from bot.slack.api.rates import Buckets, LocalBuckets, buckets_of

log = structlog.get_logger(__name__)

TIMEOUT_S = 15.0
"""How long one request may take; Slack usually answers in well under one second."""

UPLOAD_TIMEOUT_S = 60.0
"""How long sending a file may take."""

UPLOAD = "files.upload"
"""What sending a file's bytes is called in logs and errors; it is no method of the Web API."""

ATTEMPTS = 4
"""How often a call is sent before it is given up, where sending again is safe."""

FIRST_BACKOFF_S = 0.5
"""Before the second attempt; doubled for each further one, with a quarter of jitter either way."""

PATIENCE_S = 90.0
"""How long one call waits in all for 429s to pass."""

RETRY_AFTER_S = 5.0
"""For a 429 without a Retry-After."""

TRANSIENT_CODES = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
"""Error codes that mean trouble on Slack's side. `fatal_error` is documented as "some of it may have happened"."""

RATE_CODES = frozenset({"ratelimited", "rate_limited"})

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""The connection was never made, so the request never left."""


class SlackApi(Protocol):
    """What the rest of bot.slack calls: see `Web.call`."""

    async def call(
        self,
        method: str,
        *,
        safe_to_repeat: bool,
        urgent: bool = False,
        reserved: bool = False,
        before: Callable[[], Awaitable[None]] | None = None,
        **arguments: object,
    ) -> Mapping[str, object]: ...

    async def send_file(self, url: str, name: str, content: bytes) -> None: ...

    async def wait_s(self, method: str, channel: str = "") -> float: ...

    async def reserve(
        self, method: str, channel: str = "", *, urgent: bool = False, patience_s: float | None = None
    ) -> float: ...


def web_client(token: str, base_url: str, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """slack_sdk's client without its retry handlers: the default one may post twice after a lost connection."""
    return AsyncWebClient(token=token, base_url=base_url, session=session, timeout=int(TIMEOUT_S), retry_handlers=[])


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Why an attempt gave no answer."""

    what: str
    sent: bool
    retry_after_s: float | None = None
    """Set for a 429: when Slack wants to be asked again."""


class Web:
    """Slack's Web API for one workspace.

    Args:
        client: made by `web_client`; any retry handlers it has are taken off.
        team: the workspace, for counting rates.
        buckets: count the calls, of this worker or of all.
        jitter: gives a factor around 1 for each backoff.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        clock: Clock,
        *,
        team: str = "",
        buckets: Buckets | None = None,
        jitter: Callable[[], float] = lambda: random.uniform(0.75, 1.25),
        timeout_s: float = TIMEOUT_S,
        telemetry: Telemetry | None = None,
    ) -> None:
        client.retry_handlers = []
        self.client = client
        self._clock = clock
        self._team = team
        self._buckets = buckets or LocalBuckets(clock)
        self._jitter = jitter
        self._timeout_s = timeout_s
        self._telemetry = telemetry or Untold()

    async def wait_s(self, method: str, channel: str = "") -> float:
        """How many seconds a call made now would wait for its turn under Slack's rates."""
        return await self._buckets.look(buckets_of(self._team, method, channel))

    async def reserve(
        self, method: str, channel: str = "", *, urgent: bool = False, patience_s: float | None = None
    ) -> float:
        """Take the turn of a call that is to be decided on only when its turn has come.

        Returns how many seconds to wait before that call, which is then made with `reserved`.

        Args:
            patience_s: when the wait is longer than this, the turn is not taken.
        """
        return await self._buckets.take(buckets_of(self._team, method, channel), urgent=urgent, patience_s=patience_s)

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
        """Call a method and return Slack's answer, once Slack has confirmed it.

        A 429 is waited out, since it says that nothing happened. Lost connections and errors on Slack's side are tried
        again where that can't do a thing twice.

        Args:
            method: for example `chat.postMessage`.
            safe_to_repeat: doing it twice is the same as doing it once.
            urgent: a person waits for it: it counts, but doesn't queue behind background calls.
            reserved: its turn was taken by `reserve`, and has come.
            before: awaited right before each attempt; what it raises ends the call.
            arguments: the method's own; those that are None are left out.

        Raises:
            ChatRefused: Slack answered with an error that trying again doesn't mend.
            ChatAway: no answer within bounds; `sent` says whether it may have taken effect.
        """
        patience_s = PATIENCE_S
        attempt = 0
        while True:
            if not reserved:
                await self._wait_for_turn(method, arguments, urgent=urgent)
            reserved = False
            if before is not None:
                await before()
            trouble = await self._measured(method, arguments, again=attempt > 0)
            if not isinstance(trouble, _Trouble):
                return trouble
            attempt += 1
            log.info("slack_call_failed", method=method, what=trouble.what, attempt=attempt)
            if trouble.retry_after_s is not None:
                patience_s -= trouble.retry_after_s
                if patience_s < 0:
                    raise ChatAway(method, sent=False)
                await self._pause(method, arguments, trouble.retry_after_s)
            elif attempt >= ATTEMPTS or (trouble.sent and not safe_to_repeat):
                raise ChatAway(method, sent=trouble.sent)
            else:
                await self._clock.sleep(FIRST_BACKOFF_S * 2 ** (attempt - 1) * self._jitter())

    async def send_file(self, url: str, name: str, content: bytes) -> None:
        """Send a file's bytes to where files.getUploadURLExternal said. Sending them twice is as good as once.

        Raises:
            ChatRefused: Slack doesn't want them.
            ChatAway: no answer within bounds.
        """
        for attempt in range(ATTEMPTS):
            try:
                status = await _post_file(url, name, content)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                what = type(error).__name__
            else:
                if status == 200:
                    return
                if status != 429 and status < 500:
                    raise ChatRefused(UPLOAD, f"http_{status}")
                what = f"http_{status}"
            log.info("slack_call_failed", method=UPLOAD, what=what, attempt=attempt + 1)
            if attempt < ATTEMPTS - 1:
                await self._clock.sleep(FIRST_BACKOFF_S * 2**attempt * self._jitter())
        raise ChatAway(UPLOAD, sent=True)

    async def _wait_for_turn(self, method: str, arguments: Mapping[str, object], *, urgent: bool) -> None:
        wait = await self.reserve(method, str(arguments.get("channel", "")), urgent=urgent)
        if wait > 0:
            await self._clock.sleep(wait)

    async def _pause(self, method: str, arguments: Mapping[str, object], seconds: float) -> None:
        await self._buckets.pause(buckets_of(self._team, method, str(arguments.get("channel", "")))[-1], seconds)

    async def _measured(
        self, method: str, arguments: Mapping[str, object], *, again: bool
    ) -> Mapping[str, object] | _Trouble:
        """One attempt, and how it went for the operators."""
        began, result = time.monotonic(), CallResult.REFUSED
        try:
            answer = await self._attempt(method, arguments)
            result = _result_of(answer)
            return answer
        finally:
            self._telemetry.slack_answered(method, result, time.monotonic() - began, again=again)

    async def _attempt(self, method: str, arguments: Mapping[str, object]) -> Mapping[str, object] | _Trouble:
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._send(method, given)
        except SlackApiError as error:
            return _answered(method, error)
        except _NEVER_SENT as error:
            return _Trouble(type(error).__name__, sent=False)
        except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
            # ValueError: an answer that was cut off in the middle of its JSON.
            return _Trouble(type(error).__name__, sent=True)

    async def _send(self, method: str, given: dict[str, object]) -> Mapping[str, object]:
        """slack_sdk's own method knows whether arguments go as JSON or as a form; others go as JSON."""
        known = getattr(self.client, method.replace(".", "_"), None)
        answer = await (known(**given) if known is not None else self.client.api_call(method, json=given))
        if not isinstance(answer.data, dict):
            raise SlackClientError("not an answer of the Web API")
        return answer.data


def _result_of(answer: Mapping[str, object] | _Trouble) -> CallResult:
    if not isinstance(answer, _Trouble):
        return CallResult.OK
    return CallResult.FAILED if answer.retry_after_s is None else CallResult.RATE_LIMITED


async def _post_file(url: str, name: str, content: bytes) -> int:
    """Returns the status of the answer."""
    form = aiohttp.FormData()
    form.add_field("filename", content, filename=name, content_type="application/octet-stream")
    timeout = aiohttp.ClientTimeout(total=UPLOAD_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, data=form) as response:
        return response.status


def _answered(method: str, error: SlackApiError) -> _Trouble:
    """What Slack's error answer means. Raises ChatRefused when it is final."""
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    body = getattr(response, "data", None)
    code = str(body.get("error", "")) if isinstance(body, dict) else ""
    if status == 429 or code in RATE_CODES:
        return _Trouble("ratelimited", sent=False, retry_after_s=_retry_after(getattr(response, "headers", {})))
    if status >= 500 or code in TRANSIENT_CODES or not code:
        return _Trouble(code or f"http_{status}", sent=True)
    raise ChatRefused(method, code) from error


def _retry_after(headers: Mapping[str, str]) -> float:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(float(value), 0.1)
    except ValueError:
        return RETRY_AFTER_S
