"""Transcripts come back as they were written, once, in order; files too."""

from __future__ import annotations

import json

from bot.model import TranscriptEntry
from tests.contracts.world import OTHER_THREAD, THREAD, AnyStore, World, answered, entries, leased, message


def bodies(*uuids: str) -> list[str]:
    return [entry.body for entry in entries(*uuids)]


async def test_an_unknown_transcript_is_none(store: AnyStore) -> None:
    assert await store.transcripts.load(THREAD, "s1", "") is None
    assert list(await store.transcripts.subpaths(THREAD, "s1")) == []
    assert await store.turns.tail(THREAD, "s1") == ""


async def test_entries_come_back_in_order(store: AnyStore) -> None:
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "", entries("b", "a"))
    await store.transcripts.append(lease, "s1", "", entries("c"))
    assert await store.transcripts.load(THREAD, "s1", "") == bodies("b", "a", "c")


async def test_a_body_comes_back_byte_by_byte(store: AnyStore) -> None:
    odd = ['{"z":1,"a":[]}', "not json at all", "null", "", "🎉 \u2028 \x00 \\ud83d", "half \ud83d", " spaces "]
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "", [TranscriptEntry("", anchor=False, body=body) for body in odd])
    assert await store.transcripts.load(THREAD, "s1", "") == odd


async def test_an_entry_that_is_there_is_skipped(world: World, store: AnyStore) -> None:
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "", entries("a", "b"))
    await store.transcripts.append(lease, "s1", "", entries("a", "b", "c", "c"))
    assert await store.transcripts.load(THREAD, "s1", "") == bodies("a", "b", "c")


async def test_entries_without_a_uuid_are_all_kept(store: AnyStore) -> None:
    lease = await leased(store)
    same = TranscriptEntry("", anchor=False, body="{}")
    await store.transcripts.append(lease, "s1", "", [same, same])
    await store.transcripts.append(lease, "s1", "", [same])
    assert await store.transcripts.load(THREAD, "s1", "") == ["{}"] * 3


async def test_appending_nothing_makes_no_transcript(store: AnyStore) -> None:
    await store.transcripts.append(await leased(store), "s1", "", [])
    assert await store.transcripts.load(THREAD, "s1", "") is None


async def test_the_tail_is_the_last_entry_to_cut_after(store: AnyStore) -> None:
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "", [TranscriptEntry("x", anchor=False, body="{}")])
    assert await store.turns.tail(THREAD, "s1") == ""
    mixed = [*entries("a", "b"), TranscriptEntry("c", anchor=False, body="{}"), TranscriptEntry("", False, "{}")]
    await store.transcripts.append(lease, "s1", "", mixed)
    assert await store.turns.tail(THREAD, "s1") == "b"
    await store.transcripts.append(lease, "s1", "", entries("a"))
    await store.transcripts.append(lease, "s1", "subagents/agent-1", entries("z"))
    assert await store.turns.tail(THREAD, "s1") == "b"


async def test_side_transcripts_lie_beside_the_main_one(store: AnyStore) -> None:
    lease = await leased(store)
    await store.transcripts.append(lease, "s1", "subagents/b:1", entries("b"))
    await store.transcripts.append(lease, "s1", "subagents/a", entries("a"))
    assert await store.transcripts.load(THREAD, "s1", "") is None
    await store.transcripts.append(lease, "s1", "", entries("a"))
    assert list(await store.transcripts.subpaths(THREAD, "s1")) == ["subagents/a", "subagents/b:1"]
    assert await store.transcripts.load(THREAD, "s1", "subagents/b:1") == bodies("b")
    assert await store.transcripts.load(THREAD, "s1", "") == bodies("a")


async def test_sessions_and_threads_are_kept_apart(store: AnyStore) -> None:
    lease, other = await leased(store), await leased(store, OTHER_THREAD)
    await store.transcripts.append(lease, "s1", "", entries("a"))
    await store.transcripts.append(lease, "s2", "", entries("b"))
    await store.transcripts.append(other, "s1", "", entries("c"))
    assert await store.transcripts.load(THREAD, "s1", "") == bodies("a")
    assert await store.transcripts.load(THREAD, "s2", "") == bodies("b")
    assert await store.transcripts.load(OTHER_THREAD, "s1", "") == bodies("c")


async def test_deleting_removes_a_sessions_transcripts_and_no_others(store: AnyStore) -> None:
    lease = await leased(store)
    for session_id in ("s1", "s2"):
        for subpath in ("", "side"):
            await store.transcripts.append(lease, session_id, subpath, entries("a"))
    await store.transcripts.delete(lease, "s1")
    assert await store.transcripts.load(THREAD, "s1", "") is None
    assert await store.transcripts.load(THREAD, "s1", "side") is None
    assert list(await store.transcripts.subpaths(THREAD, "s1")) == []
    assert await store.turns.tail(THREAD, "s1") == ""
    assert await store.transcripts.load(THREAD, "s2", "side") == bodies("a")
    await store.transcripts.append(lease, "s1", "", entries("a"))
    assert await store.transcripts.load(THREAD, "s1", "") == bodies("a")


async def test_a_batch_of_five_hundred_is_kept(store: AnyStore) -> None:
    uuids = [f"e{number}" for number in range(500)]
    await store.transcripts.append(await leased(store), "s1", "", entries(*uuids))
    assert await store.transcripts.load(THREAD, "s1", "") == bodies(*uuids)
    assert await store.turns.tail(THREAD, "s1") == "e499"


async def test_bodies_of_several_megabytes_are_kept_in_order(store: AnyStore) -> None:
    large = [
        TranscriptEntry(f"e{number}", anchor=True, body=json.dumps({"n": number, "text": "é" * (2_000_000 + number)}))
        for number in range(5)
    ]
    await store.transcripts.append(await leased(store), "s1", "", large)
    assert await store.transcripts.load(THREAD, "s1", "") == [entry.body for entry in large]


async def test_a_turn_without_a_transcript_leaves_no_head(store: AnyStore) -> None:
    await answered(store, message(), entry="a")
    assert await store.turns.tail(THREAD, "unknown") == ""


async def test_files_are_kept_per_session_with_their_digest(store: AnyStore) -> None:
    lease = await leased(store)
    assert (await store.files.digest(THREAD, "s1"), await store.files.get(THREAD, "s1")) == ("", None)
    await store.files.put(lease, "s1", "digest-1", bytes(range(256)))
    await store.files.put(lease, "s2", "digest-2", b"")
    assert await store.files.digest(THREAD, "s1") == "digest-1"
    assert await store.files.get(THREAD, "s1") == bytes(range(256))
    assert await store.files.get(THREAD, "s2") == b""
    await store.files.put(lease, "s1", "digest-3", b"new")
    assert (await store.files.digest(THREAD, "s1"), await store.files.get(THREAD, "s1")) == ("digest-3", b"new")


async def test_large_files_are_kept(store: AnyStore) -> None:
    archive = bytes(5_000_000)
    await store.files.put(await leased(store), "s1", "digest", archive)
    assert await store.files.get(THREAD, "s1") == archive
