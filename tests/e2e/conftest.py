"""The whole bot: real Bolt app, real SDK and CLI, against an emulated Slack and a scripted model."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from fakeredis import FakeServer
from structlog.typing import EventDict

from bot.app import running
from bot.config import Settings
from bot.model import ThreadKey
from bot.playground.model import ScriptedModel
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, D_ANA, D_BEN, U_ANA, U_BEN
from bot.playground.slack.values import Ephemeral, Message
from tests.policies import WRITING_FILE

ANSWER_S = 30.0
"""Longer than an answer takes, a cold start of the CLI on a busy machine included."""


@dataclass
class Bot:
    """A running bot, and what a test does to it."""

    slack: EmulatedSlack
    model: ScriptedModel
    ended: Counter[str]
    """How many turns of each thread have ended, by the root's ts."""

    async def say(self, text: str, root: str = "", *, user: str = U_ANA, channel: str = C_GENERAL) -> str:
        """Say something, and wait until the bot has answered it. Returns the message's ts."""
        before = self.ended[root]
        ts = self.slack.people.say(user, channel, text, root)
        await self.turns_ended(root or ts, before + 1 if root else 1)
        return ts

    async def ask(self, text: str, root: str = "", *, user: str = U_ANA, channel: str = C_GENERAL) -> str:
        """The same with a mention."""
        return await self.say(f"{self.slack.mention} {text}", root, user=user, channel=channel)

    def replies(self, root: str, channel: str = C_GENERAL) -> list[Message]:
        return self.slack.replies_of_bot(channel, root)

    def texts(self, root: str, channel: str = C_GENERAL) -> list[str]:
        """What the bot said in a thread, stripped."""
        return [message.text.strip() for message in self.replies(root, channel)]

    async def turns_ended(self, root: str, count: int = 1) -> None:
        """Wait until that many turns of a thread have ended: Slack has confirmed all of their replies."""
        await self.slack.wait_until(lambda: self.ended[root] >= count, ANSWER_S)

    def link(self, ts: str, channel: str = C_GENERAL) -> str:
        """What *Copy link* gives for a message."""
        return self.slack.workspace.permalink(self.slack.workspace.message(channel, ts))

    async def told(self, user: str = U_ANA, count: int = 1) -> Ephemeral:
        """Wait for that many ephemeral answers to a person; the last of them."""
        await self.slack.wait_until(lambda: len(self.slack.ephemerals(user)) >= count, ANSWER_S)
        return self.slack.ephemerals(user)[-1]

    async def branch(self, ts: str, *, user: str = U_ANA, channel: str = C_GENERAL) -> str:
        """React with the branch emoji and wait for the branch. Returns its root's ts."""
        before = {message.ts for message in self.slack.posts_of_bot(channel)}
        self.slack.people.react(user, channel, ts, "twisted_rightwards_arrows")

        def new_root() -> str:
            return next((m.ts for m in self.slack.posts_of_bot(channel) if m.ts not in before), "")

        root = await self.slack.wait_until(new_root, ANSWER_S)
        await self.slack.wait_until(lambda: bool(self.slack.ephemerals(user)), ANSWER_S)
        return root


@pytest.fixture
async def slack() -> AsyncIterator[EmulatedSlack]:
    async with EmulatedSlack.start() as slack:
        yield slack


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as model:
        yield model


@pytest.fixture
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store in memory that no other test sees."""
    server = FakeServer(server_type="redis", version=(7, 0))
    monkeypatch.setattr("bot.store.client._shared_server", lambda: server)


@pytest.fixture
def ended(slack: EmulatedSlack) -> Iterator[Counter[str]]:
    """Counts the turns that end, as the bot's log tells of them."""
    counted: Counter[str] = Counter()

    def count(_logger: object, _method: str, entry: EventDict) -> EventDict:
        if entry["event"] == "turn_ended":
            counted[ThreadKey.parse(entry["thread"]).root_ts] += 1
            slack.look_again()
        return entry

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[count, *before])
    yield counted
    structlog.configure(processors=before)


@dataclass
class Launcher:
    """Starts bots against one Slack, one model and one store.

    Args:
        policy: a file under which writing needs nobody's word. What is built in says otherwise; see test_decide.
    """

    slack: EmulatedSlack
    model: ScriptedModel
    data_dir: Path
    policy: Path
    ended: Counter[str]

    @asynccontextmanager
    async def up(self, **environ: str) -> AsyncIterator[Bot]:
        """A bot that is connected, until the context ends; settings as environment variables."""
        everything = {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "REDIS_URL": "memory:",
            "BOT_DATA_DIR": str(self.data_dir),
            "BOT_DRAIN_S": "1",
            "BOT_SPARES": "0",  # each costs a start of the CLI, which most tests are not about
            "BOT_POLICY": str(self.policy),
            **self.model.env,
            **environ,
        }
        async with running(Settings.parse(everything), everything):
            if everything["SLACK_APP_TOKEN"]:
                await self.slack.connected()
            yield Bot(self.slack, self.model, self.ended)


@pytest.fixture
def launcher(
    slack: EmulatedSlack, model: ScriptedModel, tmp_path: Path, fresh_memory: None, ended: Counter[str]
) -> Launcher:
    policy = tmp_path / "writing.toml"
    policy.write_text(WRITING_FILE)
    return Launcher(slack, model, tmp_path / "data", policy, ended)


@pytest.fixture
async def bot(launcher: Launcher) -> AsyncIterator[Bot]:
    """One bot that is up."""
    async with launcher.up() as bot:
        yield bot


__all__ = ["ANSWER_S", "C_GENERAL", "D_ANA", "D_BEN", "U_ANA", "U_BEN", "Bot", "Launcher"]
