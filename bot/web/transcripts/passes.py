"""Who may open the page: signed links that are good once and for a short while, then a seat for one browser.

Slack shows a link to one person only, and whoever opens it first takes the seat: a link that is passed on afterwards
opens nothing. Who the person is and what they may read is inside, signed; whether they still may is asked again with
every page. Seats and links are signed with keys that the workers share and that change every day.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken

from bot.model import Person, ThreadKey
from bot.ports import Clock

LINK_LIFE_S = 600
"""How long a link can be opened."""
SEAT_LIFE_S = 3_600
"""How long a browser may read on."""
DAY_S = 86_400
_LINK, _SEAT = "link", "seat"


class PassStore(Protocol):
    """What the workers share about passes. Raises StoreAway."""

    async def key(self, day: int, fresh: str) -> str:
        """The key of a day; `fresh` becomes it when there is none yet."""
        ...

    async def first(self, pass_id: str, life_s: int) -> bool:
        """Whether nobody has used this before; it is used from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Pass:
    """Who may read which session.

    Args:
        id: names the page in addresses, and says nothing.
        until: when the reading ends, in seconds since the epoch; 0 while nobody reads.
    """

    id: str
    person: Person
    thread: ThreadKey
    session_id: str
    until: int = 0


class PassRefused(Exception):
    """It was not made here, has ended, or was used."""


class Passes:
    """Makes passes and checks them."""

    def __init__(self, store: PassStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def link(self, person: Person, thread: ThreadKey, session_id: str) -> str:
        """What a link says that lets this person read a session, once. Raises StoreAway."""
        return await self._signed(_LINK, Pass(_new_id(), person, thread, session_id))

    async def seat(self, link: str) -> tuple[Pass, str]:
        """Take the seat of a link: the pass, and what the browser keeps to show it. Raises PassRefused, StoreAway."""
        found = await self._opened(_LINK, link, LINK_LIFE_S)
        if not await self._store.first(found.id, LINK_LIFE_S):
            raise PassRefused
        found = replace(found, until=int(self._clock.now()) + SEAT_LIFE_S)
        return found, await self._signed(_SEAT, found)

    async def moved(self, held: Pass, thread: ThreadKey, session_id: str) -> tuple[Pass, str]:
        """A seat before another session for who has one already. It ends when that one does. Raises StoreAway."""
        found = replace(held, id=_new_id(), thread=thread, session_id=session_id)
        return found, await self._signed(_SEAT, found)

    async def seated(self, seat: str) -> Pass:
        """Raises PassRefused, StoreAway."""
        found = await self._opened(_SEAT, seat, SEAT_LIFE_S)
        if found.until <= self._clock.now():
            raise PassRefused
        return found

    async def named(self, link: str) -> str:
        """The id of a link's pass, used or not. Raises PassRefused, StoreAway."""
        return (await self._opened(_LINK, link, LINK_LIFE_S)).id

    async def _signed(self, kind: str, given: Pass) -> str:
        now = int(self._clock.now())
        fields = [
            kind,
            given.id,
            given.person.team,
            given.person.user,
            str(given.thread),
            given.session_id,
            given.until,
        ]
        return (await self._key(now // DAY_S)).encrypt_at_time(json.dumps(fields).encode(), now).decode()

    async def _opened(self, kind: str, token: str, life_s: int) -> Pass:
        now = int(self._clock.now())
        for day in (now // DAY_S, now // DAY_S - 1):
            try:
                opened = (await self._key(day)).decrypt_at_time(token, ttl=life_s, current_time=now)
            except (InvalidToken, ValueError):
                continue
            said, id_, team, user, thread, session_id, until = json.loads(opened)
            if said == kind:
                return Pass(id_, Person(team, user), ThreadKey.parse(thread), session_id, until)
        raise PassRefused

    async def _key(self, day: int) -> Fernet:
        return Fernet(await self._store.key(day, urlsafe_b64encode(secrets.token_bytes(32)).decode()))


def _new_id() -> str:
    return secrets.token_urlsafe(12)
