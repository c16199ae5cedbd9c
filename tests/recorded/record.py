"""Write down what this release keeps in Redis, for later ones to be tested on.

    python -m tests.recorded.record > tests/recorded/0.1.0.json

Run it on the release itself, when that is made. What it records is every kind of state that a rolling upgrade meets:
threads at rest and reset, branches, messages that wait, turns in flight, answered and deferred ones, files, indexes.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Mapping
from typing import Any, cast

from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from bot.model import (
    Address,
    Attachment,
    Bucket,
    Ending,
    Lease,
    Limits,
    Message,
    Outcome,
    Part,
    Point,
    PointKind,
    Progress,
    Signal,
    SignalKind,
    Source,
    Thread,
    ThreadKey,
    TranscriptEntry,
    TurnState,
)
from bot.store.store import Store

TEAM = "T1"
WORKER = "worker-of-0.1.0"


def thread_key(number: int) -> ThreadKey:
    """The threads of the recording, each in one state."""
    return ThreadKey(TEAM, "C1", f"17000000{number:02d}.000100")


IDLE, RESET, BRANCH, WAITING, RUNNING, ANSWERED, DEFERRED = (thread_key(number) for number in range(7))


def said(thread: ThreadKey, ts: str, text: str, address: Address = Address.BOT) -> Message:
    picture = Attachment("F1", "plan.png", "image/png", 1234, "https://files.slack.com/F1")
    files = (picture,) if text == "with a file" else ()
    return Message(thread, ts, "U_ANA", text, address, user_team=TEAM, files=files)


def entry(uuid: str, role: str, text: str) -> TranscriptEntry:
    body = {"type": role, "uuid": uuid, "message": {"role": role, "content": text}}
    return TranscriptEntry(uuid, True, json.dumps(body, ensure_ascii=False))


class Recorder:
    """Brings threads into their states, as a worker does."""

    def __init__(self, client: Redis) -> None:
        self.store = Store(client, WORKER, ttl_s=90 * 86_400)

    async def everything(self) -> None:
        for thread in (IDLE, RESET, WAITING):
            await self.turn(thread, "first")
        await self.turn(IDLE, "second")
        await self.reset(RESET)
        await self.branch()
        await self.wait()
        await self.in_flight(RUNNING, TurnState.RUNNING)
        await self.in_flight(ANSWERED, TurnState.ANSWERED)
        await self.deferred()
        await self.beside()

    async def begin(self, thread: ThreadKey, ts: str, text: str, turn_id: str) -> Lease:
        one, session_id = said(thread, ts, text), f"session-{thread.root_ts}"
        await self.store.inbox.accept(one, session_id)
        await self.store.inbox.enlist(one, session_id)
        lease = await self.store.inbox.acquire(thread)
        assert lease is not None
        assert await self.store.turns.begin(lease, turn_id) is not None
        return lease

    async def turn(self, thread: ThreadKey, text: str) -> None:
        """A turn from its message to its end, with a transcript and files."""
        ts = thread.root_ts if text == "first" else f"{thread.root_ts[:-3]}200"
        lease = await self.begin(thread, ts, text, f"turn-{ts}")
        session = f"session-{thread.root_ts}"
        pair = [entry(f"{ts}-asked", "user", text), entry(f"{ts}-answered", "assistant", f"answer to {text} 🎉")]
        await self.store.transcripts.append(lease, session, "", pair)
        await self.store.transcripts.append(lease, session, "subagents/agent-1", [entry(f"{ts}-side", "user", "side")])
        await self.store.files.put(lease, session, "digest-1", b"\x1f\x8b\x00\xff not really a tar")
        outcome = Outcome(Ending.DONE, session, "model-1", 0.25, 1.5, 2)
        await self.store.turns.finish(lease, f"turn-{ts}", outcome, [f"{ts[:-3]}900"])
        await self.store.inbox.release(lease)

    async def reset(self, thread: ThreadKey) -> None:
        lease = await self.store.inbox.acquire(thread)
        assert lease is not None
        await self.store.threads.reset(lease, "session-after-reset")
        await self.store.inbox.release(lease)
        await self.store.threads.rename(thread, "A title — with ünïcode")
        await self.store.threads.tag(thread, "plans")
        await self.store.threads.set_mentions_only(thread, True)

    async def branch(self) -> None:
        assert await self.store.threads.claim_branch(IDLE, IDLE.root_ts, "U_BEN") is None
        lease = await self.store.inbox.acquire(BRANCH)
        assert lease is not None
        point = Point("session-of-branch", "entry-1", PointKind.REPLY)
        source = Source(IDLE, f"session-{IDLE.root_ts}", IDLE.root_ts)
        branch = Thread(BRANCH, "session-of-branch", "entry-1", "Branch", owner="U_BEN", source=source, model="opus")
        await self.store.transcripts.append(lease, "session-of-branch", "", [entry("entry-1", "user", "first")])
        await self.store.threads.create(lease, branch, {BRANCH.root_ts: point})
        await self.store.threads.record_branch(IDLE, IDLE.root_ts, "U_BEN", BRANCH)
        await self.store.inbox.release(lease)

    async def wait(self) -> None:
        """Prompts and context wait, and nobody holds the thread."""
        at = WAITING.root_ts[:-3]
        await self.store.inbox.accept(said(WAITING, f"{at}300", "an aside", Address.OTHER), "unused")
        await self.store.inbox.accept(said(WAITING, f"{at}400", "with a file"), "unused")
        limits = Limits(max_turns=100, max_budget_usd=10.0)
        go_on = Message(WAITING, f"{at}500", "U_ANA", "Please continue.", Address.BOT, limits=limits)
        await self.store.inbox.accept(go_on, "unused")

    async def in_flight(self, thread: ThreadKey, state: TurnState) -> None:
        """A turn whose worker dies in the middle."""
        lease = await self.begin(thread, thread.root_ts, "a long one", f"turn-{state.value}")
        session = f"session-{thread.root_ts}"
        await self.store.transcripts.append(lease, session, "", [entry(f"{state.value}-1", "user", "a long one")])
        answered = state is TurnState.ANSWERED
        outcome = Outcome(Ending.MAX_TURNS, session, "model-1", 0.5, 9.5, 50, "detail") if answered else None
        parts = (Part(f"{thread.root_ts[:-3]}800", 4, open=False), Part(f"{thread.root_ts[:-3]}900", 2, open=True))
        progress = Progress("half of it 🎉", parts, tool_ran=not answered, outcome=outcome)
        await self.store.turns.save(lease, f"turn-{state.value}", progress, state)

    async def deferred(self) -> None:
        lease = await self.begin(DEFERRED, DEFERRED.root_ts, "delete it", "turn-deferred")
        outcome = Outcome(Ending.DEFERRED, f"session-{DEFERRED.root_ts}", "model-1", 0.1, 1.0, 1)
        await self.store.turns.finish(lease, "turn-deferred", outcome, [])
        await self.store.inbox.release(lease)

    async def beside(self) -> None:
        """What belongs to no thread."""
        await self.store.workers.beat(3)
        await self.store.signals.send("worker-of-tomorrow", Signal(SignalKind.WORK, WAITING))
        await self.store.rates.take([Bucket(f"{TEAM}:chat.postMessage", 1.2, 5)])
        await self.store.channels.set_streaming(TEAM, "C1", "update")


async def contents(client: Redis) -> Mapping[str, object]:
    """Every key with its type, value and remaining life in ms (-1: for ever). Bytes that are no text are in base64."""
    redis, kept = cast("Any", client), {}
    for key in sorted([key async for key in redis.scan_iter()]):
        kind = (await redis.type(key)).decode()
        kept[key.decode()] = {"type": kind, "life_ms": await redis.pttl(key), "value": await _value(redis, kind, key)}
    return kept


async def _value(redis: Any, kind: str, key: bytes) -> object:
    match kind:
        case "string":
            return _text(await redis.get(key))
        case "hash":
            return {_text(name): _text(value) for name, value in sorted((await redis.hgetall(key)).items())}
        case "list":
            return [_text(item) for item in await redis.lrange(key, 0, -1)]
        case "set":
            return sorted(_text(item) for item in await redis.smembers(key))
        case "zset":
            return [[_text(member), score] for member, score in await redis.zrange(key, 0, -1, withscores=True)]
        case "stream":
            return [
                [_text(at), {_text(name): _text(value) for name, value in fields.items()}]
                for at, fields in await redis.xrange(key)
            ]
    raise ValueError(f"a {kind} can't be written down")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode()


async def _main() -> None:
    client = cast("Redis", FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0))))
    await Recorder(client).everything()
    json.dump(await contents(client), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(_main())
