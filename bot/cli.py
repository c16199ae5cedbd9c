"""The commands: run, demo, doctor, top, manifest.

Exit status: 0 after a stop that was asked for, 1 when something the bot needs is wrong or away, 2 when the settings are
wrong, 130 after a second Ctrl-C.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click
from dotenv import dotenv_values

from bot import __version__, logs
from bot.config import SETTINGS, LogFormat, Settings
from bot.errors import SettingsError, StartError, StoreAway
from bot.stopping import run_until_stopped

if TYPE_CHECKING:
    from bot.doctor import Finding

# The heavy imports stand inside the commands: --help and a list of wrong settings need not wait a second for them.

ENV_FILE: Final = Path(".env")

APP_NAME_CHARS: Final = 35
"""An app's name in Slack is at most this long (slackapi/manifest-schema)."""

_env_file = click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of settings; those in the environment win. By default .env, if there is one.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bot")
def main() -> None:
    """A Slack app that keeps one Claude agent session per conversation thread."""


@main.command()
@_env_file
def run(env_file: Path | None) -> None:
    """Connect to Slack and answer, until stopped."""
    environ = environment(env_file)
    try:
        settings = Settings.parse(environ)
    except SettingsError as wrong:
        _end(2, *wrong.problems)
    logs.set_up(settings.log_format)

    from bot import app  # noqa: PLC0415

    _until_stopped(lambda stop: app.serve(settings, stop, environ))


@main.command()
@_env_file
def demo(env_file: Path | None) -> None:
    """Run the bot on an emulated Slack, with a page to use it. No account is needed."""
    environ = environment(env_file)
    wants_json = environ.get("BOT_LOG_FORMAT", "").strip().lower() == LogFormat.JSON
    logs.set_up(LogFormat.JSON if wants_json else LogFormat.TEXT)

    from bot import demo as playground  # noqa: PLC0415

    _until_stopped(lambda stop: playground.run(stop, environ))


@main.command()
@_env_file
def doctor(env_file: Path | None) -> None:
    """Check Slack, Redis and Claude for real, and say how to mend what is wrong."""
    environ = environment(env_file)
    logs.set_up(LogFormat.TEXT, level=logging.CRITICAL)  # what is wrong is in the findings

    from bot.doctor import Verdict, examine  # noqa: PLC0415

    async def show() -> bool:
        sound = True
        async for finding in examine(environ):
            click.echo(line_of(finding))
            sound = sound and finding.verdict is not Verdict.FAIL
        return sound

    sys.exit(0 if asyncio.run(show()) else 1)


@main.command()
@click.option("--once", is_flag=True, help="Show it once, instead of until Ctrl-C.")
@click.option("--json", "wants_json", is_flag=True, help="The same as JSON, once.")
@_env_file
def top(once: bool, wants_json: bool, env_file: Path | None) -> None:
    """Show what workers, threads and queues are at, live."""
    url = str(_setting("redis_url", environment(env_file)))
    logs.set_up(LogFormat.TEXT, level=logging.CRITICAL)

    from bot import top as view  # noqa: PLC0415

    show = view.print_json if wants_json else view.print_once if once else view.follow
    try:
        asyncio.run(show(url))
    except StoreAway as away:
        _end(1, f"Redis can't be reached at REDIS_URL ({away}).")
    except KeyboardInterrupt:
        pass


def _secure_address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value and not value.startswith("https://"):
        raise click.BadParameter("Slack wants an address that begins with https://")
    return value


def _app_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not 0 < len(value.strip()) <= APP_NAME_CHARS:
        raise click.BadParameter(f"Slack wants 1 to {APP_NAME_CHARS} characters")
    return value.strip()


@main.command()
@click.option(
    "--http",
    "base_url",
    metavar="URL",
    default="",
    callback=_secure_address,
    help="Slack sends events to this address (https://…), where the bot listens over HTTP. By default: Socket Mode.",
)
@click.option("--name", default="Claude", show_default=True, callback=_app_name, help="What the app is called.")
@click.option("--json", "wants_json", is_flag=True, help="JSON instead of YAML.")
@_env_file
def manifest(base_url: str, name: str, wants_json: bool, env_file: Path | None) -> None:
    """Print the manifest that a Slack app for this bot is made from."""
    from bot.slack import manifest as slack_app  # noqa: PLC0415

    document = slack_app.manifest(name=name, command=str(_setting("command", environment(env_file))), base_url=base_url)
    click.echo(slack_app.as_json(document) if wants_json else slack_app.as_yaml(document), nl=False)


def _setting(attribute: str, environ: Mapping[str, str]) -> object:
    """One setting; the others may still be missing."""
    setting = next(setting for setting in SETTINGS if setting.attribute == attribute)
    try:
        return setting.read(environ.get(setting.name, "").strip() or setting.default)
    except ValueError as wrong:
        _end(2, f"{setting.name} {wrong}")


def environment(env_file: Path | None) -> dict[str, str]:
    """The environment, with what the file adds to it."""
    path = env_file or ENV_FILE
    written = dotenv_values(path, interpolate=False) if path.is_file() else {}
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def line_of(finding: Finding) -> str:
    """A finding on one line, coloured for terminals (click takes the colour out elsewhere)."""
    colour = {"ok": "green", "warn": "yellow", "fail": "red"}[finding.verdict]
    mend = f" → {finding.mend}" if finding.mend else ""
    return f"{click.style(f'{finding.verdict:4}', fg=colour, bold=True)}  {finding.name}: {finding.detail}{mend}"


def _until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    try:
        run_until_stopped(work)
    except SettingsError as wrong:
        _end(2, *wrong.problems)
    except StartError as wrong:
        _end(1, str(wrong))


def _end(status: int, *lines: str) -> NoReturn:
    for line in lines:
        click.echo(logs.redact(line), err=True)
    sys.exit(status)
