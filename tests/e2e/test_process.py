"""`bot run` as a process: how it starts, refuses to start, and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from bot.playground.model import ScriptedModel, say
from bot.playground.slack.control import EmulatedSlack
from tests.e2e.conftest import ANSWER_S, C_GENERAL, U_ANA
from tests.redis_server import redis_server
from tests.subprocesses import ended
from tests.waiting import until

END_S = 40.0


def environment(slack: EmulatedSlack, model: ScriptedModel, data_dir: Path, **more: str) -> dict[str, str]:
    """What `bot run` is given; an empty value takes a variable away."""
    everything = {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "REDIS_URL": "memory:",
        "BOT_DATA_DIR": str(data_dir / "data"),
        "BOT_LOG_FORMAT": "text",
        **model.env,
        **more,
    }
    return {name: value for name, value in everything.items() if value}


@asynccontextmanager
async def bot_process(env: Mapping[str, str], cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env={**env, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=cwd,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    async with ended(process):
        yield process


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def end_of(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """The exit status, and what it said."""
    async with asyncio.timeout(END_S):
        _, err = await process.communicate()
    return process.returncode, err.decode()


async def test_all_wrong_settings_are_listed_at_once(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "BOT_HTTP_PORT": "many", "BOT_SESSION_TTL_DAYS": "-1"}
    async with bot_process(env, tmp_path) as process:
        status, said = await end_of(process)
    assert status == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "BOT_HTTP_PORT", "BOT_SESSION_TTL_DAYS"):
        assert name in said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "SLACK_APP_TOKEN"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis"),
        ({"SLACK_API_URL": "http://127.0.0.1:1/api/"}, "Slack"),
    ],
)
async def test_what_is_wrong_outside_is_one_clear_line(
    slack: EmulatedSlack, model: ScriptedModel, tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    async with bot_process(environment(slack, model, tmp_path, **wrong), tmp_path) as process:
        status, said = await end_of(process)
    assert status == 1
    last = said.strip().splitlines()[-1]
    assert words in last
    assert "Traceback" not in said
    assert "wrong" not in last.replace("wrong token", "")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_drains_the_running_turn_and_leaves_nothing_behind(
    slack: EmulatedSlack, model: ScriptedModel, tmp_path: Path, how: signal.Signals
) -> None:
    gate = asyncio.Event()
    model.script(say("so far ", gate, "and the rest"))
    async with bot_process(environment(slack, model, tmp_path), tmp_path) as process:
        await slack.connected()
        root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} go")
        await slack.wait_until(lambda: bool(slack.replies_of_bot(C_GENERAL, root)), ANSWER_S)
        children = psutil.Process(process.pid).children(recursive=True)
        # To the whole group, as a terminal sends Ctrl-C.
        os.killpg(process.pid, how)
        await slack.wait_until(lambda: slack.open_sockets == 0, END_S)
        gate.set()
        status, _ = await end_of(process)
    assert status == 0
    assert [reply.text.strip() for reply in slack.replies_of_bot(C_GENERAL, root)] == ["so far and the rest"]
    assert children
    assert not [child for child in children if alive(child)]


async def test_a_worker_killed_alone_takes_its_agent_with_it(
    slack: EmulatedSlack, model: ScriptedModel, tmp_path: Path
) -> None:
    model.script(say("so far ", asyncio.Event()))
    async with bot_process(environment(slack, model, tmp_path), tmp_path) as process:
        await slack.connected()
        root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} go")
        await slack.wait_until(lambda: bool(slack.replies_of_bot(C_GENERAL, root)), ANSWER_S)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        await process.wait()
    assert children
    await until(lambda: not [child for child in children if alive(child)])


async def test_a_killed_worker_is_followed_by_another_that_finishes(
    slack: EmulatedSlack, model: ScriptedModel, tmp_path: Path
) -> None:
    gate = asyncio.Event()
    model.script(say("half ", gate, "never"), say("the whole answer"))
    with redis_server() as server:
        await _kill_and_follow(slack, environment(slack, model, tmp_path, REDIS_URL=server.url), tmp_path)
    gate.set()


async def _kill_and_follow(slack: EmulatedSlack, env: Mapping[str, str], tmp_path: Path) -> None:
    env = {**env, "BOT_LEASE_S": "2"}
    async with bot_process(env, tmp_path) as process:
        await slack.connected()
        root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} go")
        await slack.wait_until(lambda: bool(slack.replies_of_bot(C_GENERAL, root)), ANSWER_S)
        process.kill()
        await process.wait()
    async with bot_process(env, tmp_path):
        await slack.wait_until(
            lambda: any("the whole answer" in reply.text for reply in slack.replies_of_bot(C_GENERAL, root)), ANSWER_S
        )
    assert not any("never" in reply.text for reply in slack.replies_of_bot(C_GENERAL, root))


async def test_a_frozen_worker_that_wakes_up_shows_nothing_more_and_ends_its_agent(
    slack: EmulatedSlack, model: ScriptedModel, tmp_path: Path
) -> None:
    gate = asyncio.Event()
    model.script(say("half ", gate, "never"), say("the whole answer"))
    with redis_server() as server:
        env = environment(slack, model, tmp_path, REDIS_URL=server.url, BOT_LEASE_S="2", BOT_SPARES="0")
        async with bot_process(env, tmp_path) as frozen:
            await slack.connected()
            root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} go")
            await slack.wait_until(lambda: "half" in answer(slack, root), ANSWER_S)
            agents = psutil.Process(frozen.pid).children(recursive=True)
            os.killpg(frozen.pid, signal.SIGSTOP)
            async with bot_process({**env, "BOT_DATA_DIR": str(tmp_path / "other")}, tmp_path):
                await slack.wait_until(lambda: "the whole answer" in answer(slack, root), ANSWER_S)
                shown = slack.replies_of_bot(C_GENERAL, root)
                gate.set()
                os.killpg(frozen.pid, signal.SIGCONT)
                await until(lambda: not [agent for agent in agents if alive(agent)], END_S)
                assert slack.replies_of_bot(C_GENERAL, root) == shown
    assert agents
    assert "never" not in answer(slack, root)


def answer(slack: EmulatedSlack, root: str) -> str:
    return "\n".join(reply.text for reply in slack.replies_of_bot(C_GENERAL, root))
