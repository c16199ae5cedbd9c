"""What processes weigh, and how much memory there is: the machine's, or what a cgroup leaves of it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.agent.processes import marked_processes

MB = 1024 * 1024

_UNLIMITED_BYTES = 1 << 60
"""cgroups write "no limit" as a number near 2^63."""
_RESERVE = 0.05
"""The part of the memory that stays free: below it the kernel begins to reclaim, and to kill."""
CLIENT_MB = 120
"""PSS of a connected process with a short session, measured; see docs/performance.md."""
_SHARE = 0.8
"""The part of the memory that processes get by default; the rest is the bot's own and the system's."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How much there is, and how much of it is free, in bytes."""

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What the processes weigh (PSS, whole trees), by mark.

    `shortage_bytes` is what the machine lacks to its reserve; below zero, what it has beyond that.
    """

    by_mark: Mapping[str, int]
    shortage_bytes: int = -_UNLIMITED_BYTES


def memory(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> Memory:
    """The machine's memory, or that of the tightest cgroup around this process."""
    machine = psutil.virtual_memory()
    total, free = machine.total, machine.available
    for limit, used in _cgroup_limits(proc, cgroups):
        total = min(total, limit)
        free = min(free, max(0, limit - used))
    return Memory(total, free)


def room_for(clients: int | None, memory_mb: int | None, there: Memory) -> tuple[int, int]:
    """How many processes there may be, and what they may weigh together, in MiB.

    Args:
        clients: what the operator set; None for as many as the memory holds.
        memory_mb: what the operator set; None for a share of the memory there is.
    """
    memory_mb = memory_mb or int(there.total_bytes * _SHARE) // MB
    return max(1, memory_mb // CLIENT_MB) if clients is None else clients, memory_mb


def measured(owner: str) -> MemoryUse:
    """What the processes of this worker weigh. Blocks for some milliseconds.

    Args:
        owner: the beginning of the marks, see `processes.owner_mark`.
    """
    weights: defaultdict[str, int] = defaultdict(int)
    for process, mark in marked_processes():
        if mark.startswith(f"{owner}/"):
            weights[mark] += pss_bytes(process.pid)
    there = memory()
    return MemoryUse(dict(weights), int(there.total_bytes * _RESERVE) - there.free_bytes)


def pss_bytes(pid: int) -> int:
    """A process's share of the memory it uses, of what is shared the part that falls to it; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return _rss_bytes(pid)


def _rss_bytes(pid: int) -> int:
    """For systems that don't tell the PSS."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _cgroup_limits(proc: Path, cgroups: Path) -> Iterable[tuple[int, int]]:
    """Limit and use of each memory cgroup around this process, v2 or v1, as far as they can be read."""
    for line in _lines(proc / str(os.getpid()) / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _climb(cgroups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            yield from _climb(
                cgroups / "memory", path, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            )


def _climb(root: Path, path: str, limit_name: str, used_name: str, cache_name: str) -> Iterable[tuple[int, int]]:
    """From the process's cgroup up to the root. In a container the path may be the host's: only the root is there."""
    inside = Path(path.lstrip("/"))
    for folder in (root / inside, *(root / parent for parent in inside.parents)):
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit is not None and used is not None and limit < _UNLIMITED_BYTES:
            yield limit, max(0, used - _cache_bytes(folder / "memory.stat", cache_name))


def _cache_bytes(stat: Path, name: str) -> int:
    """What the kernel drops by itself when memory is short."""
    return next((int(line.split()[1]) for line in _lines(stat) if line.startswith(f"{name} ")), 0)


def _number(path: Path) -> int | None:
    text = next(iter(_lines(path)), "max").strip()
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
