"""The page's routes. Every answer is about the pass that the request brings, and asks again what its person may see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources
from typing import Protocol
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from bot.copies import as_lines, as_markdown, file_name
from bot.errors import BotError, Refusal
from bot.model import Person, Thread, ThreadKey
from bot.viewing import View
from bot.web.transcripts.page import page, refusal
from bot.web.transcripts.passes import SEAT_LIFE_S, Pass, Passes, PassRefused

log = structlog.get_logger(__name__)

Listener = Callable[[web.Request], Awaitable[web.Response]]

PLACE = "/transcripts"
SEAT = "seat"
"""The cookie's name; each page has its own, by its path."""

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""Nothing on the page runs, loads anything from elsewhere, or is framed, whatever stands in a transcript."""

ENDED = (
    "This link has ended, or somebody opened it before. A link works once, for the person that Slack showed it to. "
    "Ask for a new one in Slack."
)
NOT_THERE = "This conversation is gone, or it is not yours to read. Ask in Slack which ones are."
AWAY = "I can't reach my memory, or Slack, at the moment. Please try again in a minute."


class Reading(Protocol):
    """See `bot.viewing.Viewing`."""

    async def view(self, person: Person, thread: ThreadKey, session_id: str) -> View: ...

    async def entries(self, person: Person, thread: ThreadKey, session_id: str) -> tuple[Thread, Sequence[str]]: ...

    async def beside(self, person: Person, thread: ThreadKey, session_id: str) -> ThreadKey: ...


class TranscriptPages:
    """Where the page is, and its routes.

    Args:
        public_url: how browsers reach this server; a path in it stands before all of the page's.
    """

    def __init__(self, reading: Reading, passes: Passes, public_url: str) -> None:
        self._reading = reading
        self._passes = passes
        self._base = public_url.rstrip("/")
        self._secure = urlsplit(public_url).scheme == "https"
        self._place = f"{urlsplit(self._base).path}{PLACE}"
        self._style = f"{self._place}/style.css"

    async def link(self, person: Person, thread: ThreadKey, session_id: str) -> str:
        """An address that lets this person read a session, once, for a short while. Raises StoreAway."""
        return f"{self._base}{PLACE}/open/{await self._passes.link(person, thread, session_id)}"

    def routes(self) -> list[web.RouteDef]:
        pages: dict[str, Listener] = {
            "/style.css": self._style_sheet,
            "/open/{link}": self._open,
            "/{id}": self._show,
            "/{id}/markdown": self._markdown,
            "/{id}/jsonl": self._jsonl,
            "/{id}/beside/{session}": self._beside,
        }
        return [
            web.get(f"{PLACE}{path}", self._guarded(listener), allow_head=False) for path, listener in pages.items()
        ]

    def _guarded(self, listener: Listener) -> Listener:
        async def guarded(request: web.Request) -> web.Response:
            try:
                return await listener(request)
            except PassRefused:
                return self._refused(403, ENDED)
            except Refusal as refused:
                log.info("page_refused", reason=refused.reason.value)
                return self._refused(404, NOT_THERE)
            except BotError as error:
                log.warning("page_failed", error=str(error))
                return self._refused(503, AWAY)

        return guarded

    async def _open(self, request: web.Request) -> web.Response:
        """Take the seat, and lead to the page under an address that says nothing.

        Who has the seat already, and follows the link again, gets there as well.
        """
        link = request.match_info["link"]
        try:
            given, seat = await self._passes.seat(link)
        except PassRefused:
            place = f"{self._place}/{await self._passes.named(link)}"
            return web.Response(status=303, headers=SECURITY | {"Location": place})
        return self._to_seat(given, seat)

    def _to_seat(self, given: Pass, seat: str) -> web.Response:
        place = f"{self._place}/{given.id}"
        answer = web.Response(status=303, headers=SECURITY | {"Location": place})
        answer.set_cookie(
            SEAT, seat, path=place, max_age=SEAT_LIFE_S, httponly=True, secure=self._secure, samesite="Lax"
        )
        log.info("page_opened", user=given.person.user, thread=str(given.thread), session=given.session_id)
        return answer

    async def _show(self, request: web.Request) -> web.Response:
        given = await self._seated(request)
        view = await self._reading.view(given.person, given.thread, given.session_id)
        html = await asyncio.to_thread(page, view, f"{self._place}/{given.id}", style=self._style)
        return web.Response(text=html, content_type="text/html", headers=SECURITY)

    async def _beside(self, request: web.Request) -> web.Response:
        """Another branch of the tree."""
        given = await self._seated(request)
        session_id = request.match_info["session"]
        thread = await self._reading.beside(given.person, given.thread, session_id)
        return self._to_seat(*await self._passes.moved(given, thread, session_id))

    async def _markdown(self, request: web.Request) -> web.Response:
        given = await self._seated(request)
        view = await self._reading.view(given.person, given.thread, given.session_id)
        text = await asyncio.to_thread(as_markdown, view.thread.title, view.session_id, view.passages)
        return _file(text, "text/markdown", file_name(view.thread.title, view.session_id, "md"))

    async def _jsonl(self, request: web.Request) -> web.Response:
        given = await self._seated(request)
        thread, entries = await self._reading.entries(given.person, given.thread, given.session_id)
        return _file(as_lines(entries), "application/jsonl", file_name(thread.title, given.session_id, "jsonl"))

    async def _seated(self, request: web.Request) -> Pass:
        given = await self._passes.seated(request.cookies.get(SEAT, ""))
        if given.id != request.match_info["id"]:
            raise PassRefused
        return given

    async def _style_sheet(self, _request: web.Request) -> web.Response:
        text = (resources.files(__package__ or "") / "static" / "style.css").read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/css", headers=SECURITY | {"Cache-Control": "max-age=3600"})

    def _refused(self, status: int, said: str) -> web.Response:
        html = refusal(said, style=self._style)
        return web.Response(status=status, text=html, content_type="text/html", headers=SECURITY)


def _file(text: str, content_type: str, name: str) -> web.Response:
    headers = SECURITY | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    body = text.encode("utf-8", "surrogatepass" if content_type.endswith("jsonl") else "replace")
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
