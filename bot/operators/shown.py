"""Sessions as operators read them: tables for a terminal, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from rich.console import Console, Group, RenderableType
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot.model import Exchange, Thread

ID_CHARS = 8
"""Characters of a session's id that tell it from others nearly always."""
EXCERPT_CHARS = 2_000
"""Of what was said, in a terminal; an export has all of it."""


def facts(thread: Thread) -> Mapping[str, object]:
    """A thread for programs. Times are ISO 8601, in UTC."""
    return {
        "thread": str(thread.key),
        "session": thread.session_id,
        "earlier_sessions": [old.session_id for old in thread.archived],
        "title": thread.title,
        "tag": thread.tag,
        "status": thread.status.value,
        "owner": thread.owner,
        "people": list(thread.people),
        "turns": thread.turns,
        "cost_usd": round(thread.cost_usd, 6),
        "created_at": moment(thread.created_at),
        "active_at": moment(thread.active_at),
        "branched_from": str(thread.source.thread) if thread.source is not None else None,
    }


def listed(threads: Iterable[Thread]) -> Table:
    """One line for each."""
    table = Table("session", "thread", "status", "title", "owner", "turns", "US$", "active", box=None)
    for column in (table.columns[5], table.columns[6]):
        column.justify = "right"
    for one in threads:
        title = Text(one.title or "-", overflow="ellipsis", no_wrap=True)
        short = one.session_id[:ID_CHARS]
        cost = f"{one.cost_usd:.2f}"
        active = moment(one.active_at).replace("T", " ")[:16]
        table.add_row(short, str(one.key), one.status.value, title, one.owner, str(one.turns), cost, active)
    return table


def described(thread: Thread, session_id: str, exchanges: Sequence[Exchange]) -> RenderableType:
    """One session, with what was said last."""
    table = Table(show_header=False, box=None)
    for name, value in {**facts(thread), "session": session_id}.items():
        if value not in ("", None, []):
            text = ", ".join(value) if isinstance(value, list) else str(value)
            table.add_row(Text(name.replace("_", " "), style="bold"), Text(text))
    said = [part for one in exchanges for part in (_said("prompt", one.prompt), _said("answer", one.answer))]
    return Group(table, *said)


def draw(what: RenderableType) -> None:
    """On stdout. What is not a terminal gets whole lines, however long."""
    console = Console()
    Console(width=console.width if console.is_terminal else 200, soft_wrap=not console.is_terminal).print(what)


def print_json(what: object) -> None:
    """On stdout."""
    click.echo(json.dumps(what, ensure_ascii=False, indent=2))


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal. Yields what is told how many of how many are done."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _said(who: str, text: str) -> Text:
    excerpt = text if len(text) <= EXCERPT_CHARS else f"{text[:EXCERPT_CHARS]}…"
    return Text.assemble((f"\n{who}\n", "bold"), excerpt)
