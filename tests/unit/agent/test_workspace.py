"""Working directories, kept in a store."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from bot.agent.archive import TooLarge, pack, tree_digest, unpack
from bot.agent.workspace import SessionWorkspaces
from bot.model import Lease, ThreadKey

THREAD = ThreadKey("T", "C", "1.0")
BRANCH = ThreadKey("T", "C", "2.0")
MB = 1024 * 1024


@dataclass
class StoredFiles:
    """`bot.ports.FileStore` in memory; counts what is put."""

    kept: dict[tuple[ThreadKey, str], tuple[str, bytes]] = field(default_factory=dict)
    puts: int = 0

    async def put(self, lease: Lease, session_id: str, digest: str, archive: bytes) -> None:
        self.puts += 1
        self.kept[lease.thread, session_id] = (digest, archive)

    async def digest(self, thread: ThreadKey, session_id: str) -> str:
        return self.kept.get((thread, session_id), ("", b""))[0]

    async def get(self, thread: ThreadKey, session_id: str) -> bytes | None:
        kept = self.kept.get((thread, session_id))
        return kept[1] if kept else None


def lease(thread: ThreadKey = THREAD) -> Lease:
    return Lease(thread, "w", 1)


@pytest.fixture
def files() -> StoredFiles:
    return StoredFiles()


@pytest.fixture
def session() -> str:
    return str(uuid4())


Worker = Callable[[str], SessionWorkspaces]


@pytest.fixture
def worker(files: StoredFiles, tmp_path: Path) -> Worker:
    """Workspaces on a machine of that name, all over the same store."""
    return lambda name: SessionWorkspaces(files, tmp_path / name, max_mb=1)


async def test_files_come_along_to_another_machine(worker: Worker, session: str) -> None:
    here = await worker("one").open(THREAD, session)
    (here / "docs").mkdir()
    (here / "docs" / "a.md").write_text("hello")
    (here / "run.sh").write_text("#!/bin/sh")
    (here / "run.sh").chmod(0o755)
    (here / "link").symlink_to("docs/a.md")
    await worker("one").keep(lease(), session)
    there = await worker("two").open(THREAD, session)
    assert there != here
    assert (there / "link").read_text() == "hello"
    assert os.access(there / "run.sh", os.X_OK)


async def test_a_directory_is_the_sessions_own(worker: Worker, session: str) -> None:
    path = await worker("one").open(THREAD, session)
    assert path.name == session
    assert path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(ValueError, match="badly formed"):
        await worker("one").open(THREAD, "../../etc")


async def test_an_unchanged_directory_is_not_stored_again(worker: Worker, files: StoredFiles, session: str) -> None:
    one = worker("one")
    path = await one.open(THREAD, session)
    await one.keep(lease(), session)
    assert files.puts == 0, "nothing in it, nothing to keep"
    (path / "a.md").write_text("a")
    for _ in range(3):
        await one.keep(lease(), session)
    two = worker("two")
    await two.open(THREAD, session)
    await two.keep(lease(), session)
    assert files.puts == 1


async def test_a_newer_local_directory_stays_and_an_older_one_is_brought_up(worker: Worker, session: str) -> None:
    one, two = worker("one"), worker("two")
    here = await one.open(THREAD, session)
    (here / "a.md").write_text("first")
    await one.keep(lease(), session)
    (here / "not-kept-yet.md").write_text("x")
    assert (await one.open(THREAD, session) / "not-kept-yet.md").exists()

    there = await two.open(THREAD, session)
    (there / "a.md").write_text("second")
    (there / "b.md").write_text("b")
    await two.keep(lease(), session)
    again = await one.open(THREAD, session)
    assert again == here
    assert sorted(p.name for p in again.iterdir()) == ["a.md", "b.md"]
    assert (again / "a.md").read_text() == "second"


async def test_removing_all_files_is_kept_too(worker: Worker, files: StoredFiles, session: str) -> None:
    one = worker("one")
    path = await one.open(THREAD, session)
    (path / "a.md").write_text("a")
    await one.keep(lease(), session)
    (path / "a.md").unlink()
    await one.keep(lease(), session)
    await one.keep(lease(), session)
    assert files.puts == 2
    assert list((await worker("two").open(THREAD, session)).iterdir()) == []


async def test_a_directory_over_the_bound_is_used_but_not_kept(
    worker: Worker, files: StoredFiles, session: str
) -> None:
    one = worker("one")
    path = await one.open(THREAD, session)
    (path / "large.bin").write_bytes(b"0" * (MB + 1))
    await one.keep(lease(), session)
    assert files.puts == 0
    assert (await one.open(THREAD, session) / "large.bin").exists()


async def test_another_machine_gets_the_directory_as_it_was_when_it_last_fitted(worker: Worker, session: str) -> None:
    one, two = worker("one"), worker("two")
    path = await one.open(THREAD, session)
    (path / "a.md").write_text("kept")
    await one.keep(lease(), session)
    (path / "a.md").write_text("kept no more")
    (path / "large.bin").write_bytes(b"0" * (MB + 1))
    await one.keep(lease(), session)
    there = await two.open(THREAD, session)
    assert [file.name for file in there.iterdir()] == ["a.md"]
    assert (there / "a.md").read_text() == "kept"
    assert (await one.open(THREAD, session) / "a.md").read_text() == "kept no more"


async def test_a_branch_gets_a_copy_and_then_lives_apart(worker: Worker, session: str) -> None:
    one, branch = worker("one"), str(uuid4())
    source = await one.open(THREAD, session)
    (source / "a.md").write_text("source")
    await one.keep(lease(), session)
    await one.copy(THREAD, session, lease(BRANCH), branch)
    copied = await one.open(BRANCH, branch)
    (copied / "a.md").write_text("branch")
    await one.keep(lease(BRANCH), branch)
    assert (await worker("two").open(THREAD, session) / "a.md").read_text() == "source"
    assert (await worker("two").open(BRANCH, branch) / "a.md").read_text() == "branch"


async def test_a_damaged_archive_leaves_the_directory_usable(worker: Worker, files: StoredFiles, session: str) -> None:
    for archive in (b"not an archive", gzip.compress(b"neither is this"), pack_of(("a.md", b"a"))[:-20]):
        files.kept[THREAD, session] = (uuid4().hex, archive)
        path = await worker("one").open(THREAD, session)
        assert path.is_dir()


def test_packing_the_same_files_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root, names in ((one, ("a", "b")), (two, ("b", "a"))):
        root.mkdir()
        for name in names:
            (root / name).write_text(name)
            os.utime(root / name, (len(names), hash(str(root)) % 1000))
    assert pack(one, MB) == pack(two, MB)
    assert tree_digest(one, MB) == tree_digest(two, MB) != ""
    (two / "a").chmod(0o755)
    assert tree_digest(one, MB) != tree_digest(two, MB)


def test_only_files_directories_and_inner_links_are_packed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a").write_text("a")
    (root / "inner").symlink_to("sub/a")
    (root / "outer").symlink_to("../secret")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    with tarfile.open(fileobj=io.BytesIO(pack(root, MB))) as tar:
        assert sorted(tar.getnames()) == ["inner", "sub", "sub/a"]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside-of-it", "sub/../../outside"])
def test_unpacking_writes_nothing_outside(tmp_path: Path, name: str) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with contextlib.suppress(tarfile.TarError):  # refused, or taken as a name inside
        unpack(pack_of((name, b"x")), into, MB)
    assert not (tmp_path / "outside").exists()
    assert not Path("/tmp/outside-of-it").exists()


def test_unpacking_through_a_link_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("way")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
    with pytest.raises(tarfile.TarError):
        unpack(pack_of(link, ("way/x", b"x")), tmp_path / "into", MB)
    assert not (tmp_path / "x").exists()


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = pack_of(("zeros", b"\0" * (8 * MB)))
    assert len(bomb) < MB / 50
    with pytest.raises(TooLarge):
        unpack(bomb, tmp_path, MB)
    assert not list(tmp_path.iterdir())


def pack_of(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            entry = tarfile.TarInfo(member[0])
            entry.size = len(member[1])
            tar.addfile(entry, io.BytesIO(member[1]))
    return packed.getvalue()


async def test_a_survey_tells_what_is_new_and_what_was_written_to(worker: Worker, session: str) -> None:
    place = worker("one")
    workdir = await place.open(THREAD, session)
    (workdir / "same.txt").write_text("same")
    (workdir / "changed.txt").write_text("before")
    before = await place.survey(workdir)
    (workdir / "changed.txt").write_text("afterwards")
    (workdir / "below").mkdir()
    (workdir / "below" / "new.txt").write_text("new")
    after = await place.survey(workdir)
    changed = {str(path.relative_to(workdir)) for path, stamp in after.items() if before.get(path) != stamp}
    assert changed == {"changed.txt", "below/new.txt"}


async def test_a_survey_follows_no_link_and_leaves_hidden_files_out(
    worker: Worker, session: str, tmp_path: Path
) -> None:
    place = worker("one")
    workdir = await place.open(THREAD, session)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (workdir / "link.txt").symlink_to(outside / "secret.txt")
    (workdir / "folder").symlink_to(outside)
    (workdir / ".hidden").mkdir()
    (workdir / ".hidden" / "cache.txt").write_text("cache")
    (workdir / ".env").write_text("x")
    (workdir / "seen.txt").write_text("seen")
    assert [path.name for path in await place.survey(workdir)] == ["seen.txt"]
