"""How long a decision waits, and how far the audit trail reaches back."""

from __future__ import annotations

from typing import Any, cast

from redis.asyncio import Redis

from bot.model import Decided, Verdict
from bot.store import keys
from bot.store.store import Store
from tests.contracts.world import deferred

DAY_S = 86_400


async def test_a_decision_expires_before_its_thread_does(client: Redis) -> None:
    decision = await deferred(Store(client, "w1", ttl_s=DAY_S, decision_ttl_s=3 * DAY_S))
    assert 0.8 * DAY_S < decision.expires_at - decision.asked_at < DAY_S


async def test_what_is_older_than_the_trail_reaches_back_goes_with_the_next_entry(client: Redis) -> None:
    store = Store(client, "w1", ttl_s=0, audit_s=2 * DAY_S)
    decision = await deferred(store)
    now_s = int(decision.asked_at)
    for age_days in (30, 3, 1):
        then_ms = (now_s - age_days * DAY_S) * 1000
        await client.xadd(keys.audit("T1"), {"decision": f"{age_days} days ago"}, id=f"{then_ms}-1")
    decided = await store.decisions.decide(decision.thread, decision.id, Decided(Verdict.DENY, "U1", now_s))
    await store.decisions.record(decided)
    entries = await cast("Any", client.xrange(keys.audit("T1")))
    assert [fields[b"decision"] for _, fields in entries] == [b"1 days ago", decision.id.encode()]
    assert 0 < await client.ttl(keys.audit("T1")) <= 2 * DAY_S
