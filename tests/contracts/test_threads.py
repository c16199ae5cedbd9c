"""Threads: made for branches, reset, restored, labelled, found again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import LeaseLost, Reason, Refusal
from bot.model import Lease, Message, Point, PointKind, Source, Thread, ThreadKey
from tests.contracts.world import (
    OTHER_THREAD,
    THREAD,
    AnyStore,
    World,
    answered,
    arrived,
    begun,
    entries,
    leased,
    message,
)

BRANCH = ThreadKey("T1", "C1", "1700000900.000100")


async def thread_of(store: AnyStore, key: ThreadKey = THREAD) -> Thread:
    thread = await store.threads.get(key)
    assert thread is not None
    return thread


async def branched(store: AnyStore, session_id: str = "b1") -> Lease:
    lease = await leased(store, BRANCH)
    await store.threads.create(lease, Thread(BRANCH, session_id, owner="U2"), {})
    return lease


async def test_an_unknown_thread_is_none(store: AnyStore) -> None:
    assert await store.threads.get(THREAD) is None


async def test_a_branch_is_kept_whole(store: AnyStore) -> None:
    made = Thread(
        BRANCH,
        "b1",
        head="e3",
        title="The party (branch)",
        tag="fun",
        owner="U2",
        people=("U2",),
        mentions_only=True,
        model="model-1",
        source=Source(THREAD, "s1", "1700000000.000900"),
    )
    points = {"1700000900.000100": Point("b1", "e3", PointKind.REPLY), "1.2": Point("b1", "", PointKind.PROMPT)}
    await store.threads.create(await leased(store, BRANCH), made, points)
    kept = await thread_of(store, BRANCH)
    assert kept == replace(made, created_at=kept.created_at, active_at=kept.active_at)
    assert kept.created_at == kept.active_at > 1_600_000_000
    for ts, point in points.items():
        assert await store.threads.point(BRANCH, ts) == point


async def test_a_branch_replaces_what_an_early_message_made_and_keeps_the_message(store: AnyStore) -> None:
    await store.inbox.accept(message("1700000900.000200", "early", thread=BRANCH), "early-session")
    lease = await branched(store)
    thread = await thread_of(store, BRANCH)
    assert (thread.session_id, thread.owner) == ("b1", "U2")
    turn = await begun(store, lease)
    assert (turn.thread.session_id, [kept.text for kept in turn.prompt.messages]) == ("b1", ["early"])


async def test_after_a_reset_the_thread_has_an_empty_session_and_keeps_the_old_one(store: AnyStore) -> None:
    await answered(store, message(text="Plan the party"))
    before = await thread_of(store)
    archived = await store.threads.reset(await leased(store), "s2")
    assert (archived.session_id, archived.title, archived.turns, archived.cost_usd, archived.head) == (
        "s1",
        "Plan the party",
        1,
        0.25,
        "e1",
    )
    assert archived.archived_at >= before.active_at
    thread = await thread_of(store)
    assert (thread.session_id, thread.head, thread.turns, thread.cost_usd) == ("s2", "", 0, 0.0)
    assert thread.archived == (archived,)
    assert (thread.owner, thread.people, thread.created_at) == (before.owner, before.people, before.created_at)


async def test_points_of_an_archived_session_still_lead_there(store: AnyStore) -> None:
    await answered(store, message())
    await store.threads.reset(await leased(store), "s2")
    assert await store.threads.point(THREAD, "1700000000.000900") == Point("s1", "e1", PointKind.REPLY)
    assert await store.transcripts.load(THREAD, "s1", "") == ['{"uuid":"e1"}']


async def test_the_first_prompt_after_a_reset_gives_the_new_title(store: AnyStore) -> None:
    await answered(store, message(text="Plan the party"))
    lease = await leased(store)
    await store.threads.reset(lease, "s2")
    await store.inbox.release(lease)
    await answered(store, message("1700000000.000950", "Write a song"), entry="f1", reply_ts="1700000000.000960")
    thread = await thread_of(store)
    assert (thread.title, thread.head, thread.archived[0].title) == ("Write a song", "f1", "Plan the party")


async def test_an_unused_session_is_replaced_and_not_archived(store: AnyStore) -> None:
    lease = await branched(store)
    assert (await store.threads.reset(lease, "b2")).session_id == "b1"
    thread = await thread_of(store, BRANCH)
    assert (thread.session_id, thread.archived) == ("b2", ())


async def test_a_session_without_a_turn_but_with_a_transcript_is_archived(store: AnyStore) -> None:
    lease = await branched(store)
    await store.transcripts.append(lease, "b1", "", entries("e1"))
    await store.threads.reset(lease, "b2")
    assert [session.session_id for session in (await thread_of(store, BRANCH)).archived] == ["b1"]


async def test_restoring_swaps_the_sessions(store: AnyStore) -> None:
    await answered(store, message(text="Plan the party"))
    lease = await leased(store)
    archived = await store.threads.reset(lease, "s2")
    await store.inbox.release(lease)
    await answered(store, message("1700000000.000950", "Write a song"), entry="f1", reply_ts="1700000000.000960")
    assert await store.threads.restore(await leased(store)) == archived
    thread = await thread_of(store)
    assert (thread.session_id, thread.head, thread.title, thread.turns) == ("s1", "e1", "Plan the party", 1)
    assert [(session.session_id, session.title) for session in thread.archived] == [("s2", "Write a song")]


async def test_restoring_drops_an_unused_session(store: AnyStore) -> None:
    await answered(store, message())
    lease = await leased(store)
    await store.threads.reset(lease, "s2")
    await store.threads.restore(lease)
    thread = await thread_of(store)
    assert (thread.session_id, thread.archived) == ("s1", ())


async def test_any_archived_session_can_be_restored_the_last_one_by_default(store: AnyStore) -> None:
    lease = await branched(store, "b0")
    for number in range(3):
        await store.transcripts.append(lease, f"b{number}", "", entries(f"e{number}"))
        await store.threads.reset(lease, f"b{number + 1}")
    assert (await store.threads.restore(lease, "b0")).session_id == "b0"
    assert [session.session_id for session in (await thread_of(store, BRANCH)).archived] == ["b1", "b2"]
    assert (await store.threads.restore(lease)).session_id == "b2"
    assert [session.session_id for session in (await thread_of(store, BRANCH)).archived] == ["b1", "b0"]


@pytest.mark.parametrize("session_id", ["", "unknown"])
async def test_nothing_archived_is_refused(store: AnyStore, session_id: str) -> None:
    lease = await branched(store)
    with pytest.raises(Refusal) as refused:
        await store.threads.restore(lease, session_id)
    assert refused.value.reason is Reason.NOTHING_ARCHIVED


async def test_a_thread_that_is_gone_can_not_be_reset(store: AnyStore) -> None:
    with pytest.raises(LeaseLost):
        await store.threads.reset(await leased(store), "s2")


async def test_archived_sessions_are_bounded(store: AnyStore) -> None:
    lease = await branched(store, "b0")
    for number in range(25):
        await store.transcripts.append(lease, f"b{number}", "", entries("e"))
        await store.threads.reset(lease, f"b{number + 1}")
    archived = (await thread_of(store, BRANCH)).archived
    assert (len(archived), archived[-1].session_id) == (20, "b24")


async def test_labels_are_set_and_cleared_without_a_lease(store: AnyStore) -> None:
    await answered(store, message())
    await store.threads.rename(THREAD, "Party 🎉")
    await store.threads.tag(THREAD, "fun")
    await store.threads.set_mentions_only(THREAD, True)
    thread = await thread_of(store)
    assert (thread.title, thread.tag, thread.mentions_only) == ("Party 🎉", "fun", True)
    await store.threads.tag(THREAD, "")
    await store.threads.set_mentions_only(THREAD, False)
    thread = await thread_of(store)
    assert (thread.tag, thread.mentions_only) == ("", False)


async def test_a_renamed_thread_keeps_its_name_when_prompts_come(store: AnyStore) -> None:
    await answered(store, message())
    await store.threads.rename(THREAD, "Party")
    await store.inbox.accept(message("1700000000.000950", "something else"), "s1")
    assert (await thread_of(store)).title == "Party"


async def test_labels_do_not_make_a_thread(store: AnyStore) -> None:
    await store.threads.rename(THREAD, "Party")
    await store.threads.tag(THREAD, "fun")
    await store.threads.set_mentions_only(THREAD, True)
    assert await store.threads.get(THREAD) is None


async def test_one_of_several_claims_at_once_is_ours(world: World) -> None:
    claims = await asyncio.gather(
        *(world.worker(f"w{number}").threads.claim_branch(THREAD, "1.1", "U1") for number in range(5)),
        return_exceptions=True,
    )
    assert claims.count(None) == 1
    assert [claim.reason for claim in claims if isinstance(claim, Refusal)] == [Reason.BUSY] * 4


async def test_the_same_person_gets_the_same_branch_and_another_their_own(store: AnyStore) -> None:
    await branched(store)
    assert await store.threads.claim_branch(THREAD, "1.1", "U1") is None
    await store.threads.record_branch(THREAD, "1.1", "U1", BRANCH)
    assert await store.threads.claim_branch(THREAD, "1.1", "U1") == BRANCH
    assert await store.threads.claim_branch(THREAD, "1.1", "U2") is None
    assert await store.threads.claim_branch(THREAD, "2.2", "U1") is None
    assert await store.threads.claim_branch(OTHER_THREAD, "1.1", "U1") is None


async def test_a_claim_given_back_can_be_had_again(store: AnyStore) -> None:
    await store.threads.claim_branch(THREAD, "1.1", "U1")
    await store.threads.record_branch(THREAD, "1.1", "U1", None)
    assert await store.threads.claim_branch(THREAD, "1.1", "U1") is None


async def test_giving_back_a_claim_does_not_forget_a_branch_that_was_made(store: AnyStore) -> None:
    await branched(store)
    await store.threads.claim_branch(THREAD, "1.1", "U1")
    await store.threads.record_branch(THREAD, "1.1", "U1", BRANCH)
    await store.threads.record_branch(THREAD, "1.1", "U1", None)
    assert await store.threads.claim_branch(THREAD, "1.1", "U1") == BRANCH


async def test_a_branch_that_has_expired_is_made_again(store: AnyStore) -> None:
    await store.threads.claim_branch(THREAD, "1.1", "U1")
    await store.threads.record_branch(THREAD, "1.1", "U1", BRANCH)
    assert await store.threads.get(BRANCH) is None
    assert await store.threads.claim_branch(THREAD, "1.1", "U1") is None
    with pytest.raises(Refusal):
        await store.threads.claim_branch(THREAD, "1.1", "U1")


async def _answered_with(store: AnyStore, one: Message, session_id: str) -> None:
    await answered(store, one, session_id=session_id)


async def test_a_session_is_found_by_the_start_of_its_id(store: AnyStore) -> None:
    await _answered_with(store, message(), "abcd1111-0000")
    await _answered_with(store, message(thread=OTHER_THREAD), "abcd2222-0000")
    await store.threads.reset(await leased(store), "ffff0000-0000")
    found = store.threads.find
    assert list(await found("T1", "abcd1")) == [(THREAD, "abcd1111-0000")]
    assert list(await found("T1", "abcd")) == [(THREAD, "abcd1111-0000"), (OTHER_THREAD, "abcd2222-0000")]
    assert list(await found("T1", "ffff0000-0000")) == [(THREAD, "ffff0000-0000")]
    for team, prefix in (("T2", "abcd"), ("T1", "abce"), ("T1", ""), ("T1", "abcd1111-00000")):
        assert list(await found(team, prefix)) == []


async def test_at_most_ten_sessions_are_found(store: AnyStore) -> None:
    for number in range(12):
        key = ThreadKey("T1", "C1", f"17000000{number:02}.000100")
        await arrived(store, message(thread=key), f"aa{number:02}")
    assert [session_id for _, session_id in await store.threads.find("T1", "aa")] == [f"aa{n:02}" for n in range(10)]


async def test_a_session_that_was_given_up_is_not_found(store: AnyStore) -> None:
    lease = await branched(store, "aaaa")
    await store.threads.reset(lease, "bbbb")
    assert list(await store.threads.find("T1", "aaaa")) == []
    assert list(await store.threads.find("T1", "bbbb")) == [(BRANCH, "bbbb")]


async def test_the_branches_of_a_thread_are_told_and_not_what_is_only_being_made(store: AnyStore) -> None:
    made = [ThreadKey("T1", "C1", "1700000005.000100"), ThreadKey("T1", "D1", "1700000004.000100")]
    for ts, branch in zip(("1700000001.000100", "1700000002.000100"), made, strict=True):
        await store.threads.claim_branch(THREAD, ts, "U1")
        await store.threads.record_branch(THREAD, ts, "U1", branch)
    await store.threads.claim_branch(THREAD, "1700000003.000100", "U1")
    assert await store.threads.branches(THREAD) == [made[1], made[0]]
    assert await store.threads.branches(OTHER_THREAD) == []
