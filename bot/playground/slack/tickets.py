"""What Slack hands out with an interaction, for the app to use a little later: trigger ids and response URLs."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, TypeVar

from bot.playground.slack.clock import Clock
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import Refused

TRIGGER_LIFETIME_S = 3.0
RESPONSE_URL_LIFETIME_S = 30 * 60.0
RESPONSE_URL_USES = 5

T = TypeVar("T", bound="_Dated")


class _Dated(Protocol):
    issued_at: float


def _forget(issued: MutableMapping[str, T], before: float) -> None:
    """Drop what was issued before a time; they lie in the order in which they were issued."""
    for key in list(takewhile(lambda key: issued[key].issued_at < before, issued)):
        del issued[key]


@dataclass
class _Trigger:
    user: str
    issued_at: float
    used: bool = False


class Triggers:
    """Trigger ids: each opens one modal for one person, within three seconds."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._issued: dict[str, _Trigger] = {}

    def issue(self, user: str) -> str:
        _forget(self._issued, self._clock.now() - RESPONSE_URL_LIFETIME_S)
        trigger_id = f"{int(self._clock.now() * 1000)}.{self._ids.secret(12)}.{self._ids.secret(32).lower()}"
        self._issued[trigger_id] = _Trigger(user, self._clock.now())
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """The person whose interaction it came from.

        Raises:
            Refused: invalid_trigger_id, exchanged_trigger_id, expired_trigger_id.
        """
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._clock.now() - trigger.issued_at > TRIGGER_LIFETIME_S:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user


@dataclass
class ResponseTarget:
    """Where a response URL leads: the person, the place, and the message it came from, if any."""

    user: str
    channel: str
    ts: str = ""
    thread_ts: str = ""
    issued_at: float = 0.0
    uses: int = 0


class ResponseUrls:
    """Response URLs: five uses within thirty minutes."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._issued: dict[str, ResponseTarget] = {}

    def issue(self, target: ResponseTarget) -> str:
        """The path of a new URL, to be put behind the site's address."""
        target.issued_at = self._clock.now()
        _forget(self._issued, target.issued_at - 2 * RESPONSE_URL_LIFETIME_S)
        token = self._ids.secret(24)
        self._issued[token] = target
        return f"/response/{token}"

    def use(self, token: str) -> ResponseTarget:
        """Raises Refused: used_url (unknown, or used up), expired_url."""
        target = self._issued.get(token)
        if target is None or target.uses >= RESPONSE_URL_USES:
            raise Refused("used_url")
        if self._clock.now() - target.issued_at > RESPONSE_URL_LIFETIME_S:
            raise Refused("expired_url")
        target.uses += 1
        return target
