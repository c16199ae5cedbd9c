"""`bot demo`: the whole product with no account.

An emulated Slack with a page to use it, a scripted model unless there is a key for a real one, and a redis-server if
the machine has it. The bot itself is the one that `bot run` starts: nothing of it is stubbed.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import click
import structlog

from bot.app import running
from bot.config import Settings
from bot.errors import StartError
from bot.playground.model import ScriptedModel, persona
from bot.playground.page.facts import PlaygroundFacts
from bot.playground.page.server import serve_page
from bot.playground.redis_server import RedisServer
from bot.playground.slack.control import EmulatedSlack, Setup
from bot.playground.slack.values import Command, Shortcut
from bot.slack.interactions import SHORTCUTS

log = structlog.get_logger(__name__)

PORT = 8642
"""Where the page is, unless BOT_DEMO_PORT says otherwise."""

PACE_S = 0.02
"""Seconds between two pieces of the scripted model's answers: about as fast as a real one writes."""

SCRIPTED = "scripted"
"""What the scripted model is called where a real one's name would stand."""

REAL_MODEL = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX")
"""With any of these a real model answers."""

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


async def run(stop: asyncio.Event, environ: Mapping[str, str]) -> None:
    """Run the playground and the bot until `stop` is set.

    Args:
        environ: the settings of the bot that the playground does not make itself, and the model's credentials.

    Raises:
        SettingsError: the settings are wrong.
        StartError: the page's port is taken, or the bot can't start.
    """
    folder = Path(environ.get("BOT_DATA_DIR", "") or ".bot-data") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        stack.enter_context(_no_proxies())
        redis_server = RedisServer.found(folder / "redis")
        if redis_server is not None:
            await stack.enter_async_context(redis_server)
        scripted = not any(environ.get(name) for name in REAL_MODEL)
        model = await stack.enter_async_context(ScriptedModel(persona, pace_s=PACE_S)) if scripted else None
        first = Settings.parse(_settings(environ, folder, redis_server, model, None))
        slack = await stack.enter_async_context(EmulatedSlack.start(_setup(first, folder)))
        everything = _settings(environ, folder, redis_server, model, slack)
        settings = Settings.parse(everything)
        await stack.enter_async_context(running(settings, everything))
        facts = _facts(settings, scripted=scripted, kept=redis_server is not None)
        try:
            url = await stack.enter_async_context(serve_page(slack, facts, _port(environ)))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
            raise StartError(f"The page's port {why}: set BOT_DEMO_PORT to another.") from error
        _greet(url, facts)
        await stop.wait()


def _settings(
    environ: Mapping[str, str],
    folder: Path,
    redis_server: RedisServer | None,
    model: ScriptedModel | None,
    slack: EmulatedSlack | None,
) -> dict[str, str]:
    """The environment for the bot: the caller's, with Slack, Redis and the model replaced by the playground's."""
    ours = {name: value for name, value in environ.items() if not name.startswith("SLACK_")}
    ours |= {
        "SLACK_BOT_TOKEN": slack.bot_token if slack else "unknown",
        "SLACK_APP_TOKEN": slack.app_token if slack else "unknown",
        "SLACK_API_URL": slack.api_url if slack else "",
        "BOT_TRANSPORT": "socket",
        "BOT_DATA_DIR": str(folder),
        "REDIS_URL": redis_server.url if redis_server else "memory:",
        "BOT_SHOW_USAGE": environ.get("BOT_SHOW_USAGE", "") or "true",
    }
    ours |= _page_of_conversations(environ)
    return ours | (model.env | {"BOT_MODEL": SCRIPTED} if model else {})


def _page_of_conversations(environ: Mapping[str, str]) -> dict[str, str]:
    """Where whole conversations are read: beside the demo's page, on the next port."""
    port = environ.get("BOT_HTTP_PORT") or str(_port(environ) + 1)
    return {"BOT_HTTP_HOST": "127.0.0.1", "BOT_HTTP_PORT": port, "BOT_PUBLIC_URL": f"http://127.0.0.1:{port}/"}


def _port(environ: Mapping[str, str]) -> int:
    return int(environ.get("BOT_DEMO_PORT") or PORT)


def _setup(settings: Settings, folder: Path) -> Setup:
    command = Command(settings.command, "Your conversations with Claude", "help | list | show | reset | continue")
    shortcuts = [Shortcut(row.id.value, row.name) for row in SHORTCUTS]
    return Setup(commands=[command], shortcuts=shortcuts, saved_at=folder / "slack.json")


def _facts(settings: Settings, *, scripted: bool, kept: bool) -> PlaygroundFacts:
    return PlaygroundFacts(
        model="Scripted model" if scripted else f"Claude ({settings.model or 'default model'})",
        store="redis-server" if kept else "in memory (fakeredis)",
        store_note=(
            "Sessions survive a restart."
            if kept
            else "Sessions end with this process: install redis-server to keep them."
        ),
        command=settings.command,
        fork_emoji=settings.fork_emoji,
        scripted=scripted,
    )


def _greet(url: str, facts: PlaygroundFacts) -> None:
    model = f"{facts.model}: set ANTHROPIC_API_KEY for real answers" if facts.scripted else facts.model
    click.echo(f"\n  Open {url}\n\n  Model  {model}\n  Store  {facts.store}. {facts.store_note}\n\n  Ctrl-C stops.\n")


@contextmanager
def _no_proxies() -> Iterator[None]:
    """Everything here is on the loopback, and Slack's client would send even that through a proxy."""
    names = [name for name in os.environ if name.lower() in _PROXIES]
    taken = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(taken)
