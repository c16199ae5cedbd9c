"""Events over HTTP."""

from __future__ import annotations

import time

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.model import Stage
from bot.ports import Telemetry, Untold

PATH = "/slack/events"
"""Where Slack sends events, commands and interactions."""


def event_routes(app: AsyncApp, telemetry: Telemetry | None = None) -> list[web.RouteDef]:
    """Where Slack's requests go. One whose listener failed is answered with 503, so that Slack sends it again."""
    told = telemetry or Untold()

    async def from_slack(request: web.Request) -> web.StreamResponse:
        try:
            bolt_request = await to_bolt_request(request)
        except ValueError:
            # No JSON, or not UTF-8: certainly not Slack.
            return web.Response(status=400)
        began = time.monotonic()
        with told.span("slack event", transport="http"):
            response = await to_aiohttp_response(await app.async_dispatch(bolt_request))
            told.took(Stage.EVENT_TO_ACK, time.monotonic() - began)
        return response

    return [web.post(PATH, from_slack)]
