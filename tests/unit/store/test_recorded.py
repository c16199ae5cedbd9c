"""This release goes on with what each earlier one left in Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from redis.asyncio import Redis

from bot.model import (
    Ending,
    Lease,
    Outcome,
    Person,
    PointKind,
    Thread,
    ThreadFilter,
    ThreadKey,
    ThreadStatus,
    Turn,
    TurnState,
)
from bot.store.keys import ThreadKeys
from bot.store.store import Store
from tests.recorded.record import ANSWERED, BRANCH, DEFERRED, IDLE, RESET, RUNNING, TEAM, WAITING, Recorder, said
from tests.recorded.replay import RELEASES, replay

ANA = Person(TEAM, "U_ANA")
ALL = (IDLE, RESET, BRANCH, WAITING, RUNNING, ANSWERED, DEFERRED)


@pytest.fixture(params=[*RELEASES, "this one"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """This release's store over what another one left. What it leaves itself shows that the recorder still works."""
    client = cast("Redis", FakeAsyncRedis(server=FakeServer(server_type="redis", version=(7, 0)), protocol=2))
    if request.param == "this one":
        recorder = Recorder(client)
        await recorder.everything()
        await client.delete(*(ThreadKeys(thread).lease for thread in ALL))
    else:
        await replay(client, request.param)
    yield Store(client, "worker-of-this-release", ttl_s=0)
    await client.aclose()


async def kept(store: Store, thread: ThreadKey) -> Thread:
    found = await store.threads.get(thread)
    assert found is not None
    return found


async def leased(store: Store, thread: ThreadKey) -> Lease:
    lease = await store.inbox.acquire(thread)
    assert lease is not None
    return lease


async def begun(store: Store, lease: Lease) -> Turn:
    turn = await store.turns.begin(lease, "turn-of-this-release")
    assert turn is not None
    return turn


async def test_threads_are_read_with_all_that_was_known_of_them(store: Store) -> None:
    idle, reset, branch = [await kept(store, thread) for thread in (IDLE, RESET, BRANCH)]

    assert (idle.title, idle.owner, idle.people, idle.turns, idle.cost_usd) == ("first", "U_ANA", ("U_ANA",), 2, 0.5)
    assert (reset.title, reset.tag, reset.mentions_only) == ("A title — with ünïcode", "plans", True)
    assert reset.session_id == "session-after-reset"
    assert [(old.session_id, old.turns) for old in reset.archived] == [(f"session-{RESET.root_ts}", 1)]
    assert branch.source is not None
    assert (branch.source.thread, branch.model, branch.owner) == (IDLE, "opus", "U_BEN")


async def test_each_thread_is_in_the_state_it_was_left_in(store: Store) -> None:
    statuses = [(await kept(store, thread)).status for thread in ALL]

    rest, wait, run = ThreadStatus.IDLE, ThreadStatus.WAITING, ThreadStatus.RUNNING
    assert statuses == [rest, rest, rest, wait, run, run, ThreadStatus.DEFERRED]


async def test_threads_are_listed_and_found(store: Store) -> None:
    everything = await store.threads.page(ThreadFilter(TEAM))
    tagged = await store.threads.page(ThreadFilter(TEAM, tag="plans"))
    ((thread, session),) = await store.threads.find(TEAM, "session-of-b")

    assert {thread.key for thread in everything.threads} == set(ALL)
    assert [thread.key for thread in tagged.threads] == [RESET]
    assert (thread, session) == (BRANCH, "session-of-branch")


async def test_messages_lead_to_where_they_led(store: Store) -> None:
    asked, answered = (
        await store.threads.point(IDLE, IDLE.root_ts),
        await store.threads.point(IDLE, f"{IDLE.root_ts[:-3]}900"),
    )

    assert asked is not None
    assert answered is not None
    assert (asked.kind, asked.entry, answered.kind) == (PointKind.PROMPT, "", PointKind.REPLY)
    assert answered.entry.endswith("-answered")
    assert await store.threads.claim_branch(IDLE, IDLE.root_ts, "U_BEN") == BRANCH


async def test_transcripts_and_files_are_whole(store: Store) -> None:
    session = f"session-{IDLE.root_ts}"
    lines = await store.transcripts.load(IDLE, session, "")

    assert lines is not None
    assert len(lines) == 4
    assert "answer to second 🎉" in lines[3]
    assert set(await store.transcripts.subpaths(IDLE, session)) >= {"subagents/agent-1"}
    assert await store.files.get(IDLE, session) == b"\x1f\x8b\x00\xff not really a tar"


async def test_work_that_nobody_holds_is_found(store: Store) -> None:
    assert set(await store.inbox.abandoned(10)) >= {WAITING, RUNNING, ANSWERED}


async def test_what_waited_becomes_the_next_turn(store: Store) -> None:
    turn = await begun(store, await leased(store, WAITING))

    texts = [message.text for message in turn.prompt.messages]
    assert texts == ["with a file", "Please continue."]
    assert [message.text for message in turn.prompt.context] == ["an aside"]
    assert turn.prompt.messages[0].files[0].name == "plan.png"
    assert turn.prompt.limits is not None
    assert (turn.prompt.limits.max_turns, turn.prompt.limits.max_budget_usd) == (100, 10.0)


def _shown(turn: Turn) -> int:
    """How many characters Slack has confirmed."""
    return sum(part.shown for part in turn.progress.parts)


async def test_a_turn_in_flight_is_taken_up_and_ended(store: Store) -> None:
    lease = await leased(store, RUNNING)
    turn = await begun(store, lease)

    assert (turn.id, turn.state, turn.attempt) == ("turn-running", TurnState.RUNNING, 2)
    assert (turn.progress.said, _shown(turn), turn.progress.tool_ran) == ("half of it 🎉", 6, True)
    await store.turns.finish(lease, turn.id, Outcome(Ending.DONE, turn.thread.session_id), ["1700000004.000900"])
    assert (await kept(store, RUNNING)).status is ThreadStatus.IDLE


async def test_an_answer_that_was_complete_is_only_delivered(store: Store) -> None:
    turn = await begun(store, await leased(store, ANSWERED))

    assert turn.state is TurnState.ANSWERED
    assert turn.progress.outcome is not None
    assert (turn.progress.outcome.ending, turn.progress.outcome.detail) == (Ending.MAX_TURNS, "detail")


async def test_a_message_taken_by_the_earlier_release_is_not_answered_again(store: Store) -> None:
    receipt = await store.inbox.accept(said(IDLE, IDLE.root_ts, "first"), "another")

    assert receipt.taken.value == "duplicate"


async def test_a_channels_settings_stay(store: Store) -> None:
    assert await store.channels.streaming(TEAM, "C1") == "update"
