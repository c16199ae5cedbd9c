"""The composition root: the only place that builds things and knows every vendor.

Everything long-lived is opened here, in order, on one exit stack, and closed in the reverse: first Slack's events stop
coming, then running turns drain, then processes, connections and files are let go.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp

from bot.admin import Admin
from bot.admission import Admission
from bot.agent import command
from bot.agent.claude import ClaudeAgent
from bot.agent.leftovers import Leftovers
from bot.agent.memory import memory, room_for
from bot.agent.sessions import ClaudeSessions
from bot.agent.settings import AgentSettings, PoolBounds
from bot.agent.workspace import SessionWorkspaces
from bot.allowed import Allowed
from bot.approvers import Approvers
from bot.asking import AskingNeeds
from bot.attempts import AttemptNeeds
from bot.budgets import Budgets
from bot.clock import SystemClock
from bot.config import Settings, Transport
from bot.copies import Copies
from bot.decisions import Decisions
from bot.departures import Departures
from bot.edits import Edits
from bot.errors import StartError, StoreAway
from bot.forks import ForkNeeds, Forks
from bot.inbox import Inbox, InboxBounds
from bot.observed import Observed, warn_of
from bot.patience import Patience, PatientDecisions, PatientFiles, PatientSpend, PatientTranscripts, PatientTurns
from bot.policies import Policies
from bot.policy_file import read_policy
from bot.policy_view import PolicyView
from bot.ports import Telemetry
from bot.privacy import PersonalPrivacy, Privacy, PrivacyNeeds
from bot.prompt_limits import PromptLimits
from bot.prompts import PromptWriter
from bot.references import References
from bot.slack.answers import Answers
from bot.slack.background import Background
from bot.slack.changes import Changes
from bot.slack.client import SlackChat
from bot.slack.directory import Directory
from bot.slack.downloads import Downloads
from bot.slack.http import event_routes
from bot.slack.installations import Installations
from bot.slack.listeners import build_app
from bot.slack.mode import ChannelModes, StreamingMode
from bot.slack.replies import Replies
from bot.slack.sockets import listen_over_socket
from bot.store.client import connect
from bot.store.health import health
from bot.store.store import Store
from bot.telemetry.exporter import exporting
from bot.telemetry.metrics import CONTENT_TYPE, Metrics
from bot.telemetry.told import Told
from bot.telemetry.traces import ExportedTraces, LoggedTraces, Traces
from bot.turns import Turns
from bot.viewing import Viewing
from bot.web.health import Health, health_routes
from bot.web.metrics import metrics_route
from bot.web.server import serving
from bot.web.transcripts.passes import Passes
from bot.web.transcripts.routes import TranscriptPages
from bot.workspaces import Workspaces, open_workspaces

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
        rules = _Rules(Policies(policy, directory), Admission(policy.access, directory))
        core = await _open_core(settings, environ, store, chat, rules, clock, telemetry, stack)
        observed = Observed(worker, store, core.inbox, core.agent, replies, health, clock)
        await stack.enter_async_context(observed.watched())
        metrics.watch(observed.gauges())
        background = await stack.enter_async_context(Background())
        answers = Answers(installations, session, rules.admission, store.turned_away)
        surface = _Surface(directory, installations, answers, background, modes, changes, rules.admission)
        passes = Passes(store.passes, clock)
        pages = TranscriptPages(core.viewing, passes, settings.public_url) if settings.public_url else None
        app = _listeners(settings, core, store, surface, pages)
        await _listen(settings, app, workspaces, pages, health, telemetry, stack)
        transport = settings.transport.value if settings.ingress else "none"
        health.open = True
        log.info("ready", worker=worker, team=workspaces.team, transport=transport)
        yield
        health.open = False
        log.info("stopping", worker=worker)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the operator's policy comes to."""

    policies: Policies
    admission: Admission


@dataclass(frozen=True, slots=True)
class _Core:
    """The core's doors, and the agent behind them."""

    inbox: Inbox
    forks: Forks
    edits: Edits
    admin: Admin
    budgets: Budgets
    privacy: PersonalPrivacy
    departures: Departures
    agent: ClaudeAgent
    decisions: Decisions
    viewing: Viewing
    copies: Copies
    rules: PolicyView


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


async def _open_core(
    settings: Settings,
    environ: Mapping[str, str],
    store: Store,
    chat: SlackChat,
    rules: _Rules,
    clock: SystemClock,
    telemetry: Telemetry,
    stack: AsyncExitStack,
) -> _Core:
    allowed = Allowed(settings, rules.policies)
    limits = allowed.anywhere
    agent_settings = AgentSettings(
        settings.data_dir,
        environ,
        system_prompt=settings.system_prompt,
        model=settings.model,
        limits=limits,
        policy=rules.policies.everywhere(),
        warm=_pool_bounds(settings),
        stall_s=settings.turn_stall_s,
    )
    patience = Patience(store.inbox, clock)
    transcripts, turn_store = PatientTranscripts(store.transcripts, patience), PatientTurns(store.turns, patience)
    agent = await stack.enter_async_context(ClaudeAgent(transcripts, agent_settings))
    log.info("agent_ready", cli=await command.version())
    workspaces = SessionWorkspaces(PatientFiles(store.files, patience), settings.data_dir, settings.workspace_max_mb)
    sessions = ClaudeSessions(store.transcripts)
    references = References(store.threads, chat)
    needs = AttemptNeeds(
        turn_store,
        agent,
        workspaces,
        PromptWriter(chat),
        new_id=_new_id,
        limits=limits,
        policy=rules.policies.of_turn,
        settled=transcripts.settled,
        telemetry=telemetry,
    )
    prompt_limits = PromptLimits(store.prompt_counts, allowed.prompts)
    spend = PatientSpend(store.spend, patience)
    budgets = Budgets(spend, clock, allowed.budgets, settings.timezone, new_id=_new_id)
    approvers = Approvers(store.threads, chat, settings.approvers)
    decision_store = PatientDecisions(store.decisions, patience)
    asking = AskingNeeds(decision_store, sessions, chat, approvers, clock, new_id=_new_id)
    usage = settings.show_usage
    turns = Turns(turn_store, chat, clock, needs, budgets, asking, show_usage=usage, telemetry=telemetry)
    bounds = InboxBounds(lease_s=settings.lease_s, turns_running=settings.max_turns_running)
    leftovers = Leftovers(settings.data_dir, store.threads, agent, clock)
    inbox = Inbox(
        store.inbox,
        store.signals,
        store.workers,
        turns,
        chat,
        clock,
        prompt_limits,
        new_id=_new_id,
        admit=rules.admission.check_message,
        limits=allowed.turn,
        bounds=bounds,
        drain_s=settings.drain_s,
        decisions=store.decisions,
        readiness=agent,
        telemetry=telemetry,
        forget=leftovers.forget,
    )
    await stack.enter_async_context(leftovers)
    await stack.enter_async_context(inbox)
    decisions = Decisions(store.decisions, approvers, inbox, chat, clock)
    await stack.enter_async_context(decisions)
    fork_needs = ForkNeeds(
        store.threads, store.turns, store.decisions, sessions, workspaces, agent, limits, rules.policies.of_turn
    )
    forks = Forks(fork_needs, inbox, chat, references, clock, new_id=_new_id)
    admin = Admin(store.threads, sessions, inbox, chat, references, clock, new_id=_new_id)
    edits = Edits(store.threads, forks, inbox, chat)
    erasing = PrivacyNeeds(store.threads, store.erasure, store.inbox, sessions, store.workers, store.signals)
    forgetting = Privacy(erasing, inbox)
    privacy = PersonalPrivacy(forgetting, references, chat)
    view = PolicyView(rules.policies, rules.admission, allowed.turn, settings.model)
    grace_s = settings.uninstall_grace_days * DAY_S
    departing = Departures(store.threads, store.departures, inbox, forgetting, clock, grace_s=grace_s)
    departures = await stack.enter_async_context(departing)
    viewing = Viewing(store.threads, sessions, references, chat)
    copies = Copies(store.threads, sessions, references)
    return _Core(inbox, forks, edits, admin, budgets, privacy, departures, agent, decisions, viewing, copies, view)


@dataclass(frozen=True, slots=True)
class _Surface:
    """What listeners speak to Slack with."""

    directory: Directory
    installations: Installations
    answers: Answers
    background: Background
    modes: ChannelModes
    changes: Changes
    admission: Admission


def _listeners(
    settings: Settings, core: _Core, store: Store, surface: _Surface, pages: TranscriptPages | None
) -> AsyncApp:
    return build_app(
        signing_secret=settings.slack_signing_secret,
        command=settings.command,
        branch_emoji=settings.fork_emoji,
        stop_emoji=settings.stop_emoji,
        inbox=core.inbox,
        forks=core.forks,
        admin=core.admin,
        directory=surface.directory,
        answers=surface.answers,
        installations=surface.installations,
        background=surface.background,
        clock=SystemClock(),
        modes=surface.modes,
        viewers=store.homes,
        changes=surface.changes,
        accounts=core.budgets,
        admission=surface.admission,
        rules=core.rules,
        edits=core.edits,
        privacy=core.privacy,
        departing=core.departures,
        copies=core.copies,
        pages=pages,
        follow_deletes=settings.follow_deletes,
        decisions=core.decisions,
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


def _pool_bounds(settings: Settings) -> PoolBounds:
    """What the operator set, the rest from the memory there is."""
    clients, memory_mb = room_for(settings.max_warm, settings.warm_memory_mb, memory())
    return PoolBounds(
        clients=clients,
        idle_s=settings.warm_idle_s,
        spares=settings.spares,
        memory_bytes=memory_mb * MB,
        client_bytes=settings.client_max_mb * MB,
        client_turns=settings.client_max_turns,
    )


def _new_id() -> str:
    return str(uuid4())
