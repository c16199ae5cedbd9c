"""A worker keeps nothing on its disk of what the store no longer knows."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from uuid import uuid4

from bot.agent.leftovers import SETTLED_S, STRAY_S, Leftovers
from bot.agent.workspace import SessionWorkspaces
from bot.model import Address, Message, ThreadKey, TranscriptEntry
from tests.fakes import ManualClock, MemoryStore

THREAD = ThreadKey("T1", "C1", "1700000000.000100")
OTHER = ThreadKey("T1", "C1", "1700000001.000100")


class Processes:
    """Remembers whose processes were to go."""

    def __init__(self) -> None:
        self.let_go_of: list[ThreadKey] = []

    async def let_go(self, thread: ThreadKey) -> None:
        self.let_go_of.append(thread)


class Scene:
    def __init__(self, data_dir: Path) -> None:
        self.store = MemoryStore()
        self.data_dir = data_dir
        self.processes = Processes()
        self.leftovers = Leftovers(data_dir, self.store.threads, self.processes, ManualClock())
        self.workspaces = SessionWorkspaces(self.store.files, data_dir, 1)

    async def thread(self, key: ThreadKey, *, age_s: float = 0.0) -> Path:
        """A thread with a session that has files here."""
        session_id = str(uuid4())
        await self.store.inbox.accept(Message(key, key.root_ts, "U1", "hello", Address.BOT), session_id)
        return await self.directory(key, session_id, age_s=age_s)

    async def directory(self, key: ThreadKey, session_id: str, *, age_s: float = 0.0) -> Path:
        path = await self.workspaces.open(key, session_id)
        (path / "notes.md").write_text("secret")
        aged(path, age_s)
        return path

    async def forget(self, key: ThreadKey) -> None:
        lease = await self.store.inbox.acquire(key)
        assert lease is not None
        await self.store.erasure.forget(lease)
        await self.store.inbox.release(lease)


def aged(path: Path, age_s: float) -> None:
    os.utime(path, (time.time() - age_s, time.time() - age_s))


def left(data_dir: Path) -> list[str]:
    return [str(path) for path in (data_dir / "sessions").rglob("*")]


async def test_the_files_of_a_forgotten_thread_go_at_once_and_those_of_others_stay(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    gone, stays = await scene.thread(THREAD), await scene.thread(OTHER)
    await scene.forget(THREAD)
    await scene.leftovers.forget(THREAD)
    assert scene.processes.let_go_of == [THREAD]
    assert not [path for path in left(tmp_path) if gone.name in path]
    assert (stays / "notes.md").read_text() == "secret"


async def test_a_thread_that_only_lost_some_words_keeps_its_files(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    path = await scene.thread(THREAD)
    await scene.leftovers.forget(THREAD)
    assert (path / "notes.md").exists()


async def test_a_worker_that_was_away_clears_when_it_starts(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    gone, stays = await scene.thread(THREAD, age_s=SETTLED_S + 1), await scene.thread(OTHER, age_s=SETTLED_S + 1)
    await scene.forget(THREAD)
    async with scene.leftovers:
        async with asyncio.timeout(5):
            while gone.exists():
                await asyncio.sleep(0.01)
    assert stays.exists()


async def test_a_session_that_its_thread_gave_up_goes_and_an_archived_one_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    old = await scene.thread(THREAD, age_s=SETTLED_S + 1)
    lost = await scene.directory(THREAD, str(uuid4()), age_s=SETTLED_S + 1)
    lease = await scene.store.inbox.acquire(THREAD)
    assert lease is not None
    entry = TranscriptEntry("e1", anchor=True, body="{}")
    await scene.store.transcripts.append(lease, old.name, "", [entry])
    await scene.store.threads.reset(lease, str(uuid4()))
    assert await scene.leftovers.clear() == 1
    assert old.exists()
    assert not lost.exists()


async def test_a_directory_whose_thread_may_be_in_the_making_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    young = await scene.directory(THREAD, str(uuid4()))
    assert await scene.leftovers.clear() == 0
    assert young.exists()


async def test_a_directory_of_no_thread_goes_after_a_while(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    spare, stray = (tmp_path / "sessions" / str(uuid4()) for _ in range(2))
    for path in (spare, stray):
        path.mkdir(parents=True)
    aged(stray, STRAY_S + 1)
    assert await scene.leftovers.clear() == 1
    assert spare.exists()
    assert not stray.exists()
