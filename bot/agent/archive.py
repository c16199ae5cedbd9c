"""A directory as bytes and back: deterministic when packed, and harmless when unpacked. All of it blocks."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILES = 20_000
"""Files and directories in one archive."""

_COMPRESSION = 6


class TooLarge(Exception):
    """The directory, or what an archive claims to hold, is over the bound."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A file, directory or symlink below the root. `target` is a symlink's."""

    name: str
    path: Path
    mode: int
    size_bytes: int
    target: str = ""

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_executable(self) -> bool:
        return bool(self.mode & stat.S_IXUSR)


def tree_digest(root: Path, max_bytes: int) -> str:
    """A digest of all that `pack` would take: names, contents, links and executable bits; empty for an empty directory.

    Raises:
        TooLarge: the files are over `max_bytes` together, or more than MAX_FILES.
    """
    digest = hashlib.sha256()
    anything = False
    for item in _items(root, max_bytes):
        anything = True
        digest.update(
            f"{item.name}\0{item.is_dir:d}{item.is_executable:d}\0{item.target}\0{item.size_bytes}\0".encode()
        )
        if not item.is_dir and not item.target:
            digest.update(hashlib.sha256(item.path.read_bytes()).digest())
    return digest.hexdigest() if anything else ""


def pack(root: Path, max_bytes: int) -> bytes:
    """The directory's files, directories and inner symlinks as a tar.gz; the same tree gives the same bytes.

    Raises:
        TooLarge: the files are over `max_bytes` together, or more than MAX_FILES.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_COMPRESSION, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for item in _items(root, max_bytes):
            _add(tar, item)
    return packed.getvalue()


def unpack(archive: bytes, into: Path, max_bytes: int) -> None:
    """Unpack into an empty directory. Nothing lands outside it, whatever the archive says.

    Raises:
        TooLarge: it would unpack to more than `max_bytes`, or more than MAX_FILES.
        tarfile.TarError, zlib.error, OSError, EOFError: it is damaged, or holds what must not be unpacked.
    """
    left_bytes, left_files = max_bytes, MAX_FILES
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            left_bytes -= member.size
            left_files -= 1
            if left_bytes < 0 or left_files < 0:
                raise TooLarge
            tar.extract(member, into, filter="data")


def file_stamps(root: Path) -> dict[Path, tuple[int, int]]:
    """When each regular file below the root was last changed (ns), and its size; at most MAX_FILES, none hidden."""
    stamps: dict[Path, tuple[int, int]] = {}
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        for path in (Path(directory, name) for name in files if not name.startswith(".")):
            try:
                info = path.lstat()
            except FileNotFoundError:  # a process that outlives its turn may still tidy up
                continue
            if stat.S_ISREG(info.st_mode):
                stamps[path] = (info.st_mtime_ns, info.st_size)
            if len(stamps) >= MAX_FILES:
                return stamps
    return stamps


def _items(root: Path, max_bytes: int) -> Iterator[_Item]:
    """What is kept, in order of name: no sockets, devices or pipes, and no symlink that leads out."""
    left_bytes, left_files = max_bytes, MAX_FILES
    inside = root.resolve()
    for path in sorted(_walk(root)):
        info = path.lstat()
        item = _item(path, path.relative_to(root).as_posix(), info, inside)
        if item is None:
            continue
        left_bytes -= item.size_bytes
        left_files -= 1
        if left_bytes < 0 or left_files < 0:
            raise TooLarge
        yield item


def _walk(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        for name in (*names, *files):
            yield Path(directory, name)


def _item(path: Path, name: str, info: os.stat_result, inside: Path) -> _Item | None:
    if stat.S_ISLNK(info.st_mode):
        return _Item(name, path, info.st_mode, 0, str(path.readlink())) if _leads_inside(path, inside) else None
    if stat.S_ISDIR(info.st_mode):
        return _Item(name, path, info.st_mode, 0)
    return _Item(name, path, info.st_mode, info.st_size) if stat.S_ISREG(info.st_mode) else None


def _leads_inside(link: Path, inside: Path) -> bool:
    try:
        return not link.readlink().is_absolute() and link.resolve().is_relative_to(inside)
    except (OSError, RuntimeError):  # a loop of links
        return False


def _add(tar: tarfile.TarFile, item: _Item) -> None:
    entry = tarfile.TarInfo(item.name)
    entry.mode = 0o755 if item.is_dir or item.is_executable else 0o644
    if item.target:
        entry.type, entry.linkname = tarfile.SYMTYPE, item.target
        tar.addfile(entry)
    elif item.is_dir:
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    else:
        content = item.path.read_bytes()
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
