"""Workspaces that have removed the app, in memory."""

from __future__ import annotations

from tests.memory.state import Memory


class MemoryDepartures:
    """DepartureStore over Memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._due = memory.departing

    async def depart(self, team: str, due: float) -> None:
        self._due.setdefault(team, due)

    async def stay(self, team: str) -> bool:
        return self._due.pop(team, None) is not None

    async def leaving(self, team: str) -> bool:
        return team in self._due

    async def claim_due(self, now: float, claim_s: float) -> str:
        team = min((team for team, due in self._due.items() if due <= now), key=self._due.__getitem__, default="")
        if team:
            self._due[team] = now + claim_s
        return team

    async def forget_team(self, team: str) -> None:
        for key in [key for key in self._memory.threads if key.team == team]:
            del self._memory.threads[key]
        for scope in [scope for scope in self._memory.accounts if scope.team == team]:
            del self._memory.accounts[scope]
        for listed in [listed for listed in self._memory.spenders if listed[0] == team]:
            del self._memory.spenders[listed]
        self._due.pop(team, None)
