"""Several emulated workspaces that install one app: one address of the Web API, and Slack's side of OAuth."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from bot.playground.slack.arguments import read
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import U_ANA
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import Json


class Market:
    """Where workspaces find the app. Made by `open`.

    Args:
        client_id, client_secret: the app's, as its settings show them.
        redirect_url: where the app wants a browser to come back to.
    """

    def __init__(
        self, workspaces: Sequence[EmulatedSlack], client_id: str, client_secret: str, redirect_url: str
    ) -> None:
        self.site = ""
        self.redirect_url = redirect_url
        self._workspaces = workspaces
        self._client_id, self._client_secret = client_id, client_secret
        self._codes: dict[str, EmulatedSlack] = {}
        self._ids = Ids(7)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *workspaces: EmulatedSlack,
        client_id: str = "1.2",
        client_secret: str = "emulated-client-secret",  # noqa: S107 - opens nothing but this emulator
        redirect_url: str = "",
    ) -> AsyncIterator[Market]:
        """Serve on the loopback until the context ends."""
        market = cls(workspaces, client_id, client_secret, redirect_url)
        app = web.Application()
        app.router.add_route("*", "/api/{method}", market._call)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            market.site = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield market
        finally:
            await runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"{self.site}/api/"

    def approve(self, authorize_url: str, workspace: EmulatedSlack) -> str:
        """An admin allows what Slack's page asks. Returns where the browser is sent then."""
        asked = parse_qs(urlsplit(authorize_url).query)
        assert asked["client_id"] == [self._client_id], "another app"
        missing = set(asked["scope"][0].split(",")) - set(workspace.installation.scopes)
        assert not missing, f"the app's settings don't list {missing}"
        code = self._ids.secret(20)
        self._codes[code] = workspace
        workspace.install()
        return f"{self.redirect_url}?{urlencode({'code': code, 'state': asked['state'][0]})}"

    def refuse(self, authorize_url: str) -> str:
        """They cancel. Returns where the browser is sent then."""
        state = parse_qs(urlsplit(authorize_url).query)["state"][0]
        return f"{self.redirect_url}?{urlencode({'error': 'access_denied', 'state': state})}"

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["method"] == "oauth.v2.access":
            return web.json_response(self._exchange(request, str((await read(request)).given.get("code", ""))))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        for slack in self._workspaces:
            if token == slack.bot_token:
                return await slack.api.handle(request)
        return web.json_response({"ok": False, "error": "invalid_auth"})

    def _exchange(self, request: web.Request, code: str) -> Json:
        if _basic(request) != f"{self._client_id}:{self._client_secret}":
            return {"ok": False, "error": "bad_client_secret"}
        slack = self._codes.pop(code, None)
        if slack is None:
            return {"ok": False, "error": "invalid_code"}
        team, app, organisation = slack.workspace.team, slack.workspace.app, slack.setup.organisation
        return {
            "ok": True,
            "app_id": app.id,
            "authed_user": {"id": U_ANA},
            "scope": ",".join(slack.installation.scopes),
            "token_type": "bot",
            "access_token": slack.bot_token,
            "bot_user_id": app.user_id,
            "team": None if organisation else {"id": team.id, "name": team.name},
            "enterprise": {"id": organisation, "name": "Acme"} if organisation else None,
            "is_enterprise_install": bool(organisation),
        }


def _basic(request: web.Request) -> str:
    try:
        return base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
