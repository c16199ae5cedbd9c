"""The three places that the store's contracts are held against, in one shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol, cast

from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from bot.model import (
    Address,
    Decision,
    DeferredCall,
    DetailKind,
    Ending,
    Lease,
    Message,
    Option,
    Outcome,
    Progress,
    Question,
    ThreadKey,
    TranscriptEntry,
    Turn,
)
from bot.ports import (
    DecisionStore,
    DepartureStore,
    ErasureStore,
    FileStore,
    InboxStore,
    PromptCounts,
    Signals,
    SpendStore,
    ThreadStore,
    Transcripts,
    TurnStore,
    Workers,
)
from bot.slack.oauth.records import InstallationRecords
from bot.store import keys
from bot.store.client import connect
from bot.store.database import as_text
from bot.store.keys import ThreadKeys
from bot.store.sealing import Seal
from bot.store.store import Store
from tests.fakes import Memory, MemoryStore

THREAD = ThreadKey("T1", "C1", "1700000000.000100")
OTHER_THREAD = ThreadKey("T1", "C2", "1700000000.000200")
TTL_S = 3_600
DECISION_TTL_S = 1_800.0
CARD_TS = "1700000000.000800"


class AnyStore(Protocol):
    """One worker's store."""

    @property
    def inbox(self) -> InboxStore: ...
    @property
    def signals(self) -> Signals: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def decisions(self) -> DecisionStore: ...
    @property
    def turns(self) -> TurnStore: ...
    @property
    def threads(self) -> ThreadStore: ...
    @property
    def transcripts(self) -> Transcripts: ...
    @property
    def files(self) -> FileStore: ...
    @property
    def departures(self) -> DepartureStore: ...
    @property
    def spend(self) -> SpendStore: ...
    @property
    def erasure(self) -> ErasureStore: ...
    @property
    def prompt_counts(self) -> PromptCounts: ...
    def installations(self, seal: Seal) -> InstallationRecords: ...


class World(Protocol):
    """What the workers of a test share.

    `decision_ttl_s` is how long the decisions wait that are asked by the workers made from now on.
    """

    decision_ttl_s: float

    def worker(self, name: str = "w1") -> AnyStore: ...

    async def lease_runs_out(self, thread: ThreadKey) -> None: ...

    async def trail(self) -> Sequence[tuple[str, str, str]]:
        """Id, verdict and user of each decision in the audit trail."""
        ...

    async def contents(self) -> Mapping[str, object]:
        """Everything that is kept, to compare."""
        ...


class MemoryWorld:
    """World in memory."""

    def __init__(self) -> None:
        self.memory = Memory(ttl_s=TTL_S)
        self.decision_ttl_s = DECISION_TTL_S

    def worker(self, name: str = "w1") -> AnyStore:
        return MemoryStore(self.memory, name, decision_ttl_s=self.decision_ttl_s)

    async def lease_runs_out(self, thread: ThreadKey) -> None:
        self.memory.clock.advance(11)

    async def trail(self) -> Sequence[tuple[str, str, str]]:
        return [(one.id, one.decided.verdict.value, one.decided.user) for one in self.memory.audit if one.decided]

    async def contents(self) -> Mapping[str, object]:
        return {str(key): repr(state) for key, state in self.memory.threads.items()}


class RedisWorld:
    """World in a Redis, real or fake."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self.decision_ttl_s = DECISION_TTL_S
        self._stores: list[Store] = []

    def worker(self, name: str = "w1") -> AnyStore:
        store = Store(self.client, name, ttl_s=TTL_S, decision_ttl_s=self.decision_ttl_s)
        self._stores.append(store)
        return store

    async def aclose(self) -> None:
        """See the calls through that are under way: those of workers that were killed in the middle, too."""
        for store in self._stores:
            await store.aclose()

    async def lease_runs_out(self, thread: ThreadKey) -> None:
        await self.client.delete(ThreadKeys(thread).lease)

    async def trail(self) -> Sequence[tuple[str, str, str]]:
        kept = [as_text(fields) for _, fields in await cast("Any", self.client.xrange(keys.audit("T1")))]
        return [(entry["decision"], entry["verdict"], entry["user"]) for entry in kept]

    async def contents(self) -> Mapping[str, object]:
        names = sorted([name async for name in self.client.scan_iter()])
        return {name.decode(): await self.client.dump(name) for name in names}


@asynccontextmanager
async def open_world(kind: str, redis_url: str) -> AsyncIterator[World]:
    if kind == "memory":
        yield MemoryWorld()
        return
    async with AsyncExitStack() as stack:
        if kind == "fakeredis":
            client: Redis = FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0)), protocol=2)
        else:
            client = connect(redis_url)
        stack.push_async_callback(client.aclose)
        await client.flushall()
        world = RedisWorld(client)
        stack.push_async_callback(world.aclose)
        yield world


# --- what the tests do with it --------------------------------------------------------------------


def message(
    ts: str = "1700000000.000100",
    text: str = "hello",
    *,
    address: Address = Address.BOT,
    user: str = "U1",
    thread: ThreadKey = THREAD,
) -> Message:
    return Message(thread, ts, user, text, address, user_team=thread.team)


def entries(*uuids: str) -> list[TranscriptEntry]:
    return [TranscriptEntry(uuid, anchor=True, body=f'{{"uuid":"{uuid}"}}') for uuid in uuids]


async def arrived(store: AnyStore, one: Message, session_id: str = "s1") -> None:
    """A message arrives that begins a session."""
    receipt = await store.inbox.accept(one, session_id)
    assert receipt.new_thread
    await store.inbox.enlist(one, session_id)


async def leased(store: AnyStore, thread: ThreadKey = THREAD) -> Lease:
    lease = await store.inbox.acquire(thread)
    assert lease is not None
    return lease


async def begun(store: AnyStore, lease: Lease, turn_id: str = "turn-1") -> Turn:
    turn = await store.turns.begin(lease, turn_id)
    assert turn is not None
    return turn


async def answered(
    store: AnyStore, *messages: Message, session_id: str = "s1", entry: str = "e1", reply_ts: str = "1700000000.000900"
) -> None:
    """A whole turn: the messages arrive, are answered, and the lease is given back."""
    for one in messages:
        await store.inbox.accept(one, session_id)
    lease = await leased(store, messages[0].thread)
    turn = await begun(store, lease, f"turn-{entry}")
    await store.transcripts.append(lease, turn.thread.session_id, "", entries(entry))
    outcome = Outcome(Ending.DONE, turn.thread.session_id, cost_usd=0.25)
    await store.turns.finish(lease, turn.id, outcome, [reply_ts])
    assert await store.inbox.release(lease)


def call(**more: object) -> DeferredCall:
    fields: dict[str, object] = {
        "id": "toolu_1",
        "tool": "Bash",
        "title": "Running a command",
        "input_hash": "abc",
        "detail": "rm -r build\x1b 🎉",
        "detail_kind": DetailKind.COMMAND,
        "why": "It changes things.",
        "pattern": "Bash(rm:*)",
        "questions": (Question("Which?", "Way", (Option("A", "the first"), Option("B")), multiple=True),),
        **more,
    }
    return DeferredCall(**fields)  # type: ignore[arg-type]


async def asked(store: AnyStore, lease: Lease, *, turn_id: str = "turn-1", decision_id: str = "d1") -> Decision:
    """What a turn does that needs somebody: it asks, posts the card, and waits."""
    decision = Decision(decision_id, lease.thread, turn_id, "s1", call(), "U1", 0.0, 0.0)
    outcome = Outcome(Ending.DEFERRED, "s1", cost_usd=0.5, duration_s=2.0)
    await store.decisions.ask(lease, decision, Progress(said="I will.", tool_ran=True, outcome=outcome))
    await store.decisions.posted(lease, decision_id, CARD_TS)
    for _ in range(2):  # an answer that got lost changes nothing
        await store.turns.finish(lease, turn_id, outcome, [])
    kept = await store.decisions.get(lease.thread, decision_id)
    assert kept is not None
    return kept


async def deferred(store: AnyStore) -> Decision:
    """A thread whose turn waits for a decision; nobody holds it."""
    await store.inbox.accept(message(), "s1")
    lease = await leased(store)
    await begun(store, lease)
    decision = await asked(store, lease)
    assert await store.inbox.release(lease)
    return decision
