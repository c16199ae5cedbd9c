"""Work that goes on after Slack has had its ack."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.errors import StoreAway
from bot.slack.background import Background, Overloaded


async def test_closing_waits_for_what_runs() -> None:
    go = asyncio.Event()
    done: list[str] = []

    async def work() -> None:
        await go.wait()
        done.append("work")

    async with Background() as background:
        background.start(work(), "work")
        asyncio.get_running_loop().call_soon(go.set)
    assert done == ["work"]


async def test_closing_cancels_what_takes_too_long() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async with Background(drain_s=0.01) as background:
        background.start(work(), "work")
        await asyncio.sleep(0)
    assert ended == ["work"]


async def test_closing_cuts_pauses_short_and_lets_their_tasks_end() -> None:
    done: list[str] = []

    async def work() -> None:
        await background.pause(SystemClock(), 3600.0)
        done.append("work")

    async with Background() as background:
        background.start(work(), "work")
        await asyncio.sleep(0)
    assert done == ["work"]


async def test_more_than_the_bound_is_refused() -> None:
    async with Background(bound=1, drain_s=0.01) as background:
        background.start(asyncio.Event().wait(), "first")  # type: ignore[arg-type]
        with pytest.raises(Overloaded):
            background.start(asyncio.sleep(0), "second")


async def test_an_error_of_ours_is_logged_without_its_traceback() -> None:
    async def work() -> None:
        raise StoreAway("connection refused")

    with capture_logs() as logs:
        async with Background() as background:
            background.start(work(), "work")
    assert [(entry["log_level"], entry["error"]) for entry in logs] == [("warning", "StoreAway")]


async def test_an_exception_is_logged_and_harms_nothing_else() -> None:
    async def work() -> None:
        raise RuntimeError("a bug")

    with capture_logs() as logs:
        async with Background() as background:
            background.start(work(), "work")
    assert [(entry["event"], entry["task"]) for entry in logs] == [("background_failed", "work")]
