"""The Bolt app: Slack's requests, verified and authorised, to the listeners in the tables.

An event is acknowledged after its listener: what a listener could not store, Slack sends again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse

from bot.errors import BotError, ChatRefused
from bot.slack.api.conversations import Conversations
from bot.slack.api.installations import NOT_INSTALLED, Installations
from bot.slack.core import Doors
from bot.slack.desk import Desk
from bot.slack.events import EVENTS, Emoji, EventRow, Events, Surroundings
from bot.slack.home import Home
from bot.slack.interactions import Interactions
from bot.slack.surface import Surface
from bot.slack.wire import event_team

log = structlog.get_logger(__name__)

ANYTHING = re.compile(r".*", re.DOTALL)

UNTAKEN = 503
"""The status when a listener failed: no ack goes out over Socket Mode, and over HTTP Slack sends the event again."""


@dataclass(frozen=True, slots=True)
class Gestures:
    """What people do to reach the bot.

    Args:
        command: the slash command, with its slash.
        branch_emoji: names of the emoji that branch, without colons.
        stop_emoji: names of the emoji that stop a turn.
        follow_deletes: whether a deleted message takes the words out of its turn.
    """

    command: str
    branch_emoji: Sequence[str]
    stop_emoji: Sequence[str]
    follow_deletes: bool


def build_app(doors: Doors, surface: Surface, gestures: Gestures, *, signing_secret: str) -> AsyncApp:
    """Make the Bolt app and register everything the bot listens to.

    Args:
        signing_secret: verifies requests over HTTP; Socket Mode needs none.
    """
    desk = Desk(doors, surface, command=gestures.command, branch_emoji=gestures.branch_emoji)
    home = Home(doors, surface, desk)
    surface.changes.listen(home.changed)
    around = Surroundings(doors, surface, desk, home, Conversations(surface.installations))
    app = _bolt(signing_secret, surface.installations)
    emoji = Emoji(frozenset(gestures.branch_emoji), frozenset(gestures.stop_emoji))
    events = Events(around, emoji, follow_deletes=gestures.follow_deletes)
    for row in EVENTS:
        app.event(row.type)(_event_listener(row, events))
    app.event(ANYTHING)(_unknown_event)
    _register_interactions(app, Interactions(around, command=gestures.command), gestures.command)
    app.error(_on_error)
    return app


def _bolt(signing_secret: str, installations: Installations) -> AsyncApp:
    async def authorize(context: AsyncBoltContext, team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
        organisation = enterprise_id if context.is_enterprise_install else None
        installation = await installations.at(team_id or "", organisation or "")
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=installation.own.user,
            bot_id=installation.own.bot,
            bot_token=installation.token,
        )

    # Below ERROR Bolt logs whole payloads, and what people write doesn't belong in the log.
    logger = logging.getLogger("bot.slack.bolt")
    logger.setLevel(logging.ERROR)
    return AsyncApp(
        logger=logger,
        name="bot.slack.bolt",
        process_before_response=True,
        signing_secret=signing_secret,
        authorize=authorize,
        before_authorize=_Straighten(),
        # Bolt counts the deletion of our message by somebody as an event of ours. We know our own ourselves.
        ignoring_self_events_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )


class _Straighten(AsyncMiddleware):
    """Acknowledges what Bolt itself would trip over, since sending it again would not mend it.

    Names the workspace of an event that came through an organisation's installation, where Bolt finds none.
    """

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,  # noqa: ARG002
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse | None:
        event = req.body.get("event")
        well_formed = isinstance(event, dict) and isinstance(event.get("type"), str)
        if req.body.get("type") == "event_callback" and not well_formed:
            log.warning("malformed_event")
            return BoltResponse(status=200)
        if well_formed and not req.context.team_id:
            req.context["team_id"] = event_team(req.body)
        return await next()


def _event_listener(row: EventRow, events: Events) -> Callable[..., Awaitable[None]]:
    async def listener(body: dict[str, Any], request: AsyncBoltRequest) -> None:
        first_time = request.headers.get("x-slack-retry-num", ["0"])[0] in ("", "0")
        await row.listener(events, body, first_time)

    return listener


async def _unknown_event(body: dict[str, Any]) -> None:
    log.debug("unknown_event", event_type=str(body["event"]["type"])[:50])


def _register_interactions(app: AsyncApp, interactions: Interactions, command: str) -> None:
    def acknowledged(work: Callable[[dict[str, Any]], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            await work(body)
            await ack()

        return listener

    async def on_submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        errors = await interactions.on_submission(body)
        if errors:
            await ack(response_action="errors", errors=dict(errors))
        else:
            await ack()

    async def on_closed(ack: AsyncAck) -> None:
        await ack()

    async def on_options(ack: AsyncAck) -> None:
        await ack(options=[])

    app.command(command)(acknowledged(interactions.on_command))
    app.command(ANYTHING)(acknowledged(interactions.on_command))
    app.action(ANYTHING)(acknowledged(interactions.on_press))
    app.shortcut(ANYTHING)(acknowledged(interactions.on_shortcut))
    app.view_submission(ANYTHING)(on_submission)
    app.view_closed(ANYTHING)(on_closed)
    app.options(ANYTHING)(on_options)


async def _on_error(error: Exception, context: AsyncBoltContext) -> BoltResponse:
    """A listener or the authorisation failed: no ack, so that nothing is lost."""
    if isinstance(error, ChatRefused) and error.code == NOT_INSTALLED:
        # What a workspace still sent after it removed the app: sending it again would not mend it.
        log.info("event_of_nobody", team=context.team_id)
        return BoltResponse(status=200)
    if isinstance(error, BotError):
        log.warning("event_not_taken", error=type(error).__name__, detail=str(error), team=context.team_id)
    else:
        log.error("listener_broke", team=context.team_id, exc_info=error)
    return BoltResponse(status=UNTAKEN)
