"""What an event costs before anything of ours is done about it: Bolt, with a listener that does nothing."""

from __future__ import annotations

import asyncio
import logging
import time

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult

from tests.payloads import payload

BOT = AuthorizeResult(
    enterprise_id=None, team_id="T1", bot_user_id="U0CLAUDEBOT", bot_id="B0CLAUDEBOT", bot_token="xoxb-none"
)


async def bolt_alone(count: int) -> list[float]:
    """So many events at the same moment. Returns after how many seconds each was acknowledged."""
    app = _app()
    requests = [AsyncBoltRequest(mode="socket_mode", body=payload("app_mention")) for _ in range(count)]

    async def dispatch(request: AsyncBoltRequest) -> float:
        response = await app.async_dispatch(request)
        assert response.status == 200
        return time.perf_counter() - began

    await app.async_dispatch(requests[0])
    began = time.perf_counter()
    return list(await asyncio.gather(*map(dispatch, requests)))


def _app() -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return BOT

    async def nothing() -> None:
        """No more than Bolt's own work."""

    logger = logging.getLogger("tests.bench.bolt_alone")
    logger.setLevel(logging.ERROR)
    app = AsyncApp(logger=logger, process_before_response=True, authorize=authorize, signing_secret="none")
    app.event("app_mention")(nothing)
    return app
