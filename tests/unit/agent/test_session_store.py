"""The SDK's session store over the port: the SDK's own conformance suite, and what it does not check."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claude_agent_sdk import SessionKey
from claude_agent_sdk.testing import run_session_store_conformance
from claude_agent_sdk.types import SessionListSubkeysKey

from bot.agent.entries import kept_entry
from bot.agent.session_store import ThreadTranscripts, as_session_store
from bot.errors import BotError, LeaseLost, StoreAway
from bot.model import Lease, ThreadKey
from tests.unit.agent.stored import StoredTranscripts

THREAD = ThreadKey("T", "C", "1.0")
LEASE = Lease(THREAD, "w", 1)
KEY: SessionKey = {"project_key": "p", "session_id": "s"}


class StorePerProject:
    """What a project is to the SDK, a thread is to us: routes each project to a thread of its own."""

    def __init__(self) -> None:
        self._transcripts = StoredTranscripts()

    def _of(self, key: SessionKey | SessionListSubkeysKey) -> ThreadTranscripts:
        thread = ThreadKey("T", key["project_key"], "1.0")
        return ThreadTranscripts(self._transcripts, thread, Lease(thread, "w", 1))

    async def append(self, key: SessionKey, entries: list[Any]) -> None:
        await self._of(key).append(key, entries)

    async def load(self, key: SessionKey) -> Any:
        return await self._of(key).load(key)

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        return await self._of(key).list_subkeys(key)


async def test_the_store_conforms_to_the_sdks_contracts() -> None:
    await run_session_store_conformance(lambda: as_session_store(StorePerProject()))


async def test_appending_an_entry_twice_keeps_it_once() -> None:
    store = ThreadTranscripts(StoredTranscripts(), THREAD, LEASE)
    entries: list[Any] = [{"type": "user", "uuid": "a"}, {"type": "mode"}]
    await store.append(KEY, entries)
    await store.append(KEY, [*entries[:1], {"type": "user", "uuid": "b"}])
    assert [entry.get("uuid") for entry in await store.load(KEY) or ()] == ["a", None, "b"]


async def test_a_session_is_found_whatever_the_project() -> None:
    store = ThreadTranscripts(StoredTranscripts(), THREAD, LEASE)
    await store.append(KEY, [{"type": "user", "uuid": "a"}])
    assert await store.load({"project_key": "elsewhere", "session_id": "s"}) is not None


@pytest.mark.parametrize(
    ("entry", "anchor"),
    [
        ({"type": "user", "uuid": "a"}, True),
        ({"type": "assistant", "uuid": "a"}, True),
        ({"type": "attachment", "uuid": "a"}, True),
        ({"type": "system", "uuid": "a"}, True),
        ({"type": "user", "uuid": "a", "isSidechain": True}, False),
        ({"type": "custom-title", "uuid": "a"}, False),
        ({"type": "queue-operation"}, False),
        ({"type": "user"}, False),
    ],
)
def test_a_transcript_can_be_cut_after_what_a_fork_copies(entry: Any, anchor: bool) -> None:
    kept = kept_entry(entry)
    assert kept.anchor is anchor
    assert kept.uuid == entry.get("uuid", "")
    assert json.loads(kept.body) == entry


async def test_a_lost_lease_is_told_once_and_stops_all_further_writing() -> None:
    transcripts = StoredTranscripts(lost=True)
    store, told = ThreadTranscripts(transcripts, THREAD, LEASE), list[BotError]()
    store.on_failed = told.append
    for _ in range(3):
        with pytest.raises(LeaseLost):
            await store.append(KEY, [{"type": "user", "uuid": "a"}])
        transcripts.lost = False
    assert len(told) == 1
    assert not transcripts.entries


async def test_a_write_waits_while_the_store_is_away() -> None:
    transcripts = StoredTranscripts(away=True)
    store = ThreadTranscripts(transcripts, THREAD, LEASE)
    transcripts.when_away = lambda: setattr(transcripts, "away", False)
    await store.append(KEY, [{"type": "user", "uuid": "a"}])
    assert await store.load(KEY) == [{"type": "user", "uuid": "a"}]


async def test_a_store_that_stays_away_is_told() -> None:
    store, told = ThreadTranscripts(StoredTranscripts(away=True), THREAD, LEASE, patience_s=0.0), list[BotError]()
    store.on_failed = told.append
    with pytest.raises(StoreAway):
        await store.append(KEY, [{"type": "user", "uuid": "a"}])
    assert [type(error) for error in told] == [StoreAway]
    with pytest.raises(StoreAway):
        await store.load(KEY)
    assert store.away is not None


async def test_nothing_is_written_without_a_lease() -> None:
    transcripts = StoredTranscripts()
    store = ThreadTranscripts(transcripts, THREAD)
    await store.append(KEY, [{"type": "user", "uuid": "a"}])
    assert not transcripts.entries
    assert store.tail == ""


async def test_what_comes_between_two_turns_is_written_first_of_all_under_the_next_lease() -> None:
    transcripts = StoredTranscripts()
    store = ThreadTranscripts(transcripts, THREAD, LEASE)
    await store.append(KEY, [{"type": "user", "uuid": "a"}])
    await store.rest()
    await store.append(KEY, [{"type": "system", "uuid": "late"}])
    assert (store.tail, transcripts.tail(THREAD, "s")) == ("a", "a")
    later = Lease(THREAD, "w", 2)
    await store.bind(later)
    await store.append(KEY, [{"type": "user", "uuid": "b"}])
    assert [entry["uuid"] for entry in await store.load(KEY) or ()] == ["a", "late", "b"]
    assert transcripts.leases[-2:] == [later, later]
    assert store.tail == "b"


async def test_what_was_held_back_and_can_not_be_kept_is_told() -> None:
    transcripts = StoredTranscripts()
    store = ThreadTranscripts(transcripts, None)
    await store.append(KEY, [{"type": "user", "uuid": "a"}])
    transcripts.lost = True
    with pytest.raises(LeaseLost):
        await store.bind(LEASE)
    assert not store.sound


async def test_a_process_that_writes_without_end_between_turns_is_not_sound() -> None:
    store = ThreadTranscripts(StoredTranscripts(), None)
    for _ in range(1000):
        await store.append(KEY, [{"type": "user", "uuid": "a"}])
    with pytest.raises(LeaseLost):
        await store.append(KEY, [{"type": "user", "uuid": "b"}])
    assert not store.sound


async def test_the_tail_is_that_of_what_was_loaded_until_more_is_written() -> None:
    transcripts = StoredTranscripts()
    await ThreadTranscripts(transcripts, THREAD, LEASE).append(
        KEY, [{"type": "user", "uuid": "a"}, {"type": "custom-title", "uuid": "label"}]
    )
    store = ThreadTranscripts(transcripts, THREAD)
    await store.load(KEY)
    assert store.tail == "a"
    await store.bind(LEASE)
    await store.append(KEY, [{"type": "last-prompt"}])
    assert store.tail == "a"
    await store.append({**KEY, "subpath": "subagents/x"}, [{"type": "user", "uuid": "side"}])
    assert store.tail == "a"
