"""Processes are weighed against their bounds and the machine's memory."""

from __future__ import annotations

from bot.agent.memory import MB, MemoryUse
from bot.agent.scales import TYPICAL_BYTES, Scales


async def weighed(use: MemoryUse) -> Scales:
    async def measure() -> MemoryUse:
        return use

    scales = Scales(measure, all_bytes=500 * MB, one_bytes=200 * MB)
    await scales.weigh()
    return scales


async def test_who_was_not_weighed_yet_counts_as_a_typical_one() -> None:
    scales = await weighed(MemoryUse({"a": 300 * MB}))
    assert scales.over_bytes(["a"]) == -200 * MB
    assert scales.over_bytes(["a", "young"]) == -200 * MB + TYPICAL_BYTES
    assert scales.total_bytes == 300 * MB


async def test_one_that_is_too_heavy_is_told_and_one_that_is_unknown_is_not() -> None:
    scales = await weighed(MemoryUse({"a": 300 * MB, "b": 200 * MB}))
    assert [scales.too_heavy(mark) for mark in ("a", "b", "young")] == [True, False, False]


async def test_a_machine_that_is_short_of_memory_counts_more_than_the_bound() -> None:
    scales = await weighed(MemoryUse({"a": 100 * MB}, shortage_bytes=150 * MB))
    assert scales.over_bytes(["a"]) == 150 * MB
    scales.take_off("a")
    assert scales.over_bytes([]) == 50 * MB, "what is being closed is as good as free"
