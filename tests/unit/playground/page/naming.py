"""Names for mentions in the tests of rendering."""

from __future__ import annotations


class FakeNames:
    """One person, one channel."""

    def user_name(self, user: str) -> str:
        return {"U1": "Ana"}.get(user, "")

    def channel_name(self, channel: str) -> str:
        return {"C1": "general"}.get(channel, "")
