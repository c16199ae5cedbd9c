"""Stands between a worker and a CLI process: a program of its own, which becomes the CLI.

It takes the CLI out of the terminal's process group, so that Ctrl-C lets running turns drain instead of interrupting
them, and on Linux it asks the kernel to kill the CLI when its worker dies, however that comes.

Uses only the standard library, and of that as little as it can: it runs before every start of a CLI.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal that this process gets when its parent dies. It stays set over exec."""


def main(arguments: Sequence[str]) -> None:
    """Become the CLI.

    Args:
        arguments: the worker's process id, the CLI's path, and the CLI's own arguments.
    """
    worker, program, *rest = arguments
    if os.getpgrp() != os.getpid():
        os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(worker):
        # It died before the kernel was asked.
        sys.exit(1)
    os.execv(program, [program, *rest])  # noqa: S606 - what is run is the SDK's own CLI


if __name__ == "__main__":
    main(sys.argv[1:])
