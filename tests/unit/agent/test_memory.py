"""How much memory there is: the machine's, or what a cgroup leaves of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil

from bot.agent.environment import RUN_MARK
from bot.agent.memory import MB, Memory, measured, memory, pss_bytes, room_for

GB = 1 << 30


def proc_with(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "proc" / str(os.getpid())
    folder.mkdir(parents=True)
    (folder / "cgroup").write_text(text)
    return tmp_path / "proc"


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_without_a_cgroup_it_is_the_machines(tmp_path: Path) -> None:
    assert memory(tmp_path, tmp_path).total_bytes == psutil.virtual_memory().total


def test_the_tightest_cgroup_around_the_process_counts(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    group(root / "pod", memory__max=str(GB), memory__current=str(700 * MB), memory__stat=f"inactive_file {100 * MB}\n")
    group(root / "pod" / "bot", memory__max="max\n", memory__current=str(600 * MB))
    there = memory(proc_with(tmp_path, "0::/pod/bot\n"), root)
    assert there == Memory(GB, GB - 600 * MB), "what the kernel can drop from its cache is free"


def test_the_first_version_of_cgroups_counts_too(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    group(root / "memory" / "docker", memory__limit_in_bytes=str(2**63 - 4096), memory__usage_in_bytes="5")
    group(root / "memory", memory__limit_in_bytes=str(GB), memory__usage_in_bytes=str(GB))
    there = memory(proc_with(tmp_path, "9:name=systemd:/\n4:cpu,memory:/docker/abc\n"), root)
    assert there == Memory(GB, 0)


def test_a_container_that_sees_only_its_own_cgroup_finds_its_limit(tmp_path: Path) -> None:
    root = tmp_path / "cgroup"
    group(root, memory__max=str(GB), memory__current="0")
    assert memory(proc_with(tmp_path, "0::/kubepods/pod1/abc\n"), root).total_bytes == GB


def test_sixteen_gigabytes_hold_a_hundred_sessions() -> None:
    clients, memory_mb = room_for(None, None, Memory(16 * GB, 16 * GB))
    assert clients >= 100
    assert memory_mb < 16 * 1024


def test_what_the_operator_sets_counts_and_the_rest_follows_from_it() -> None:
    there = Memory(16 * GB, 16 * GB)
    assert room_for(7, None, there) == (7, room_for(None, None, there)[1])
    assert room_for(0, 500, there) == (0, 500)
    clients, memory_mb = room_for(None, 600, there)
    assert (clients, memory_mb) == (5, 600)
    assert room_for(None, 1, there) == (1, 1), "one turn runs, however little there is"


def test_a_whole_tree_is_weighed_under_its_mark() -> None:
    environ = {**os.environ, RUN_MARK: "owner@1.0/run"}
    shell = subprocess.Popen(["sh", "-c", "sleep 60 & echo started; wait"], env=environ, stdout=subprocess.PIPE)
    try:
        assert shell.stdout is not None
        shell.stdout.readline()
        (child,) = psutil.Process(shell.pid).children()
        weight = measured("owner@1.0").by_mark["owner@1.0/run"]
        assert weight > pss_bytes(child.pid) > 0
        assert not measured("somebody").by_mark
    finally:
        child.kill()
        shell.kill()
        shell.communicate()
    assert pss_bytes(child.pid) == 0
