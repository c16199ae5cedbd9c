"""The page's routes: the page itself, its WebSocket, messages with files, and the files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import BodyPartReader, web

from bot.playground.page.deeds import Deeds, Stage, trouble
from bot.playground.page.facts import PlaygroundFacts
from bot.playground.page.reading import Reading
from bot.playground.page.shown import Shown
from bot.playground.page.shown_messages import FILES_PATH, IMAGES
from bot.playground.page.tab import Tab
from bot.playground.slack.people import Upload
from bot.playground.slack.values import Refused

log = structlog.get_logger(__name__)

STATIC: Final = Path(__file__).parent / "static"
HEARTBEAT_S: Final = 20.0
UPLOAD_LIMIT_BYTES: Final = 32 * 1024 * 1024
"""All the files of one message together."""
UPLOADS_AT_ONCE: Final = 10

_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_FILE_SECURITY: Final = _SECURITY | {"Content-Security-Policy": "default-src 'none'; sandbox"}


def add_page(app: web.Application, slack: Stage, facts: PlaygroundFacts) -> None:
    """Serve the page at `/` of an application that has nothing there, before it starts.

    Args:
        app: the emulated Slack's server, or one of its own.
        slack: the emulated Slack that the page shows.
        facts: what the page says about this playground.
    """
    page = _Page(slack, facts)
    app.router.add_get("/", page.index)
    app.router.add_get("/archives/{channel}/{message}", page.index)
    app.router.add_static("/static/", STATIC)
    app.router.add_get("/ui", page.socket)
    app.router.add_post("/ui/messages", page.say_with_files)
    app.router.add_get(FILES_PATH + "{file}", page.file)
    app.on_response_prepare.append(_secure_static)
    app.on_shutdown.append(page.close)


@asynccontextmanager
async def serve_page(
    slack: Stage, facts: PlaygroundFacts, port: int = 0, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """Serve the page by itself until the context ends; gives its address. Port 0 takes any that is free."""
    app = web.Application()
    add_page(app, slack, facts)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class _Page:
    def __init__(self, slack: Stage, facts: PlaygroundFacts) -> None:
        self._slack = slack
        self._shown = Shown(slack.workspace, facts)
        self._reading = Reading(slack.workspace)
        self._deeds = Deeds(slack, self._shown, self._reading)
        self._sockets: set[web.WebSocketResponse] = set()

    async def index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html", headers=_SECURITY)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """`/ui?user=U…`: without a known user, the first person."""
        _require_same_origin(request)
        workspace = self._slack.workspace
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=1024 * 1024, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            tab = Tab(socket, self._person(request), workspace, self._shown, self._deeds, self._reading)
            await tab.serve()
        finally:
            self._sockets.discard(socket)
        return socket

    def _person(self, request: web.Request) -> str:
        people = [user.id for user in self._slack.workspace.users.values() if not user.is_bot]
        asked = request.query.get("user", "")
        return asked if asked in people else people[0]

    async def close(self, _app: web.Application) -> None:
        """Tell the tabs that the playground goes away, so that they begin to look for it again."""
        for socket in tuple(self._sockets):
            await socket.close(code=1001)

    # --- files --------------------------------------------------------------------------------------------------------

    async def say_with_files(self, request: web.Request) -> web.Response:
        """A message with files, as a multipart form: user, channel, thread_ts, text, file…"""
        _require_same_origin(request)
        try:
            words, uploads = await _read_form(request)
            people = self._slack.people
            text = people.typed(words.get("text", ""))
            ts = people.say(
                words.get("user", ""), words.get("channel", ""), text, words.get("thread_ts", ""), files=uploads
            )
        except Refused as refused:
            return web.json_response({"error": trouble(refused)}, status=400)
        return web.json_response({"result": {"ts": ts}})

    async def file(self, request: web.Request) -> web.Response:
        """A file's content: known kinds of images in place, everything else as a download."""
        file = self._slack.workspace.files.get(request.match_info["file"])
        if file is None:
            raise web.HTTPNotFound
        image = file.mimetype in IMAGES
        headers = _FILE_SECURITY | {
            "Content-Disposition": f"{'inline' if image else 'attachment'}; filename*=UTF-8''{quote(file.name)}"
        }
        content_type = file.mimetype if image else "application/octet-stream"
        return web.Response(body=file.content, content_type=content_type, headers=headers)


async def _read_form(request: web.Request) -> tuple[dict[str, str], list[Upload]]:
    """Raises Refused(file_too_large) beyond the limits."""
    words: dict[str, str] = {}
    uploads: list[Upload] = []
    left = UPLOAD_LIMIT_BYTES
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise web.HTTPBadRequest
        content = bytearray()
        while chunk := await part.read_chunk():
            left -= len(chunk)
            if left < 0 or len(uploads) >= UPLOADS_AT_ONCE:
                raise Refused("file_too_large")
            content += chunk
        if part.filename:
            name = Path(part.filename.replace("\\", "/")).name or "file"
            uploads.append(Upload(name, bytes(content), part.headers.get("Content-Type", "")))
        elif part.name:
            words[part.name] = content.decode(errors="replace")
    return words, uploads


def _require_same_origin(request: web.Request) -> None:
    """Other sites that are open in the same browser must not act here."""
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc != request.host:
        log.warning("playground_foreign_origin_refused")
        raise web.HTTPForbidden


async def _secure_static(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith("/static/"):
        response.headers.update(_SECURITY)
