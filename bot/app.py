"""The composition root: the only place that builds things and knows every vendor.

Everything long-lived is opened here, in order, on one exit stack, and closed in the reverse: first Slack's events stop
coming, then running turns drain, then processes, connections and files are let go.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp

from bot.admission import Admission
from bot.clock import SystemClock
from bot.config import Settings, Transport
from bot.core import Core, Means, Rules, open_core
from bot.errors import StartError, StoreAway
from bot.observed import Observed, warn_of
from bot.policies import Policies
from bot.policy_file import read_policy
from bot.ports import Clock, Telemetry
from bot.slack.answers import Answers
from bot.slack.api.directory import Directory
from bot.slack.api.downloads import Downloads
from bot.slack.background import Background
from bot.slack.changes import Changes
from bot.slack.client import SlackChat
from bot.slack.core import Doors
from bot.slack.http import event_routes
from bot.slack.listeners import Gestures, build_app
from bot.slack.reply.mode import ChannelModes, StreamingMode
from bot.slack.reply.replies import Replies
from bot.slack.sockets import listen_over_socket
from bot.slack.surface import Surface
from bot.store.client import connect
from bot.store.health import health
from bot.store.store import Store
from bot.telemetry.exporter import exporting
from bot.telemetry.metrics import CONTENT_TYPE, Metrics
from bot.telemetry.told import Told
from bot.telemetry.traces import ExportedTraces, LoggedTraces, Traces
from bot.web.health import Health, health_routes
from bot.web.metrics import metrics_route
from bot.web.server import serving
from bot.workspaces import Workspaces, open_workspaces

if TYPE_CHECKING:
    from bot.web.transcripts.routes import TranscriptPages

log = structlog.get_logger(__name__)

MB = 1024 * 1024
HOUR_S = 3_600
DAY_S = 86_400


async def serve(settings: Settings, stop: asyncio.Event, environ: Mapping[str, str]) -> None:
    """Answer people in Slack until `stop` is set.

    Args:
        environ: the environment that the settings were read from; the agent gets what it may have of it.

    Raises:
        StartError: something that the bot needs is wrong or away.
    """
    async with running(settings, environ):
        await stop.wait()


@asynccontextmanager
async def running(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[None]:
    """The bot, from connected to drained.

    Raises:
        SettingsError: the policy can't be read.
        StartError: something that the bot needs is wrong or away.
    """
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        policy = read_policy(settings.policy)
        worker = f"{socket.gethostname()}-{uuid4().hex[:12]}"
        health, metrics = Health(), Metrics()
        await _serve_operators(settings, health, metrics, stack)
        telemetry = Told(metrics.counts, _traces(settings, worker, stack))
        store = await _open_store(settings, worker, telemetry, stack)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        workspaces = await open_workspaces(settings, store, session, clock, telemetry)
        installations = workspaces.installations
        directory = Directory(installations, clock, admins=settings.admins, workspace_admins=settings.workspace_admins)
        modes = ChannelModes(StreamingMode(settings.streaming.value), clock, store.channels)
        replies = Replies(installations, clock, modes, pings=settings.allow_mentions)
        downloads = Downloads(session, api_url=settings.slack_api_url, max_bytes=settings.attachment_max_mb * MB)
        changes = Changes()
        chat = SlackChat(installations, replies, directory, downloads, changes)
        rules = Rules(Policies(policy, directory), Admission(policy.access, directory))
        core = await open_core(Means(settings, environ, store, chat, rules, clock, telemetry), stack)
        observed = Observed(worker, store, core.inbox, core.agent, replies, health, clock)
        await stack.enter_async_context(observed.watched())
        metrics.watch(observed.gauges())
        background = await stack.enter_async_context(Background())
        answers = Answers(installations, session, rules.admission, store.turned_away)
        surface = Surface(directory, installations, answers, background, modes, changes, clock)
        pages = _pages(settings, core, store, clock)
        gestures = Gestures(settings.command, settings.fork_emoji, settings.stop_emoji, settings.follow_deletes)
        doors = _doors(core, store, rules, pages)
        app = build_app(doors, surface, gestures, signing_secret=settings.slack_signing_secret)
        await _listen(settings, app, workspaces, pages, health, telemetry, stack)
        transport = settings.transport.value if settings.ingress else "none"
        health.open = True
        log.info("ready", worker=worker, team=workspaces.team, transport=transport)
        yield
        health.open = False
        log.info("stopping", worker=worker)


async def _serve_operators(settings: Settings, health: Health, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Opened first and closed last, so that a worker that starts or drains can be watched."""
    if settings.metrics_port is not None:
        routes = [*health_routes(health), metrics_route(metrics.text, CONTENT_TYPE)]
        await stack.enter_async_context(serving(routes, host=settings.metrics_host, port=settings.metrics_port))


def _traces(settings: Settings, worker: str, stack: AsyncExitStack) -> Traces:
    if not settings.otlp_endpoint:
        return LoggedTraces()
    tracer = stack.enter_context(exporting(settings.otlp_endpoint, settings.otlp_headers, worker))
    return ExportedTraces(tracer)


async def _open_store(settings: Settings, worker: str, telemetry: Telemetry, stack: AsyncExitStack) -> Store:
    client = connect(settings.redis_url)
    stack.push_async_callback(client.aclose)
    try:
        kept = await health(client)
    except StoreAway as away:
        raise StartError(f"Redis can't be reached at REDIS_URL ({away}).") from away
    if not kept.supported:
        raise StartError(f"Redis {kept.version} is too old: 6.2 or newer is needed.")
    warn_of(kept)
    store = Store(
        client,
        worker,
        ttl_s=settings.session_ttl_days * DAY_S,
        lease_s=settings.lease_s,
        decision_ttl_s=settings.decision_ttl_h * HOUR_S,
        audit_s=settings.audit_days * DAY_S,
        telemetry=telemetry,
    )
    stack.push_async_callback(store.aclose)
    return store


def _pages(settings: Settings, core: Core, store: Store, clock: Clock) -> TranscriptPages | None:
    """The transcripts' pages. What renders them is loaded only by a worker that has an address to serve them at."""
    if not settings.public_url:
        return None
    from bot.web.transcripts.passes import Passes  # noqa: PLC0415
    from bot.web.transcripts.routes import TranscriptPages  # noqa: PLC0415

    return TranscriptPages(core.viewing, Passes(store.passes, clock), settings.public_url)


def _doors(core: Core, store: Store, rules: Rules, pages: TranscriptPages | None) -> Doors:
    return Doors(
        inbox=core.inbox,
        forks=core.forks,
        admin=core.admin,
        decisions=core.decisions,
        accounts=core.budgets,
        edits=core.edits,
        privacy=core.privacy,
        departing=core.departures,
        copies=core.copies,
        rules=core.rules,
        admission=rules.admission,
        pages=pages,
        viewers=store.homes,
        health=store.survey.health,
    )


async def _listen(
    settings: Settings,
    app: AsyncApp,
    workspaces: Workspaces,
    pages: TranscriptPages | None,
    health: Health,
    telemetry: Telemetry,
    stack: AsyncExitStack,
) -> None:
    """Let Slack's events come in, the way that is set, and browsers where they have an address."""
    if not settings.ingress:
        return
    routes = [] if pages is None else pages.routes()
    if settings.transport is Transport.SOCKET:
        socket_mode = listen_over_socket(
            app, app_token=settings.slack_app_token, web=workspaces.client, telemetry=telemetry
        )
        health.ready["slack"] = await stack.enter_async_context(socket_mode)
    else:
        routes += [*event_routes(app, telemetry), *workspaces.routes]
    if routes:
        routes += health_routes(health)
        await stack.enter_async_context(serving(routes, host=settings.http_host, port=settings.http_port))
