"""The processes of a run: all of them, wherever in the tree, found by a mark in their environment.

A tool's shell has a process group of its own and survives the CLI that started it, so following parents is not enough.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import psutil
import structlog

from bot.agent.environment import RUN_MARK
from bot.agent.home import TEMP_PREFIX

log = structlog.get_logger(__name__)

_KILL_WAIT_S = 3.0
_LOOK_AGAIN_S = 0.005
_TEMP_DIRS = ("claude-resume-*", f"{TEMP_PREFIX}*")  # those for a resume are made by the SDK, see its session_resume
_YOUNG_S = 120.0
"""A directory younger than this may belong to a worker that is just starting its process."""


def owner_mark() -> str:
    """Names this process, so that another can tell later whether it still lives."""
    return f"{os.getpid()}@{psutil.Process().create_time():.2f}"


def run_mark(owner: str, run_id: str) -> str:
    return f"{owner}/{run_id}"


def owner_lives(mark: str) -> bool:
    """Whether the process that `owner_mark` named is alive."""
    pid, _, born = mark.partition("/")[0].partition("@")
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == born
    except (psutil.Error, ValueError):
        return False


def end_processes(belongs: Callable[[str], bool]) -> int:
    """Kill every process whose mark is told to belong, and wait until they are gone. Returns how many there were.

    Blocks for a few milliseconds, at most a few seconds. Looks again until it finds none, since one may fork meanwhile.
    It does not wait for them: those that are our own children somebody else waits for.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + _KILL_WAIT_S
    while found := [process for process, mark in marked_processes() if belongs(mark)]:
        for process in found:
            _kill(process)
        killed.update(process.pid for process in found)
        if time.monotonic() > deadline:
            log.error("processes_not_killed", pids=[process.pid for process in found])
            break
        time.sleep(_LOOK_AGAIN_S)
    return len(killed)


def end_run(mark: str) -> int:
    """Kill what is left of one run."""
    return end_processes(lambda found: found == mark)


def end_orphans() -> int:
    """Kill what is left of the runs of workers that died."""
    return end_processes(lambda found: not owner_lives(found))


def remove_orphaned_temp_dirs(root: Path | None = None) -> int:
    """Remove temporary directories that no living CLI uses: those the SDK makes to resume hold copies of credentials.

    Args:
        root: where temporary files are made; None for the system's place.
    """
    used = set(_dirs_in_use())
    removed = 0
    place = root or Path(tempfile.gettempdir())
    for path in chain.from_iterable(place.glob(pattern) for pattern in _TEMP_DIRS):
        try:
            info = path.stat()
        except FileNotFoundError:
            continue
        if info.st_uid == os.getuid() and str(path) not in used and time.time() - info.st_mtime > _YOUNG_S:
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed


def marked_processes() -> Iterator[tuple[psutil.Process, str]]:
    """Each process that belongs to a run, of whatever worker, with its mark."""
    me = os.getpid()
    for process, environ in _environments():
        mark = environ.get(RUN_MARK, "")
        if mark and process.pid != me:
            yield process, mark


def _dirs_in_use() -> Iterator[str]:
    for _, environ in _environments():
        yield environ.get("CLAUDE_CONFIG_DIR", "")
        yield environ.get("TMPDIR", "")


def _environments() -> Iterator[tuple[psutil.Process, dict[str, str]]]:
    """Each process whose environment may be read: the user's own. A zombie has none."""
    for process in psutil.process_iter():
        try:
            yield process, process.environ()
        except (psutil.Error, OSError):  # it ended, or is another user's
            continue


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return
