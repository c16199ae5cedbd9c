"""What was said to the bot lately, in memory."""

from __future__ import annotations

from tests.memory.state import Memory


class MemoryPromptCounts:
    """PromptCounts of every worker."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def count(self, team: str, whose: str, item: str, bound: int, window_s: float) -> float:
        counted, now = self._memory.prompts[team, whose], self._memory.clock.now()
        for old in [one for one, at in counted.items() if at + window_s <= now]:
            del counted[old]
        if item in counted:
            return 0.0
        if len(counted) >= bound:
            return sorted(counted.values())[len(counted) - bound] + window_s - now
        counted[item] = now
        return 0.0
