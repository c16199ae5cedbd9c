"""Whom and what a mention names: the one thing that rendering needs to know about the workspace."""

from __future__ import annotations

from typing import Protocol


class Names(Protocol):
    """Looks up the names that people read. Both give an empty string for an unknown id."""

    def user_name(self, user: str) -> str: ...

    def channel_name(self, channel: str) -> str: ...
