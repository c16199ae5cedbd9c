"""Each session's own working directory, kept in the store so that it is there on every machine."""

from __future__ import annotations

import asyncio
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from bot.agent.archive import TooLarge, file_stamps, pack, tree_digest, unpack
from bot.model import Lease, ThreadKey
from bot.ports import FileStore

log = structlog.get_logger(__name__)

_MB = 1024 * 1024
DIGEST_SUFFIX = ".digest"
"""Beside a session's directory: what it was in step with."""
THREAD_SUFFIX = ".thread"
"""Beside a session's directory: whose it is."""
_EMPTIED = "empty"  # the digest of a directory whose files were all removed


def session_directory(data_dir: Path, session_id: str) -> Path:
    """Where a session works on this machine. Raises ValueError when the id is not a UUID."""
    return session_directories(data_dir) / str(UUID(session_id))


def session_directories(data_dir: Path) -> Path:
    """Below it each session has its directory."""
    return data_dir.absolute() / "sessions"


class SessionWorkspaces:
    """Implements `bot.ports.Workspaces`.

    A directory's digest is recorded beside it (out of the agent's reach) when it is brought up to the store or kept
    there. Where it still is the store's, the local directory is newer or the same, and is used as it is.

    Args:
        files: where archives are kept.
        data_dir: directories lie at `sessions/<session id>` below it.
        max_mb: bound on a directory's files together, in MiB. A larger one is used, but not kept.
    """

    def __init__(self, files: FileStore, data_dir: Path, max_mb: int) -> None:
        self._files = files
        self._root = session_directories(data_dir)
        self._max_bytes = max_mb * _MB

    async def open(self, thread: ThreadKey, session_id: str) -> Path:
        """The directory, brought up to what the store keeps. Raises ValueError when the id is not a UUID."""
        place = _Place(self._root, session_id)
        kept = await self._files.digest(thread, session_id)
        if await asyncio.to_thread(place.make, thread) and (not kept or kept == place.recorded()):
            return place.path
        archive = await self._files.get(thread, session_id) if kept else None
        if archive is not None:
            await asyncio.to_thread(self._restore, place, archive, kept)
        return place.path

    async def keep(self, lease: Lease, session_id: str) -> None:
        """Put the directory into the store if it changed since it was opened or kept. One too large is left out."""
        place = _Place(self._root, session_id)
        try:
            digest, archive = await asyncio.to_thread(self._changes, place)
        except TooLarge:
            log.warning("workspace_too_large", session_id=session_id, max_mb=self._max_bytes // _MB)
            return
        except OSError as error:
            log.warning("workspace_unreadable", session_id=session_id, error=type(error).__name__)
            return
        if archive is not None:
            await self._files.put(lease, session_id, digest, archive)
            await asyncio.to_thread(place.record, digest)

    async def survey(self, workdir: Path) -> Mapping[Path, tuple[int, int]]:
        return await asyncio.to_thread(file_stamps, workdir)

    async def copy(self, source: ThreadKey, session_id: str, lease: Lease, new_session_id: str) -> None:
        """Give a branch's session a copy of its source's files, in the store."""
        digest = await self._files.digest(source, session_id)
        archive = await self._files.get(source, session_id) if digest else None
        if archive is not None:
            await self._files.put(lease, new_session_id, digest, archive)

    def _changes(self, place: _Place) -> tuple[str, bytes | None]:
        """The directory's digest, and its archive when it is not what was recorded."""
        if not place.path.is_dir():
            return "", None
        recorded = place.recorded()
        digest = tree_digest(place.path, self._max_bytes) or (_EMPTIED if recorded else "")
        if digest == recorded:
            return digest, None
        return digest, pack(place.path, self._max_bytes)

    def _restore(self, place: _Place, archive: bytes, digest: str) -> None:
        fresh = place.beside()
        fresh.mkdir(mode=0o700)
        try:
            unpack(archive, fresh, self._max_bytes)
        except (TooLarge, tarfile.TarError, zlib.error, OSError, EOFError) as error:
            shutil.rmtree(fresh, ignore_errors=True)
            log.warning("workspace_not_restored", session_id=place.session_id, error=type(error).__name__)
            return
        place.replace(fresh, digest)


class _Place:
    """A session's directory on this machine, and the record of what it was in step with. Its methods block."""

    def __init__(self, root: Path, session_id: str) -> None:
        self.session_id = str(UUID(session_id))
        self.path = root / self.session_id
        self._record = root / f"{self.session_id}{DIGEST_SUFFIX}"
        self._owner = root / f"{self.session_id}{THREAD_SUFFIX}"

    def make(self, thread: ThreadKey) -> bool:
        """Make the thread's directory. False when it was not there before."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._owner.exists():
            self._owner.write_text(str(thread), encoding="utf-8")
        try:
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            return True
        self._record.unlink(missing_ok=True)
        return False

    def recorded(self) -> str:
        try:
            return self._record.read_text(encoding="ascii")
        except FileNotFoundError:
            return ""

    def record(self, digest: str) -> None:
        fresh = self.beside()
        fresh.write_text(digest, encoding="ascii")
        fresh.replace(self._record)

    def beside(self) -> Path:
        """A name of its own beside the directory."""
        return self.path.with_name(f".{self.session_id}.{uuid4().hex}")

    def replace(self, fresh: Path, digest: str) -> None:
        """Put another directory in its place, and record what it holds."""
        self._record.unlink(missing_ok=True)
        old = self.beside()
        self.path.rename(old)
        fresh.rename(self.path)
        self.record(digest)
        shutil.rmtree(old, ignore_errors=True)
