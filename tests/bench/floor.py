"""The SDK's own floor: a bare client with the bot's options, and nothing of the bot."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import deque
from pathlib import Path
from uuid import uuid4

from bot.agent.client import LiveClient
from bot.agent.command import cli_path
from bot.agent.environment import cli_environment
from bot.agent.hooks import Gate
from bot.agent.options import Opening, cli_options, system_prompt
from bot.agent.permissions import Permissions
from bot.agent.processes import owner_mark, run_mark
from bot.agent.session_store import ThreadTranscripts
from bot.model import Lease, Limits, ThreadKey, TurnPolicy
from bot.playground.model import ScriptedModel, say
from bot.playground.model.replies import Answer
from bot.playground.model.requests import Request
from tests.bench.rig import PACE_S
from tests.unit.agent.stored import StoredTranscripts

THREAD = ThreadKey("T", "C", "1.0")


class Bare:
    """A connected client that measures from a query to the model's request."""

    def __init__(self, model: ScriptedModel, folder: Path) -> None:
        session_id = str(uuid4())
        workdir = folder / session_id
        workdir.mkdir()
        mark = run_mark(owner_mark(), session_id)
        environ = {**model.env, "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(folder))}
        env = cli_environment(environ, config_dir=folder / "config", scratch_dir=workdir, temp_dir=workdir, mark=mark)
        options = cli_options(
            Opening(session_id, limits=Limits(50, 5.0)),
            workdir,
            launcher=cli_path() or Path("claude"),
            env=env,
            store=ThreadTranscripts(StoredTranscripts(), THREAD, Lease(THREAD, "bench", 1)),
            gate=Gate(Permissions(workdir, TurnPolicy()), workdir),
            instructions=system_prompt("", workdir),
            on_stderr=deque[str](maxlen=5).append,
        )
        self.client = LiveClient(options, mark)
        self._asked = 0.0
        model.fall_back_to(self._answer)

    def _answer(self, _request: Request) -> Answer:
        self._asked = self._asked or time.perf_counter()
        return say("ok")

    async def ask_s(self) -> float:
        """Seconds from the query to the model's request."""
        self._asked = 0.0
        began = time.perf_counter()
        async for _ in self.client.ask([{"type": "text", "text": "hello"}], str(uuid4())):
            pass
        return self._asked - began


async def floors(follow_ups: int, fresh: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds to the model's request: of a follow-up, of a connected client's first query, of one not yet connected."""
    with tempfile.TemporaryDirectory() as folder:
        async with ScriptedModel() as model:
            first, cold = [], []
            for _ in range(fresh):
                bare = Bare(model, Path(folder))
                await bare.client.connected()
                first.append(await bare.ask_s())
                await bare.client.close(at_once=False)
                bare = Bare(model, Path(folder))
                cold.append(await bare.ask_s())
                await bare.client.close(at_once=False)
            bare = Bare(model, Path(folder))
            await bare.ask_s()
            following = []
            for _ in range(follow_ups):
                await asyncio.sleep(PACE_S)  # as the bot is asked: a CLI that just answered is faster
                following.append(await bare.ask_s())
            await bare.client.close(at_once=False)
    return following, first, cold
