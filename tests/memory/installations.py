"""Where the app is installed, in memory."""

from __future__ import annotations

from collections.abc import Collection

from tests.memory.state import Memory


class MemoryInstallations:
    """`bot.slack.oauth.records.InstallationRecords` over Memory; nothing is sealed."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def put(self, owner: str, record: str) -> None:
        self._memory.installations[owner] = record

    async def get(self, owner: str) -> str | None:
        return self._memory.installations.get(owner)

    async def delete(self, owner: str) -> None:
        self._memory.installations.pop(owner, None)

    async def serve(self, team: str, organisation: str) -> None:
        self._memory.served_by[team] = organisation
        self._memory.serves[organisation].add(team)

    async def unserve(self, team: str, organisation: str) -> None:
        if self._memory.served_by.get(team) == organisation:
            del self._memory.served_by[team]

    async def served(self, organisation: str) -> Collection[str]:
        return frozenset(self._memory.serves[organisation])

    async def served_by(self, team: str) -> str:
        return self._memory.served_by.get(team, "")
