"""What lies in deploy/, read."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.config import SETTINGS

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"

DEFAULTS: Mapping[str, str] = {setting.name: setting.default for setting in SETTINGS}
SECRETS = {setting.name for setting in SETTINGS if setting.secret} | {"ANTHROPIC_API_KEY"}

SETTLE_S = 10
"""Given to a worker beyond BOT_DRAIN_S, to hand over and to give its leases back."""


def read_yaml(path: str) -> Any:
    """The one document of a file in deploy/."""
    return yaml.safe_load((DEPLOY / path).read_text(encoding="utf-8"))


def tool(name: str) -> Path:
    """A program that pip installed for the tests."""
    return Path(sys.prefix) / "bin" / name
