"""The Web API: finds the method, checks the token and scopes, lets faults happen, answers as Slack does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.playground.slack import (
    assistant,
    auth,
    chat,
    chat_streams,
    conversations,
    files,
    reactions,
    users,
    views,
)
from bot.playground.slack.arguments import Arguments, read
from bot.playground.slack.faults import Fault, Faults, RateLimits, lose_connection
from bot.playground.slack.installation import Installation, Method
from bot.playground.slack.values import Json, Refused

METHODS: Mapping[str, Method] = {
    **assistant.METHODS,
    **auth.METHODS,
    **chat.METHODS,
    **chat_streams.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **reactions.METHODS,
    **users.METHODS,
    **views.METHODS,
}


@dataclass(frozen=True)
class Call:
    """A call the app made.

    Args:
        at: when, by the emulated Slack's clock.
        outcome: `ok`, Slack's error code, or what a fault did: `http 500`, `cut before`, `cut after`.
    """

    method: str
    arguments: Mapping[str, Any]
    at: float
    outcome: str


class WebApi:
    """Answers /api/<method>.

    Args:
        told: called after each call, when its effect is there.
    """

    def __init__(
        self, installation: Installation, faults: Faults, limits: RateLimits, told: Callable[[Call], None]
    ) -> None:
        self._installation = installation
        self._faults = faults
        self._limits = limits
        self._told = told

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        method = request.match_info["method"]
        try:
            args = await read(request)
        except Refused as refused:
            return self._respond(method, Arguments({}), refused)
        token = _token(request, args)
        fault = self._faults.take(method, args.given)
        if fault is not None:
            if fault.delay_s:
                await self._installation.workspace.clock.sleep(fault.delay_s)
            if fault.error or fault.status or fault.cut:
                return self._fail(request, method, args, token, fault)
        wait_s = self._limits.retry_after(method, str(args.given.get("channel", "")))
        if wait_s:
            return self._rate_limited(method, args, wait_s)
        answer = self._respond(method, args, self._answer(method, args, token))
        if fault is not None and fault.late_s:
            await self._installation.workspace.clock.sleep(fault.late_s)
        return answer

    def _answer(self, method: str, args: Arguments, token: str) -> Json | Refused:
        try:
            return self._checked(method, token).handler(self._installation, args)
        except Refused as refused:
            return refused

    def _checked(self, name: str, token: str) -> Method:
        slack = self._installation
        method = METHODS.get(name)
        if method is None:
            raise Refused("unknown_method")
        if not token:
            raise Refused("not_authed")
        if token not in {slack.bot_token, slack.app_token}:
            raise Refused("invalid_auth")
        if slack.removed and token == slack.bot_token:
            raise Refused("account_inactive")
        if (token == slack.app_token) != method.app_level and name not in {"auth.test", "api.test"}:
            raise Refused("not_allowed_token_type")
        if method.scopes and not set(method.scopes) & set(slack.scopes):
            raise Refused("missing_scope", *method.scopes)
        return method

    def _fail(self, request: web.Request, method: str, args: Arguments, token: str, fault: Fault) -> web.StreamResponse:
        if fault.cut:
            if fault.cut == "after":
                self._answer(method, args, token)
            self._tell(method, args, f"cut {fault.cut}")
            return lose_connection(request)
        if fault.error:
            return self._respond(method, args, Refused(fault.error))
        if fault.status == 429:
            return self._rate_limited(method, args, fault.retry_after)
        self._tell(method, args, f"http {fault.status}")
        return web.Response(status=fault.status, text="upstream connect error", content_type="text/html")

    def _rate_limited(self, method: str, args: Arguments, wait_s: int) -> web.Response:
        self._tell(method, args, "ratelimited")
        body = {"ok": False, "error": "ratelimited"}
        return web.json_response(body, status=429, headers={"Retry-After": str(wait_s)})

    def _respond(self, method: str, args: Arguments, answer: Json | Refused) -> web.Response:
        known = METHODS.get(method)
        headers = {
            "x-slack-req-id": self._installation.workspace.ids.secret(32).lower(),
            "x-oauth-scopes": ",".join(self._installation.scopes),
            "x-accepted-oauth-scopes": ",".join(known.scopes) if known else "",
        }
        if isinstance(answer, Refused):
            self._tell(method, args, answer.code)
            return web.json_response(self._refusal(answer), headers=headers)
        self._tell(method, args, "ok")
        return web.json_response({"ok": True, **answer}, headers=headers)

    def _refusal(self, refused: Refused) -> Json:
        body: Json = {"ok": False, "error": refused.code}
        if refused.code == "missing_scope":
            provided = ",".join(self._installation.scopes)
            return body | {"needed": ",".join(refused.messages), "provided": provided}
        if refused.messages:
            body |= {"errors": list(refused.messages)} if refused.code == "invalid_blocks" else {}
            body["response_metadata"] = {"messages": list(refused.messages)}
        return body

    def _tell(self, method: str, args: Arguments, outcome: str) -> None:
        given = {name: value for name, value in args.given.items() if name != "token"}
        self._told(Call(method, given, self._installation.workspace.clock.now(), outcome))


def _token(request: web.Request, args: Arguments) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else args.text("token", "")
