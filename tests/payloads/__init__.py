"""What Slack sends, in full, one file a shape: events, commands, interactions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEAM = "T0WORKSPC"
BOT_USER = "U0BOTUSER"
BOT_ID = "B0BOTBOT1"
ANN = "U0ANNANN1"
BEN = "U0BENBEN1"
CHANNEL = "C0GENERAL"
DM = "D0ANNBOT1"

_FOLDER = Path(__file__).parent


def payload(name: str, **changes: Any) -> dict[str, Any]:
    """A payload by its file's name, with some fields of its event (or of itself, when it is none) changed.

    A change to None takes the field away.
    """
    body: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    changed = body.get("event", body)
    changed.update(changes)
    for gone in [field for field, value in changes.items() if value is None]:
        del changed[gone]
    return body


def names() -> list[str]:
    return sorted(file.stem for file in _FOLDER.glob("*.json"))
