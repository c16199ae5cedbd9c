"""The core on a store in memory, a fake Slack and a fake agent: several workers of it, if a test wants them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from bot.admin import Admin
from bot.approvers import Approvers, Approving
from bot.asking import AskingNeeds
from bot.attempts import AttemptNeeds
from bot.budgets import Budgets, BudgetTable
from bot.clock import SystemClock
from bot.decisions import Decisions
from bot.desk import DeskBounds
from bot.edits import Edits
from bot.forks import ForkNeeds, Forks
from bot.inbox import Inbox
from bot.model import Address, Limits, Message, Person, ThreadKey
from bot.ports import Clock, Readiness
from bot.privacy import PersonalPrivacy, Privacy, PrivacyNeeds
from bot.prompt_limits import PromptBounds, PromptLimits
from bot.prompts import PromptWriter
from bot.references import References
from bot.store.keys import ThreadKeys
from bot.store.store import Store
from bot.turns import Turns
from tests.fakes import always
from tests.fakes_agent import FakeAgent, FakeWorkspaces
from tests.fakes_chat import FakeChat

TEAM = "T1"
ANA = Person(TEAM, "U_ANA")
BEN = Person(TEAM, "U_BEN")
LIMITS = Limits(max_turns=10, max_budget_usd=2.0, max_turn_s=600.0)


@dataclass
class Worker:
    """One worker's core."""

    store: Store
    inbox: Inbox
    forks: Forks
    admin: Admin
    turns: Turns
    budgets: Budgets
    edits: Edits
    privacy: PersonalPrivacy
    erasing: Privacy
    forgotten: list[ThreadKey]
    """What this worker was told to let go of."""
    decisions: Decisions


@dataclass
class World:
    """What all workers share, and a way to start them."""

    chat: FakeChat
    agent: FakeAgent
    store: Store
    workspaces: FakeWorkspaces
    start_worker: Callable[..., Worker]
    enter: AsyncExitStack
    redis: Redis

    async def lease_runs_out(self, thread: ThreadKey) -> None:
        await self.redis.delete(ThreadKeys(thread).lease)

    def message(self, text: str, ts: str = "", *, root: str = "", user: str = "U_ANA", **more: object) -> Message:
        """A message to the bot, in a channel's thread."""
        ts = ts or self.chat.new_ts()
        fields: dict[str, object] = {"address": Address.BOT, "user_team": TEAM, **more}
        return Message(ThreadKey(TEAM, "C1", root or ts), ts, user, text, **fields)  # type: ignore[arg-type]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    server = FakeServer(server_type="redis", version=(7, 0))
    chat = FakeChat()
    names = (f"worker-{number}" for number in itertools.count(1))

    def store_of(worker: str, decision_ttl_s: float = 3_600.0) -> Store:
        client = FakeAsyncRedis(server=server, protocol=2)
        return Store(client, worker, ttl_s=3600, decision_ttl_s=decision_ttl_s)

    shared = store_of("test")
    agent = FakeAgent(shared.transcripts)
    workspaces = FakeWorkspaces(tmp_path)

    def start_worker(
        *,
        drain_s: float = 0.0,
        sweep_s: float = 0.05,
        lease_s: float = 10.0,
        turns_running: int = 8,
        place_s: float = 45.0,
        readiness: Readiness | None = None,
        clock: Clock | None = None,
        table: BudgetTable = BudgetTable(),  # noqa: B008 (frozen)
        approving: Approving = Approving.AUTHOR,
        decision_ttl_s: float = 3_600.0,
        prompt_bounds: PromptBounds = PromptBounds(per_minute=1000),  # noqa: B008 (frozen)
    ) -> Worker:
        store = store_of(next(names), decision_ttl_s)
        ids = map(str, (f"{n:08x}-0000-4000-8000-{store.signals.worker[-1] * 12}" for n in itertools.count(1)))
        clock = clock or SystemClock()
        references = References(store.threads, chat)

        async def bounds_of(_channel: str, _person: Person) -> PromptBounds:
            return prompt_bounds

        needs = AttemptNeeds(
            store.turns, agent, workspaces, PromptWriter(chat), new_id=lambda: next(ids), limits=LIMITS
        )
        budgets = Budgets(store.spend, clock, always(table), ZoneInfo("UTC"), new_id=lambda: next(ids))
        approvers = Approvers(store.threads, chat, approving)
        asking = AskingNeeds(store.decisions, agent, chat, approvers, clock, new_id=lambda: next(ids))
        turns = Turns(store.turns, chat, clock, needs, budgets, asking, show_usage=True)
        forgotten: list[ThreadKey] = []

        async def forget(thread: ThreadKey) -> None:
            forgotten.append(thread)

        inbox = Inbox(
            store.inbox,
            store.signals,
            store.workers,
            turns,
            chat,
            clock,
            PromptLimits(store.prompt_counts, bounds_of),
            new_id=lambda: next(ids),
            limits=always(LIMITS),
            bounds=DeskBounds(lease_s=lease_s, sweep_s=sweep_s, place_s=place_s, turns_running=turns_running),
            drain_s=drain_s,
            decisions=store.decisions,
            readiness=readiness,
            forget=forget,
        )
        decisions = Decisions(store.decisions, approvers, inbox, chat, clock)
        fork_needs = ForkNeeds(store.threads, store.turns, store.decisions, agent, workspaces, agent, LIMITS)
        forks = Forks(fork_needs, inbox, chat, references, clock, new_id=lambda: next(ids))
        admin = Admin(store.threads, agent, inbox, chat, references, clock, new_id=lambda: next(ids))
        erasing = PrivacyNeeds(store.threads, store.erasure, store.inbox, agent, store.workers, store.signals)
        privacy = Privacy(erasing, inbox)
        personal = PersonalPrivacy(privacy, references, chat)
        edits = Edits(store.threads, forks, inbox, chat)
        return Worker(store, inbox, forks, admin, turns, budgets, edits, personal, privacy, forgotten, decisions)

    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(FakeAsyncRedis(server=server, protocol=2))
        yield World(chat, agent, shared, workspaces, start_worker, stack, client)


@pytest.fixture
async def worker(world: World) -> Worker:
    """One worker that is up."""
    worker = world.start_worker()
    await world.enter.enter_async_context(worker.inbox)
    return worker
