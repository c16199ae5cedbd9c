"""`bot sessions …`: what operators do with sessions when they have no Slack at hand.

Exit status: 0 when all was done, 1 when something is not there or away or was left, 2 when the command line is wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import logs
from bot.command_line import end, env_file_option, environment, json_option, one_setting
from bot.config import LogFormat
from bot.errors import Reason, Refusal, StoreAway

if TYPE_CHECKING:
    from bot.operators.desk import Desk

# What takes long to import stands inside the commands, as in bot.cli.

_SAID = {
    Reason.UNKNOWN_SESSION: "No session is called {}.",
    Reason.AMBIGUOUS_SESSION: "Several sessions begin with {}: give more of the id.",
    Reason.BUSY: "{} is busy: try again in a moment.",
}

_team = click.option("--team", default="", metavar="T…", help="Only this workspace.")
_user = click.option("--user", default="", metavar="U…", help="Only sessions that this person takes part in.")
_channel = click.option("--channel", default="", metavar="C…", help="Only this channel.")
_session = click.argument("session")


@click.group()
def sessions() -> None:
    """List, show, copy and forget sessions, straight from Redis."""


@sessions.command("list")
@_team
@_channel
@_user
@click.option("--tag", default="", help="Only those with this tag.")
@click.option("--text", default="", help="Only those with these words in their title.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(0), help="At most so many; 0 for all.")
@json_option
@env_file_option
def list_(
    team: str, channel: str, user: str, tag: str, text: str, limit: int, wants_json: bool, env_file: Path | None
) -> None:
    """List sessions, those active last in front."""

    async def show(desk: Desk) -> None:
        from bot.model import ThreadFilter  # noqa: PLC0415
        from bot.operators import shown  # noqa: PLC0415
        from bot.tables import draw, room  # noqa: PLC0415

        found = []
        async for thread in desk.threads(ThreadFilter(team, channel=channel, user=user, tag=tag, text=text)):
            found.append(thread)
            if len(found) == limit:
                break
        if wants_json:
            shown.print_json([shown.facts(thread) for thread in found])
        elif found:
            draw(shown.listed(found, room()))
        else:
            click.echo("No sessions.", err=True)

    _at_desk(env_file, show)


@sessions.command()
@_session
@click.option("--last", default=3, show_default=True, type=click.IntRange(0), help="So many of the last exchanges.")
@json_option
@env_file_option
def show(session: str, last: int, wants_json: bool, env_file: Path | None) -> None:
    """Show one session, by the beginning of its id or by its thread (T…:C…:ts)."""

    async def show_one(desk: Desk) -> None:
        from bot.operators import shown  # noqa: PLC0415
        from bot.tables import draw  # noqa: PLC0415

        thread, session_id = await desk.find(session)
        exchanges = await desk.exchanges(thread, session_id, last)
        if wants_json:
            said = [{"prompt": one.prompt, "answer": one.answer} for one in exchanges]
            shown.print_json({**shown.facts(thread), "session": session_id, "exchanges": said})
        else:
            draw(shown.described(thread, session_id, exchanges))

    _at_desk(env_file, show_one)


@sessions.command()
@click.argument("session", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every session, or every one of --team and --user.")
@_team
@_user
@click.option("--to", "folder", default=".", type=click.Path(file_okay=False, path_type=Path), help="Where files go.")
@env_file_option
def export(
    session: tuple[str, ...], everything: bool, team: str, user: str, folder: Path, env_file: Path | None
) -> None:
    """Copy sessions into files: Markdown to read, JSON lines as they are kept."""
    if bool(session) == everything:
        raise click.UsageError("name sessions, or say --all")

    async def copy(desk: Desk) -> None:
        from bot.model import ThreadFilter  # noqa: PLC0415
        from bot.operators import shown  # noqa: PLC0415
        from bot.operators.exports import export as write  # noqa: PLC0415

        if everything:
            wanted = [(one, one.session_id) async for one in desk.threads(ThreadFilter(team, user=user))]
        else:
            wanted = [await desk.find(reference) for reference in session]
        with shown.progress("exporting") as told:
            for done, (thread, session_id) in enumerate(wanted):
                told(done, len(wanted))
                for path in await write(desk, thread, session_id, folder):
                    click.echo(path)

    _at_desk(env_file, copy)


@sessions.command()
@click.argument("session", nargs=-1)
@click.option("--user", default="", metavar="U…", help="Everything of this person, instead of whole sessions.")
@_team
@click.option("--yes", is_flag=True, help="Don't ask.")
@env_file_option
def forget(session: tuple[str, ...], user: str, team: str, yes: bool, env_file: Path | None) -> None:
    """Forget sessions, or a person, for good. docs/privacy.md says what goes and what stays."""
    if bool(session) == bool(user):
        raise click.UsageError("name sessions, or a person with --user")
    if user and not team:
        raise click.UsageError("--user needs --team: people have their ids in a workspace")

    async def forget_all(desk: Desk) -> None:
        found = [await desk.find(reference) for reference in session]
        what = f"everything of {user}" if user else "\n".join(f"  {one.title or one.key}" for one, _ in found)
        if not yes:
            click.confirm(f"Forget this for good?\n{what}\n", abort=True, err=True)
        if user:
            await _forget_person(desk, team, user)
        for thread, _ in found:
            await desk.forget(thread)
            click.echo(f"forgotten: {thread.key}")

    _at_desk(env_file, forget_all)


async def _forget_person(desk: Desk, team: str, user: str) -> None:
    from bot.model import Person  # noqa: PLC0415
    from bot.operators import shown  # noqa: PLC0415

    with shown.progress("forgetting") as told:
        done = await desk.forget_person(Person(team, user), told)
    click.echo(f"forgotten: {done.threads} sessions, {done.turns} turns in those of others")
    if done.left:
        end(1, f"{done.left} sessions were busy and are left: say it again in a moment.")


def _at_desk(env_file: Path | None, deed: Callable[[Desk], Awaitable[None]]) -> None:
    """Do something at the desk. What can't be done is said in one line, with status 1."""
    environ = environment(env_file)
    url, days = str(one_setting("redis_url", environ)), int(one_setting("session_ttl_days", environ))
    logs.set_up(LogFormat.TEXT, level=logging.CRITICAL)  # what matters is said

    from bot.operators.desk import open_desk  # noqa: PLC0415

    async def work() -> None:
        async with open_desk(url, ttl_s=days * 86_400) as desk:
            await deed(desk)

    try:
        asyncio.run(work())
    except StoreAway as away:
        end(1, f"Redis can't be reached at REDIS_URL ({away}).")
    except Refusal as refusal:
        end(1, _SAID.get(refusal.reason, f"That can't be done: {refusal.reason.value}.").format(refusal.detail))
    except OSError as error:
        end(1, f"Can't write: {error}.")
