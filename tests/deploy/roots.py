"""Linux systems in directories: what containers are made of, where there is no engine for containers. Needs root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INCLUDED = ("ca-certificates", "python3", "python3-venv", "python-is-python3")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# Where packages come from is the machine's business: what it says about that is passed on to the steps.
_PASSED_ON = re.compile(r"PIP_(?!FIND_LINKS)\w+|SSL_CERT_FILE|(https?|no)_proxy", re.IGNORECASE)

_ENTER = """
root=$1; writable=$2; shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
if [ "$writable" != / ]; then
    for path in $writable; do mount --bind "$root$path" "$root$path"; done
    mount -o remount,bind,ro "$root"
fi
exec chroot "$@"
"""


@dataclass(frozen=True, slots=True)
class Root:
    """A system in a directory of its own."""

    path: Path

    def entering(
        self,
        words: Sequence[str],
        *,
        user: str = "0:0",
        cwd: str = "/",
        env: Mapping[str, str],
        writable: Sequence[str] = ("/",),
    ) -> list[str]:
        """The command line that runs a program inside, with its own processes, but in the machine's network.

        Args:
            user: numbers of user and group.
            env: its whole environment.
            writable: the directories that it can write to; all with `/`.
        """
        inside = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in env.items())]
        there = ["/bin/sh", "-ec", 'cd "$0"; exec "$@"', cwd]
        mounts = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _ENTER, "sh"]
        return [
            *mounts,
            str(self.path),
            " ".join(writable),
            f"--userspec={user}",
            str(self.path),
            *inside,
            *there,
            *words,
        ]

    def run(self, words: Sequence[str], *, user: str, cwd: str, env: Mapping[str, str]) -> None:
        """Run a step to its end. Raises CalledProcessError."""
        passed_on = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
        subprocess.run(self.entering(words, user=user, cwd=cwd, env=passed_on | dict(env)), check=True)

    def copy(self, path: Path) -> Root:
        """Another one that begins like this."""
        subprocess.run(["cp", "--archive", "--reflink=auto", str(self.path), str(path)], check=True)
        return Root(path)


def fresh_debian(path: Path, release: str) -> Root:
    """A Debian with nothing but apt and Python, like the images that Python publishes. Raises CalledProcessError."""
    include = f"--include={','.join(INCLUDED)}"
    subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", include, release, str(path)], check=True)
    shutil.copy("/etc/resolv.conf", path / "etc/resolv.conf")
    if CERTIFICATES.exists():
        (path / CERTIFICATES.parent.relative_to("/")).mkdir(parents=True, exist_ok=True)
        shutil.copy(CERTIFICATES, path / CERTIFICATES.relative_to("/"))
    return Root(path)
