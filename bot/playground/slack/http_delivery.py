"""The Events API over HTTP: signed posts to the app's request URL."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from bot.playground.slack.clock import Clock
from bot.playground.slack.delivery import ACK_TIMEOUT_S, Attempt, Outcome, within
from bot.playground.slack.interactions import VERIFICATION_TOKEN, Answer
from bot.playground.slack.values import Json


class HttpWay:
    """Posts to `url` what Socket Mode would send, signed as Slack signs (v0)."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock, url: str, signing_secret: str) -> None:
        self._session = session
        self._clock = clock
        self.url = url
        self._signing_secret = signing_secret

    async def send(self, kind: str, payload: Json, attempt: Attempt) -> Outcome:
        """Post once; anything but a 2xx within three seconds is a failure."""
        content_type, body = _body(kind, payload)
        headers = self._signed(body) | {"Content-Type": content_type}
        if attempt.number:
            headers |= {"X-Slack-Retry-Num": str(attempt.number), "X-Slack-Retry-Reason": attempt.reason}
        try:
            outcome = await within(self._clock, ACK_TIMEOUT_S, self._post(body, headers))
        except aiohttp.ClientError:
            return Outcome(Answer(acknowledged=False), "connection_failed")
        return outcome or Outcome(Answer(acknowledged=False), "http_timeout")

    async def verify(self, challenge: str) -> bool:
        """Slack's handshake when a request URL is entered: whether the app gives the challenge back."""
        payload = {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        outcome = await self.send("events_api", payload, Attempt())
        return challenge in (outcome.answer.payload.get("challenge"), outcome.answer.payload.get("text"))

    async def _post(self, body: bytes, headers: dict[str, str]) -> Outcome:
        async with self._session.post(self.url, data=body, headers=headers) as response:
            text = await response.text()
            if response.status >= 300:
                final = response.headers.get("X-Slack-No-Retry") == "1"
                return Outcome(Answer(acknowledged=False), "http_error", final=final)
            return Outcome(Answer(acknowledged=True, payload=_payload(text)))

    def _signed(self, body: bytes) -> dict[str, str]:
        # Real time even under a test's clock: whoever verifies the signature compares with real time.
        timestamp = str(int(time.time()))
        base = f"v0:{timestamp}:".encode() + body
        signature = hmac.new(self._signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={signature}"}


def _body(kind: str, payload: Json) -> tuple[str, bytes]:
    if kind == "events_api":
        return "application/json", json.dumps(payload).encode()
    form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return "application/x-www-form-urlencoded", urlencode(form).encode()


def _payload(text: str) -> Json:
    """What came with the acknowledgement: JSON, or plain text for a command."""
    try:
        parsed = json.loads(text) if text else {}
    except ValueError:
        return {"text": text}
    return parsed if isinstance(parsed, dict) else {}
