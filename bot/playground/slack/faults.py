"""Telling the emulated Slack to fail: refusals, outages, lost connections, slowness, and Slack's own rate limits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.playground.slack.clock import Clock
from bot.playground.slack.values import Json

Cut = Literal["", "before", "after"]


@dataclass
class Fault:
    """How the next matching calls go wrong.

    Args:
        method: the Web API method, or `files.upload`, `files.download`, `response_url`; `*` for any.
        error: refused with this code.
        status: answered with this HTTP status and no JSON (429 with Slack's `ratelimited`).
        retry_after: seconds, sent along with a 429.
        cut: the connection is lost before or after the call took effect. (aiohttp's client, and with it slack_sdk's,
            tries a GET once more by itself: cut that twice.)
        delay_s: the answer takes this long, by the emulated Slack's clock; alone, nothing else goes wrong.
        late_s: the call takes effect, and its answer takes this long.
        times: how many calls it lasts for.
        when: which calls it is for, by their arguments.
    """

    method: str
    error: str = ""
    status: int = 0
    retry_after: int = 1
    cut: Cut = ""
    delay_s: float = 0.0
    late_s: float = 0.0
    times: int = 1
    when: Callable[[Json], bool] = lambda arguments: True  # noqa: ARG005 - the name is the predicate's interface

    @property
    def headers(self) -> dict[str, str]:
        """What goes along with its status."""
        return {"Retry-After": str(self.retry_after)} if self.status == 429 else {}


class Faults:
    """What is to go wrong, in the order it was asked for."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def take(self, method: str, arguments: Json) -> Fault | None:
        """The fault for this call, if there is one; it is used up by that."""
        for fault in self._pending:
            if fault.method in {method, "*"} and fault.when(arguments):
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
                return fault
        return None


def lose_connection(request: web.Request) -> web.Response:
    """Cut the connection of a request. What is returned gets nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@dataclass(frozen=True)
class Tier:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float = 60.0


TIER_2, TIER_3, TIER_4 = Tier(20), Tier(50), Tier(100)
PER_CHANNEL = Tier(10, 10.0)
"""chat.postMessage: one a second and channel, short bursts allowed."""

TIERS = {
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.postEphemeral": TIER_4,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "reactions.remove": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "views.open": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
    "views.publish": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "files.info": TIER_4,
    "assistant.threads.setStatus": Tier(600),  # a special tier, as high as that of auth.test
    "auth.test": Tier(600),
    "api.test": Tier(600),
    "chat.getPermalink": Tier(600),
    "apps.connections.open": Tier(600),
}
"""Calls per workspace and app, as Slack's method pages have them; what is not here is of tier 3."""


class RateLimits:
    """Slack's limits, kept when `enforced`."""

    def __init__(self, clock: Clock, *, enforced: bool) -> None:
        self.enforced = enforced
        self._clock = clock
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def retry_after(self, method: str, channel: str) -> int:
        """Seconds to wait before this call may be made; 0 when it may now, and is counted."""
        if not self.enforced:
            return 0
        per_channel = method == "chat.postMessage"
        tier = PER_CHANNEL if per_channel else TIERS.get(method, TIER_3)
        recent = self._calls.setdefault((method, channel if per_channel else ""), deque())
        now = self._clock.now()
        while recent and now - recent[0] >= tier.seconds:
            recent.popleft()
        if len(recent) >= tier.calls:
            return max(1, math.ceil(recent[0] + tier.seconds - now))
        recent.append(now)
        return 0
