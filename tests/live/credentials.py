"""Real credentials for tests that talk to the real Slack or the real Claude.

Without them these tests are skipped, and say what they would need.
"""

from __future__ import annotations

import os

import pytest

PREFIX = "BOT_LIVE_"
"""So that a bot's own tokens, which may lie in the same environment, are never used by a test."""


def credential(name: str) -> str:
    """What `BOT_LIVE_<name>` holds; otherwise the calling test or fixture is skipped."""
    value = os.environ.get(PREFIX + name, "").strip()
    return value or pytest.skip(f"{PREFIX}{name} is not set")


def option(name: str, default: str) -> str:
    """The same for what has a default."""
    return os.environ.get(PREFIX + name, "").strip() or default
