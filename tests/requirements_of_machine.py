"""What some tests need from the machine: programs that pip can't install.

Where one is missing its tests are skipped, with the reason. Where it is named in BOT_TEST_REQUIRE (comma separated, as
in CI) they fail instead, so that a green run can't hide that half of it did not happen.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final, NoReturn

import pytest

from bot.agent import sandbox

_NAMES_ON_THE_PATH: Final = {
    "redis-server": ("redis-server",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "systemd-analyze": ("systemd-analyze",),
    "promtool": ("promtool",),
    "kubectl": ("kubectl",),
}


def find(requirement: str) -> Path | None:
    """The program that meets a requirement, or None. KeyError for a requirement nobody declared."""
    for name in _NAMES_ON_THE_PATH[requirement]:
        if path := shutil.which(name):
            return Path(path)
    return None


def needs(requirement: str) -> Path:
    """The program's path; otherwise the calling test or fixture is skipped, or fails if the run requires it.

    Args:
        requirement: `redis-server`, `chromium`, `promtool`, `systemd-analyze` or `kubectl`.
    """
    path = find(requirement)
    if path is None:
        _do_without(requirement, f"{requirement} is not installed")
    return path


def needs_sandbox() -> None:
    """Commands can be sandboxed here. BOT_TEST_REQUIRE calls it `sandbox`."""
    if why_not := sandbox.missing(os.environ):
        _do_without("sandbox", why_not)


def _do_without(requirement: str, reason: str) -> NoReturn:
    if requirement in os.environ.get("BOT_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{reason}, and BOT_TEST_REQUIRE names {requirement}")
    pytest.skip(reason)
