"""What is measured: the bot as a process of its own, on an emulated Slack, a scripted model and a real Redis."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.agent.memory import pss_bytes
from bot.agent.processes import marked_processes
from bot.playground.model import ScriptedModel, say
from bot.playground.model.replies import Answer
from bot.playground.model.requests import Request
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from bot.playground.slack.values import Message
from bot.slack.api.limits import RATES

WAIT_S = 60.0
PACE_S = RATES["chat.startStream"].interval_s * 1.02
"""Between two turns: how often the bot lets itself begin a stream, under Slack's rate of twenty a minute."""
ANSWER = "The quick brown fox jumps over the lazy dog. " * 4


@dataclass
class Moments:
    """When what happened in one turn, by the bench's clock, in seconds."""

    said: float = 0.0
    acked: float = 0.0
    asked: float = 0.0
    """The model's request arrived. The scripted model answers at once: this is its first token as well."""
    visible: float = 0.0
    done: float = 0.0


@dataclass
class Rig:
    """A running bot, and what a bench does to it."""

    slack: EmulatedSlack
    model: ScriptedModel
    bot: psutil.Process
    log: Path
    watched: Moments = field(default_factory=Moments)
    root: str = ""

    on_asked: Callable[[], None] = lambda: None
    """Called when the model is asked."""

    def answer(self, _request: Request) -> Answer:
        """What the model says; notes when it was asked."""
        self.watched.asked = self.watched.asked or time.perf_counter()
        self.on_asked()
        return say(ANSWER)

    def look(self, _change: object) -> None:
        """Note when the first text of the answer is there, and when its message is complete."""
        if self.root and not self.watched.done and self.watched.asked:
            replies = self.slack.replies_of_bot(C_GENERAL, self.root)
            if self._is_new(replies) and replies[-1].text.strip():
                self.watched.visible = self.watched.visible or time.perf_counter()
                if not self.slack.is_streaming(replies[-1]) and len(replies[-1].text) >= len(ANSWER.strip()):
                    self.watched.done = time.perf_counter()

    def _is_new(self, replies: list[Message]) -> bool:
        return len(replies) > self._before

    _before = 0
    _next_s = 0.0

    async def say(self, text: str, root: str = "") -> tuple[str, Moments]:
        """Say something to the bot and wait until its answer is complete. Returns the thread and the moments."""
        await self.until_its_turn()
        self._next_s = time.perf_counter() + PACE_S
        self.watched = moments = Moments()
        self._before = len(self.slack.replies_of_bot(C_GENERAL, root)) if root else 0
        self.root = ""
        moments.said = time.perf_counter()
        ts = self.slack.people.say(U_ANA, C_GENERAL, f"{self.slack.mention} {text}" if not root else text, root)
        self.root = root or ts
        await self.slack.wait_until(lambda: not self.slack.undelivered, WAIT_S)
        moments.acked = time.perf_counter()
        await self.slack.wait_until(lambda: moments.done, WAIT_S)
        await self.settled()
        return self.root, moments

    async def until_its_turn(self) -> None:
        """Wait until another turn may begin."""
        await asyncio.sleep(max(0.0, self._next_s - time.perf_counter()))

    async def settled(self) -> None:
        """Wait until the bot is at rest: the status is cleared last."""
        await self.slack.wait_until(lambda: not any(s.text for s in self.slack.workspace.statuses.values()), WAIT_S)
        await asyncio.sleep(0.05)

    async def branch(self, root: str, channel: str = C_GENERAL) -> tuple[str, float]:
        """Branch at the thread's last reply. Returns the branch's root and the seconds until it was posted."""
        before = {message.ts for message in self.slack.posts_of_bot(channel)}
        ts = self.slack.replies_of_bot(channel, root)[-1].ts
        began = time.perf_counter()
        self.slack.people.react(U_ANA, channel, ts, "twisted_rightwards_arrows")

        def posted() -> str:
            return next((m.ts for m in self.slack.posts_of_bot(channel) if m.ts not in before), "")

        branch = await self.slack.wait_until(posted, WAIT_S)
        return branch, time.perf_counter() - began

    def clients(self) -> dict[str, list[psutil.Process]]:
        """The bot's CLI processes, by run."""
        found: dict[str, list[psutil.Process]] = {}
        for process, mark in marked_processes():
            if mark.startswith(f"{self.bot.pid}@"):
                found.setdefault(mark, []).append(process)
        return found

    async def until_clients(self, condition: Callable[[int], bool]) -> None:
        """Wait until there are so many CLI processes."""
        async with asyncio.timeout(WAIT_S):
            while not condition(len(self.clients())):
                await asyncio.sleep(0.1)

    def client_bytes(self) -> list[int]:
        """PSS of each client's whole process tree."""
        return [sum(pss_bytes(process.pid) for process in tree) for tree in self.clients().values()]

    def cpu_s(self) -> float:
        """What the bot and its clients have used of the CPU so far."""
        processes = [self.bot, *(process for tree in self.clients().values() for process in tree)]
        return sum(sum(process.cpu_times()[:4]) for process in processes)


@asynccontextmanager
async def rig(
    folder: Path, redis_url: str, program: Sequence[str] = ("-m", "bot", "run"), **settings: str
) -> AsyncIterator[Rig]:
    """A bot that is connected, until the context ends.

    Args:
        program: arguments of the Python that runs it.
        settings: environment variables of the bot, beside what it needs.
    """
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(EmulatedSlack.start())
        model = await stack.enter_async_context(ScriptedModel(chunk_chars=60))
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(folder)),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "REDIS_URL": redis_url,
            "BOT_DATA_DIR": str(folder / "data"),
            "BOT_DRAIN_S": "1",
            "BOT_PROMPTS_PER_MINUTE": "10000",  # one person asks for a hundred here
            **model.env,
            **settings,
        }
        written = folder / "bot.log"
        log = stack.enter_context(written.open("ab"))
        process = await asyncio.create_subprocess_exec(sys.executable, *program, env=environ, stdout=log, stderr=log)
        try:
            await slack.wait_until(lambda: slack.open_sockets or process.returncode is not None, WAIT_S)
            assert process.returncode is None, written.read_text()
            found = Rig(slack, model, psutil.Process(process.pid), written)
            model.fall_back_to(found.answer)
            slack.workspace.subscribe(found.look)
            yield found
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()
