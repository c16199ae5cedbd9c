"""The emulated Slack's HTTP side: the Web API, sockets, uploads, private files and response URLs."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.playground.slack.arguments import Arguments, read
from bot.playground.slack.changes import Cause
from bot.playground.slack.chat import Content, content
from bot.playground.slack.clock import Clock
from bot.playground.slack.faults import Faults, lose_connection
from bot.playground.slack.installation import Installation
from bot.playground.slack.socket_mode import SocketMode
from bot.playground.slack.tickets import ResponseTarget
from bot.playground.slack.values import Ephemeral, File, Message, Refused
from bot.playground.slack.web_api import WebApi

LARGEST_BODY = 64 * 1024 * 1024


class Pages:
    """What is neither the Web API nor a socket."""

    def __init__(self, installation: Installation) -> None:
        self._slack = installation

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of a file whose upload was announced."""
        upload = self._slack.uploads.get(request.match_info["file_id"])
        if upload is None:
            return web.Response(status=404, text="unknown upload")
        if request.content_type == "multipart/form-data":
            form = await request.post()
            part = next((value for value in form.values() if isinstance(value, web.FileField)), None)
            received = part.file.read() if part is not None else b""
        else:
            received = await request.read()
        if len(received) != upload.length:
            return web.Response(status=400, text=f"expected {upload.length} bytes, got {len(received)}")
        upload.content = received
        return web.Response(text=f"OK - {len(received)}")

    async def file(self, request: web.Request) -> web.Response:
        """A private file. Without the right token Slack shows its sign-in page, with status 200."""
        authorised = request.headers.get("Authorization") == f"Bearer {self._slack.bot_token}"
        if not authorised or self._slack.removed or "files:read" not in self._slack.scopes:
            return web.Response(
                text="<!DOCTYPE html><html><body>Sign in to Slack</body></html>", content_type="text/html"
            )
        found = self._find(request.match_info["path"])
        if found is None:
            return web.Response(status=404, text="not found")
        return web.Response(body=found.content, headers={"Content-Type": found.mimetype})

    def _find(self, path: str) -> File | None:
        _, _, file_id = path.partition("-")
        return self._slack.workspace.files.get(file_id)

    async def respond(self, request: web.Request) -> web.Response:
        """A post to a response URL."""
        try:
            target = self._slack.response_urls.use(request.match_info["token"])
            self._answer(target, await read(request))
        except Refused as refused:
            status = 404 if refused.code in {"used_url", "expired_url"} else 400
            return web.json_response({"ok": False, "error": refused.code}, status=status)
        return web.Response(text="ok")

    def _answer(self, target: ResponseTarget, args: Arguments) -> None:
        if args.flag("delete_original"):
            self._delete(target)
            return
        said = content(self._slack, args)
        if args.flag("replace_original") and target.ts:
            self._replace(target, said)
        elif args.text("response_type", "ephemeral") == "in_channel":
            app = self._slack.workspace.app
            thread_ts = args.text("thread_ts", "")
            draft = Message(target.channel, "", app.user_id, said.text, app.bot_id, thread_ts=thread_ts)
            draft.blocks, draft.attachments = said.blocks or [], said.attachments or []
            self._slack.workspace.post(draft)
        else:
            thread_ts = args.text("thread_ts", "") or target.thread_ts
            draft_for_one = Ephemeral(target.channel, "", target.user, said.text, thread_ts)
            draft_for_one.blocks, draft_for_one.attachments = said.blocks or [], said.attachments or []
            self._slack.workspace.post_ephemeral(draft_for_one)

    def _replace(self, target: ResponseTarget, said: Content) -> None:
        workspace = self._slack.workspace
        blocks, attachments = said.blocks or [], said.attachments or []
        if target.ts in workspace.ephemerals:
            workspace.change_ephemeral(workspace.ephemerals[target.ts], said.text, blocks, attachments)
            return
        original = self._own(target)
        workspace.change(
            original, Cause.EDIT, text=said.text, blocks=blocks, attachments=attachments, by=workspace.app.user_id
        )

    def _delete(self, target: ResponseTarget) -> None:
        workspace = self._slack.workspace
        if target.ts in workspace.ephemerals:
            workspace.delete_ephemeral(workspace.ephemerals[target.ts])
        else:
            workspace.delete(self._own(target))

    def _own(self, target: ResponseTarget) -> Message:
        message = self._slack.workspace.message(target.channel, target.ts)
        if message.bot_id != self._slack.workspace.app.bot_id:
            raise Refused("cant_update_message")
        return message


def application(installation: Installation, api: WebApi, sockets: SocketMode, faults: Faults) -> web.Application:
    """The whole HTTP side, ready to be served.

    Args:
        faults: what is to go wrong outside the Web API, under the names `files.upload`, `files.download` and
            `response_url`.
    """
    pages = Pages(installation)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_breaking(faults, installation.workspace.clock)])
    app.router.add_route("*", "/api/{method}", api.handle)
    app.router.add_get("/link/", sockets.handle)
    app.router.add_post("/upload/v1/{file_id}", pages.upload, name="files.upload")
    app.router.add_get("/files-pri/{path}/{name:.+}", pages.file, name="files.download")
    app.router.add_post("/response/{token}", pages.respond, name="response_url")
    return app


def _breaking(faults: Faults, clock: Clock) -> Middleware:
    """Lets the faults happen that were asked for by a route's name."""

    @web.middleware
    async def breaking(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.match_info.route.name
        fault = faults.take(name, dict(request.match_info)) if name else None
        if fault is None:
            return await handler(request)
        if fault.delay_s:
            await clock.sleep(fault.delay_s)
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers)
        if fault.cut != "before":
            answer = await handler(request)
            if not fault.cut:
                return answer
        return lose_connection(request)

    return breaking
