"""Where a worker's CLI processes keep their own files, and how what a dead worker left is found."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from claude_agent_sdk import project_key_for_directory

from bot.agent import guard
from bot.agent.command import cli_path

_LOCK = "lock"

TEMP_PREFIX = "bot-run-"
"""Of the directories for temporary files, in the system's place for them."""


@dataclass(frozen=True, slots=True)
class RunPlace:
    """One run's place in the home.

    Args:
        config_dir: the CLI's CLAUDE_CONFIG_DIR.
        scratch_dir: its temporary files.
        temp_dir: those of the sandbox, whose sockets need a short path.
    """

    config_dir: Path
    scratch_dir: Path
    temp_dir: Path


class AgentHome:
    """A directory that only this worker uses, locked for as long as it lives.

    Args:
        data_dir: the home is made below it.
        environ: an operator who sets CLAUDE_CONFIG_DIR has credentials there: then that is the config directory.
    """

    def __init__(self, data_dir: Path, environ: Mapping[str, str]) -> None:
        self._homes = data_dir.absolute() / "claude"
        self._path = self._homes / uuid4().hex
        operators = environ.get("CLAUDE_CONFIG_DIR", "")
        self._config_dir = Path(operators) if operators else self._path / "config"
        self._lock_fd = -1

    def open(self) -> None:
        """Make and lock the home. Raises OSError."""
        self._path.mkdir(mode=0o700, parents=True)
        self._lock_fd = os.open(self._path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock_fd, fcntl.LOCK_EX)
        self._config_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_launcher()

    @property
    def launcher(self) -> Path:
        """The program that becomes this worker's CLI processes: see `bot.agent.guard`."""
        return self._path / "claude"

    def _write_launcher(self) -> None:
        """A file of its own, since the SDK starts one program, and none in front of it."""
        program = cli_path()
        if program is None:
            return
        command = shlex.join([sys.executable, "-IS", guard.__file__, str(os.getpid()), str(program)])
        self.launcher.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        self.launcher.chmod(0o700)

    def close(self) -> None:
        shutil.rmtree(self._path, ignore_errors=True)
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def remove_orphans(self) -> int:
        """Remove the homes of workers that are no more. Returns how many."""
        removed = 0
        for path in self._homes.glob("*"):
            if path != self._path and _is_abandoned(path):
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
        return removed

    @contextmanager
    def run_place(self, run_id: str, workdir: Path) -> Iterator[RunPlace]:
        """A place for one run. What the CLI wrote there of the transcript goes when it ends: the store has it."""
        scratch_dir = self._path / "runs" / run_id
        scratch_dir.mkdir(mode=0o700, parents=True)
        temp_dir = Path(tempfile.mkdtemp(prefix=TEMP_PREFIX))
        try:
            yield RunPlace(self._config_dir, scratch_dir, temp_dir)
        finally:
            shutil.rmtree(scratch_dir, ignore_errors=True)
            shutil.rmtree(temp_dir, ignore_errors=True)
            shutil.rmtree(self._config_dir / "projects" / project_key_for_directory(str(workdir)), ignore_errors=True)


def _is_abandoned(home: Path) -> bool:
    """Whether nobody holds the home's lock. A home without a lock is just being made, or removed."""
    try:
        fd = os.open(home / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
