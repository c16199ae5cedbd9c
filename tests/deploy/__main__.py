"""Build the image without an engine for containers, and talk to the bot in it: `make image-steps`.

The steps of deploy/Dockerfile run as they stand, in a fresh Debian in a directory. What comes out runs as an engine
would run it: as its own user, on a root that is read-only.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from bot.playground.model import ScriptedModel
from bot.playground.slack.control import EmulatedSlack
from bot.playground.slack.default_workspace import C_GENERAL, U_ANA
from tests.deploy.roots import fresh_debian
from tests.deploy.steps import Build, Stage, steps_of
from tests.subprocesses import ended

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = REPOSITORY / "deploy/Dockerfile"
START_S = 90.0
ANSWER_S = 60.0
STOP_S = 40.0


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("Only root can enter another root directory.")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        work = Path(folder)
        steps = steps_of(DOCKERFILE)
        (release,) = re.findall(r"^BASE=python:[\d.]+-slim-(\w+)$", steps[0].value)
        image = Build(fresh_debian(work / "base", release), REPOSITORY, work).carry_out(steps)
        ours_mb = megabytes(image.root.path / "venv") + megabytes(image.root.path / "app")
        told(f"built in {time.monotonic() - begun:.0f} s: {ours_mb} MB of {megabytes(image.root.path)} MB are ours")
        asyncio.run(converse(image))


async def converse(image: Stage) -> None:
    """Have the bot answer a message out of its container, and stop it as an engine would."""
    async with EmulatedSlack.start() as slack, ScriptedModel() as model:
        tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
        env = {**tokens, **model.env, "SLACK_API_URL": slack.api_url, "REDIS_URL": "memory:"}
        assert await status_of(image, image.health_check, {}) != 0, "healthy before it runs"
        async with container(image, [*image.entrypoint, *image.command], env) as process:
            await slack.wait_until(lambda: slack.open_sockets or process.returncode is not None, START_S)
            assert process.returncode is None, "ended at once"
            assert await status_of(image, image.health_check, {}) == 0, "not healthy"
            root = slack.people.say(U_ANA, C_GENERAL, f"{slack.mention} hello")
            await slack.wait_until(
                lambda: "ok" in [one.text.strip() for one in slack.replies_of_bot(C_GENERAL, root)], ANSWER_S
            )
            told("answered, as another user than root, on a read-only root")
            (bot,) = psutil.Process(process.pid).children()
            bot.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                assert await process.wait() == 0, "did not end well"
    told("stopped when it was told to")


@asynccontextmanager
async def container(
    image: Stage, words: list[str], env: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program that runs in the image until the context ends."""
    assert image.user.split(":")[0] not in {"0", "root"}, "runs as root"
    line = image.root.entering(
        words, user=image.user, cwd=image.cwd, env=image.env | dict(env), writable=[*image.volumes, "/tmp"]
    )
    process = await asyncio.create_subprocess_exec(*line)
    async with ended(process):
        yield process


async def status_of(image: Stage, words: list[str], env: Mapping[str, str]) -> int:
    async with container(image, words, env) as process:
        return await process.wait()


def megabytes(path: Path) -> int:
    said = subprocess.run(
        ["du", "--summarize", "--block-size=1M", str(path)], check=True, capture_output=True, text=True
    )
    return int(said.stdout.split()[0])


def told(what: str) -> None:
    print(f"=== {what}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
