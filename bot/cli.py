"""The commands: run, demo, doctor, top, workers, sessions, manifest.

Exit status: 0 after a stop that was asked for, 1 when something the bot needs is wrong or away, 2 when the settings are
wrong, 130 after a second Ctrl-C.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bot import __version__, logs
from bot.command_line import end, env_file_option, environment, json_option, one_setting
from bot.config import LogFormat, Settings
from bot.errors import SettingsError, StartError, StoreAway
from bot.operators.commands import sessions
from bot.stopping import run_until_stopped

if TYPE_CHECKING:
    from bot.doctor import Finding

# The heavy imports stand inside the commands: --help and a list of wrong settings need not wait a second for them.

APP_NAME_CHARS: Final = 35
"""An app's name in Slack is at most this long (slackapi/manifest-schema)."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bot")
def main() -> None:
    """A Slack app that keeps one Claude agent session per conversation thread."""


@main.command()
@env_file_option
def run(env_file: Path | None) -> None:
    """Connect to Slack and answer, until stopped."""
    environ = environment(env_file)
    try:
        settings = Settings.parse(environ)
    except SettingsError as wrong:
        end(2, *wrong.problems)
    logs.set_up(settings.log_format)

    from bot import app  # noqa: PLC0415

    _until_stopped(lambda stop: app.serve(settings, stop, environ))


@main.command()
@env_file_option
def demo(env_file: Path | None) -> None:
    """Run the bot on an emulated Slack, with a page to use it. No account is needed."""
    environ = environment(env_file)
    wants_json = environ.get("BOT_LOG_FORMAT", "").strip().lower() == LogFormat.JSON
    logs.set_up(LogFormat.JSON if wants_json else LogFormat.TEXT)

    from bot import demo as playground  # noqa: PLC0415

    _until_stopped(lambda stop: playground.run(stop, environ))


@main.command()
@click.option("--channel", default="", help="Also show the policy that holds in this channel (its id) for --user.")
@click.option("--user", default="", help="The id of the person that the policy is shown for.")
@env_file_option
def doctor(channel: str, user: str, env_file: Path | None) -> None:
    """Check Slack, Redis and Claude for real, and say how to mend what is wrong."""
    if bool(channel) != bool(user):
        raise click.UsageError("--channel and --user go together.")
    environ = environment(env_file)
    logs.set_up(LogFormat.TEXT, level=logging.CRITICAL)  # what is wrong is in the findings

    from bot.doctor import Verdict, examine  # noqa: PLC0415

    async def show() -> bool:
        sound = True
        async for finding in examine(environ, channel, user):
            click.echo(line_of(finding))
            sound = sound and finding.verdict is not Verdict.FAIL
        return sound

    sys.exit(0 if asyncio.run(show()) else 1)


@main.command()
@click.option("--once", is_flag=True, help="Show it once, instead of until Ctrl-C. In a pipe it does.")
@json_option
@env_file_option
def top(once: bool, wants_json: bool, env_file: Path | None) -> None:
    """Show what workers, threads and queues are at, live."""
    url = str(one_setting("redis_url", environment(env_file)))
    logs.set_up(LogFormat.TEXT, level=logging.CRITICAL)

    from bot import top as view  # noqa: PLC0415

    show = view.print_json if wants_json else view.print_once if once or not sys.stdout.isatty() else view.follow
    try:
        asyncio.run(show(url))
    except StoreAway as away:
        end(1, f"Redis can't be reached at REDIS_URL ({away}).")
    except KeyboardInterrupt:
        pass


@main.command()
@json_option
@env_file_option
def workers(wants_json: bool, env_file: Path | None) -> None:
    """Show the workers that are alive."""
    url = str(one_setting("redis_url", environment(env_file)))
    logs.set_up(LogFormat.TEXT, level=logging.CRITICAL)

    from bot import top as view  # noqa: PLC0415

    try:
        asyncio.run(view.print_workers(url, wants_json=wants_json))
    except StoreAway as away:
        end(1, f"Redis can't be reached at REDIS_URL ({away}).")


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
@env_file_option
def manifest(base_url: str, name: str, wants_json: bool, env_file: Path | None) -> None:
    """Print the manifest that a Slack app for this bot is made from."""
    from bot.slack import manifest as slack_app  # noqa: PLC0415

    document = slack_app.manifest(
        name=name, command=str(one_setting("command", environment(env_file))), base_url=base_url
    )
    click.echo(slack_app.as_json(document) if wants_json else slack_app.as_yaml(document), nl=False)


def line_of(finding: Finding) -> str:
    """A finding on one line, coloured for terminals (click takes the colour out elsewhere)."""
    colour = {"ok": "green", "warn": "yellow", "fail": "red"}[finding.verdict]
    mend = f" → {finding.mend}" if finding.mend else ""
    return f"{click.style(f'{finding.verdict:4}', fg=colour, bold=True)}  {finding.name}: {finding.detail}{mend}"


def _until_stopped(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    try:
        run_until_stopped(work)
    except SettingsError as wrong:
        end(2, *wrong.problems)
    except StartError as wrong:
        end(1, str(wrong))


main.add_command(sessions)
