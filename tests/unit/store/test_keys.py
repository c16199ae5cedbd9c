"""Every key is documented, lives as long as it should, and lies on its thread's slot."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from bot.model import (
    Address,
    Bucket,
    Decided,
    Ending,
    Outcome,
    Periods,
    Scope,
    ScopeKind,
    Signal,
    SignalKind,
    Verdict,
)
from bot.ports import SpendRun
from bot.store.keys import PATTERNS, ThreadKeys
from bot.store.sealing import Seal
from bot.store.store import Store
from bot.store.survey import WorkerReport
from tests.contracts.world import THREAD, answered, asked, begun, entries, leased, message

pytestmark = pytest.mark.redis

TTL_S = 1_000
OF_NO_THREAD = (
    "bot:worker:",
    "bot:rate:",
    "bot:audit:",
    "bot:pending:{T1:user:",
    "bot:channels:",
    "bot:spend:",
    "bot:spenders:",
    "bot:homes:",
    "bot:turned-away:",
    "bot:prompts:",
    "bot:workers",
    "bot:served-by:",
    "bot:serves:",
    "bot:oauth-state:",
    "bot:pass-key:",
    "bot:pass:",
)
DOCUMENTED = Path(__file__).parents[3] / "docs" / "redis.md"


async def _use_everything(store: Store) -> None:
    """Leave every kind of key behind."""
    await answered(store, message(), session_id="aaaa")
    lease = await leased(store)
    await store.threads.reset(lease, "bbbb")
    await store.transcripts.append(lease, "bbbb", "subagents/a:1", entries("x"))
    await store.files.put(lease, "bbbb", "digest", b"archive")
    await store.threads.claim_branch(THREAD, "1.1", "U1")
    await store.inbox.accept(message("1700000000.000700"), "bbbb")
    await store.inbox.accept(message("1700000000.000600", address=Address.OTHER), "bbbb")
    await begun(store, lease)
    await store.decisions.record(replace(await asked(store, lease), decided=Decided(Verdict.DENY, "U1", 1.7e9)))
    await store.inbox.accept(message("1700000000.000900"), "bbbb")
    await store.inbox.accept(message("1700000000.000800", address=Address.OTHER), "bbbb")
    await store.signals.send("w2", Signal(SignalKind.WORK, THREAD))
    await store.workers.beat(1)
    await store.survey.report(WorkerReport("w1"))
    what = "T1:chat.postMessage"
    await store.rates.take([Bucket(what, 10.0, 1), Bucket(what, 10.0, 1, channel="C1")])
    await store.channels.set_streaming("T1", "C1", "update")
    installations = store.installations(Seal([Fernet.generate_key().decode()]))
    await installations.put("T1", "token")
    await installations.serve("T1", "E1")
    await store.oauth_states.keep("state")
    for scope in (Scope(ScopeKind.USER, "T1", "U1"), Scope(ScopeKind.WORKSPACE, "T1")):
        await store.spend.settle(scope, Periods("2026-11-21", "2026-11"), SpendRun("turn", "run"), 0.5)
    await store.homes.keep("T1", "U1", "{}")
    await store.turned_away.first("T1", "C1", "U1")
    await store.departures.depart("T9", 1e10)
    await store.passes.key(1, "fresh")
    await store.passes.first("p1", 600)
    await store.prompt_counts.count("T1", "user:U1", "C1:1.1", 1, 60.0)


async def _kept(client: Redis) -> dict[str, int]:
    """Every key with its remaining life in seconds; -1 for ever."""
    names = [name async for name in client.scan_iter()]
    return {name.decode(): await client.ttl(name) for name in names}


def _form(pattern: str) -> re.Pattern[str]:
    parts = {"<thread>": r"[^:{}]+:[^:{}]+:[^:{}]+", "<subpath>": r".*"}
    escaped = re.split(r"(<\w+>)", pattern)
    return re.compile("".join(parts.get(part, r"[^:{}]+") if part[:1] == "<" else re.escape(part) for part in escaped))


async def test_every_key_has_a_documented_form_and_every_form_is_used(client: Redis) -> None:
    await _use_everything(Store(client, "w1", ttl_s=TTL_S))
    used = {name: [pattern for pattern in PATTERNS if _form(pattern).fullmatch(name)] for name in await _kept(client)}
    assert {name for name, patterns in used.items() if len(patterns) != 1} == set()
    assert {patterns[0] for patterns in used.values()} == set(PATTERNS)


def test_the_document_lists_every_key_and_no_other() -> None:
    rows = re.findall(r"^\| `(bot:[^`]+)` \|", DOCUMENTED.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(PATTERNS)


async def test_no_key_lives_for_ever_when_threads_do_not(client: Redis) -> None:
    await _use_everything(Store(client, "w1", ttl_s=TTL_S))
    lives = await _kept(client)
    # A workspace's right to be answered ends when it removes the app, not by itself.
    for_ever = {"bot:installation:{T1}", "bot:installations", "bot:departing"}
    assert {name for name, left_s in lives.items() if left_s < 0} == for_ever
    of_their_own = re.compile(
        r".*:(lease|fence)$|bot:(workers|(worker|signals|rate|channels|audit|pending|homes|prompts|turned-away|spend|"
        r"spenders|served-by|serves|oauth-state|pass|pass-key):.*)"
    )
    threads = {name: left_s for name, left_s in lives.items() if not of_their_own.match(name) and name not in for_ever}
    assert {name for name, left_s in threads.items() if not TTL_S - 60 < left_s <= TTL_S * 1.1} == set()


async def test_with_no_lifetime_all_that_threads_have_stays(client: Redis) -> None:
    await _use_everything(Store(client, "w1", ttl_s=0))
    ending = {name for name, left_s in (await _kept(client)).items() if left_s >= 0}
    of_no_thread = {name for name in ending if name.startswith(OF_NO_THREAD)}
    assert ending - of_no_thread == {f"bot:{{{THREAD}}}:lease", f"bot:{{{THREAD}}}:fence", "bot:signals:{w2}"}


async def test_what_is_extended_seldom_outlives_its_thread(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=TTL_S)
    await _use_everything(store)
    lives = await _kept(client)
    large = {left_s for name, left_s in lives.items() if re.search(":(transcript|uuids|subpaths|files):", name)}
    assert min(large) >= lives[ThreadKeys(THREAD).record] + TTL_S / 10 - 1


async def test_a_message_extends_what_was_not_extended_for_long(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=TTL_S)
    await answered(store, message())
    large = ThreadKeys(THREAD).transcript("s1", "")
    await client.expire(large, 100)
    await store.inbox.accept(message("1700000000.000700"), "s2")
    assert await client.ttl(large) == 100
    await client.hset(ThreadKeys(THREAD).record, "extended_at_us", "1")
    await store.inbox.accept(message("1700000000.000800"), "s2")
    assert await client.ttl(large) > TTL_S
    await client.expire(large, 100)
    await store.inbox.accept(message("1700000000.000900"), "s2")
    assert await client.ttl(large) == 100


async def test_a_turn_extends_the_life_of_everything_its_thread_has(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=TTL_S)
    await _use_everything(store)
    for name in await _kept(client):
        if not name.endswith((":lease", ":fence")):
            await client.expire(name, 100)
    await client.hset(ThreadKeys(THREAD).record, "extended_at_us", "1")
    await client.delete(ThreadKeys(THREAD).lease)
    lease = await leased(store)
    turn = await begun(store, lease, "turn-2")
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, "bbbb"), [])
    lives = await _kept(client)
    threads = {name: left_s for name, left_s in lives.items() if name.startswith(f"bot:{{{THREAD}}}")}
    assert {name for name, left_s in threads.items() if left_s <= 100 and not name.endswith(":lease")} == set()
    listed = {name for name in lives if name.startswith(("bot:threads:", "bot:sessions:"))}
    assert {name for name in listed if lives[name] <= 100} == set()
