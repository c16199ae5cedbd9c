"""The sandbox around commands: the CLI's own, which on Linux is bubblewrap's.

Without network, with no files but those of the system and the session's directory, without the credentials that the CLI
has in its environment. Where there is none, each command needs a person's approval.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.agent.environment import carries_credentials

PROGRAMS: Mapping[str, str] = {"bwrap": "bubblewrap", "socat": "socat"}
"""What the CLI's sandbox needs on Linux, and the packages that have it."""

PROBE_S = 5.0

_SYSTEM = frozenset(
    {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "nix", "opt", "proc", "sbin", "sys", "usr"}
)
"""Directories at the root of the file system that hold programs and what these need. All others are closed."""

_TRIAL = ("--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "true")


def missing(environ: Mapping[str, str]) -> str:
    """Why there is no sandbox on this machine, for an operator; empty when there is one. Takes some 10 ms."""
    if sys.platform != "linux":
        return "commands are only sandboxed on Linux"
    path = environ.get("PATH", "")
    packages = [package for program, package in PROGRAMS.items() if shutil.which(program, path=path) is None]
    if packages:
        return f"{' and '.join(packages)} must be installed"
    bubblewrap = str(shutil.which("bwrap", path=path))
    try:
        tried = subprocess.run([bubblewrap, *_TRIAL], capture_output=True, timeout=PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap can't be run: {type(error).__name__}"
    if tried.returncode:
        said = tried.stderr.decode(errors="replace").strip().splitlines()
        return f"bubblewrap may not make namespaces here ({said[-1] if said else tried.returncode})"
    return ""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What is closed to commands, the same for all processes of a worker.

    Args:
        closed: directories and files that can't be read.
        hidden: names of variables that commands don't get.
    """

    closed: Sequence[str]
    hidden: Sequence[str]

    @classmethod
    def around(cls, environ: Mapping[str, str], data_dir: Path) -> Sandbox:
        """The sandbox of a worker with this environment."""
        hidden = sorted(name for name in environ if carries_credentials(name))
        named = (environ.get("HOME", ""), environ.get("CLAUDE_CONFIG_DIR", ""), *(environ[name] for name in hidden))
        own = (data_dir.absolute(), Path.cwd(), *(Path(text) for text in named if text.startswith("/")))
        closed = {str(path) for path in (*_places(), *own) if _can_be_closed(path)}
        return cls(sorted(closed), hidden)

    def settings(self, workdir: Path, repositories: Iterable[Path]) -> str:
        """The CLI's settings for a process, as JSON.

        Args:
            workdir: can be read and written.
            repositories: can be read.
        """
        sandbox = {
            "enabled": True,
            "failIfUnavailable": True,
            "allowUnsandboxedCommands": False,
            "autoAllowBashIfSandboxed": False,
            "network": {"allowedDomains": [], "strictAllowlist": True},
            "filesystem": {
                "denyRead": list(self.closed),
                "allowRead": [str(workdir), *(str(path) for path in repositories)],
            },
            "credentials": {"envVars": [{"name": name, "mode": "deny"} for name in self.hidden]},
        }
        return json.dumps({"sandbox": sandbox})


def _places() -> Iterable[Path]:
    """What lies at the root of the file system and is no system's."""
    return (path for path in Path("/").iterdir() if path.name not in _SYSTEM and path.is_dir())


def _can_be_closed(path: Path) -> bool:
    """Whether it is there, and closing it leaves the system's directories open."""
    resolved = Path(os.path.realpath(path))
    return resolved.exists() and len(resolved.parts) > 1 and resolved not in (Path("/", name) for name in _SYSTEM)
