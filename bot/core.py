"""The core, put together: the inbox, turns, and what people do besides talking, over a store, a chat and the agent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import structlog

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
from bot.config import Settings
from bot.copies import Copies
from bot.decisions import Decisions
from bot.departures import Departures
from bot.desk import DeskBounds
from bot.edits import Edits
from bot.forks import ForkNeeds, Forks
from bot.inbox import Inbox
from bot.patience import Patience, PatientDecisions, PatientFiles, PatientSpend, PatientTranscripts, PatientTurns
from bot.policies import Policies
from bot.policy_view import PolicyView
from bot.ports import Clock, Telemetry
from bot.privacy import PersonalPrivacy, Privacy, PrivacyNeeds
from bot.prompt_limits import PromptLimits
from bot.prompts import PromptWriter
from bot.references import References
from bot.slack.client import SlackChat
from bot.store.store import Store
from bot.turns import Turns
from bot.viewing import Viewing

log = structlog.get_logger(__name__)

MB = 1024 * 1024
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator's policy comes to."""

    policies: Policies
    admission: Admission


@dataclass(frozen=True, slots=True)
class Means:
    """What the core is made of.

    Args:
        environ: the environment that the settings were read from; the agent gets what it may have of it.
    """

    settings: Settings
    environ: Mapping[str, str]
    store: Store
    chat: SlackChat
    rules: Rules
    clock: Clock
    telemetry: Telemetry


@dataclass(frozen=True, slots=True)
class Core:
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


async def open_core(means: Means, stack: AsyncExitStack) -> Core:
    """Open the core on the stack. Raises StartError."""
    settings, store, chat, rules, clock = means.settings, means.store, means.chat, means.rules, means.clock
    allowed = Allowed(settings, rules.policies)
    patience = Patience(store.inbox, clock)
    transcripts = PatientTranscripts(store.transcripts, patience)
    agent = await _open_agent(means, allowed, transcripts, stack)
    files = PatientFiles(store.files, patience)
    workspaces = SessionWorkspaces(files, settings.data_dir, settings.workspace_max_mb)
    sessions, references = ClaudeSessions(store.transcripts), References(store.threads, chat)
    approvers = Approvers(store.threads, chat, settings.approvers)
    spend = PatientSpend(store.spend, patience)
    budgets = Budgets(spend, clock, allowed.budgets, settings.timezone, new_id=_new_id)
    asking = AskingNeeds(PatientDecisions(store.decisions, patience), sessions, chat, approvers, clock, new_id=_new_id)
    needs = AttemptNeeds(
        PatientTurns(store.turns, patience),
        agent,
        workspaces,
        PromptWriter(chat),
        new_id=_new_id,
        limits=allowed.anywhere,
        policy=rules.policies.of_turn,
        settled=transcripts.settled,
        telemetry=means.telemetry,
    )
    inbox = await _open_inbox(means, allowed, _turns(means, needs, budgets, asking), agent, stack)
    decisions = await stack.enter_async_context(Decisions(store.decisions, approvers, inbox, chat, clock))
    erasing = PrivacyNeeds(store.threads, store.erasure, store.inbox, sessions, store.workers, store.signals)
    forgetting = Privacy(erasing, inbox)
    grace_s = settings.uninstall_grace_days * DAY_S
    departing = Departures(store.threads, store.departures, inbox, forgetting, clock, grace_s=grace_s)
    departures = await stack.enter_async_context(departing)
    branching = ForkNeeds(
        store.threads,
        store.turns,
        store.decisions,
        sessions,
        workspaces,
        agent,
        allowed.anywhere,
        rules.policies.of_turn,
    )
    forks = Forks(branching, inbox, chat, references, clock, new_id=_new_id)
    return Core(
        inbox=inbox,
        forks=forks,
        edits=Edits(store.threads, forks, inbox, chat),
        admin=Admin(store.threads, sessions, inbox, chat, references, clock, new_id=_new_id),
        budgets=budgets,
        privacy=PersonalPrivacy(forgetting, references, chat),
        departures=departures,
        agent=agent,
        decisions=decisions,
        viewing=Viewing(store.threads, sessions, references, chat),
        copies=Copies(store.threads, sessions, references),
        rules=PolicyView(rules.policies, rules.admission, allowed.turn, settings.model),
    )


async def _open_agent(
    means: Means, allowed: Allowed, transcripts: PatientTranscripts, stack: AsyncExitStack
) -> ClaudeAgent:
    settings = means.settings
    agent_settings = AgentSettings(
        settings.data_dir,
        means.environ,
        system_prompt=settings.system_prompt,
        model=settings.model,
        limits=allowed.anywhere,
        policy=means.rules.policies.everywhere(),
        warm=_pool_bounds(settings),
        stall_s=settings.turn_stall_s,
    )
    agent = await stack.enter_async_context(ClaudeAgent(transcripts, agent_settings))
    log.info("agent_ready", cli=await command.version())
    return agent


def _turns(means: Means, needs: AttemptNeeds, budgets: Budgets, asking: AskingNeeds) -> Turns:
    usage = means.settings.show_usage
    return Turns(
        needs.store, means.chat, means.clock, needs, budgets, asking, show_usage=usage, telemetry=means.telemetry
    )


async def _open_inbox(means: Means, allowed: Allowed, turns: Turns, agent: ClaudeAgent, stack: AsyncExitStack) -> Inbox:
    settings, store = means.settings, means.store
    leftovers = await stack.enter_async_context(Leftovers(settings.data_dir, store.threads, agent, means.clock))
    inbox = Inbox(
        store.inbox,
        store.signals,
        store.workers,
        turns,
        means.chat,
        means.clock,
        PromptLimits(store.prompt_counts, allowed.prompts),
        new_id=_new_id,
        admit=means.rules.admission.check_message,
        limits=allowed.turn,
        bounds=DeskBounds(lease_s=settings.lease_s, turns_running=settings.max_turns_running),
        drain_s=settings.drain_s,
        decisions=store.decisions,
        readiness=agent,
        telemetry=means.telemetry,
        forget=leftovers.forget,
    )
    return await stack.enter_async_context(inbox)


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
