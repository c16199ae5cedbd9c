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
from bot.tables import table

ID_CHARS = 8
"""Characters of a session's id that tell it from others nearly always."""
WIDE = 140
"""Columns that a list takes with everything in it."""
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


def listed(threads: Iterable[Thread], columns: int) -> Table:
    """One line for each. What only programs and wide terminals have use for is left out where there is little room.

    Args:
        columns: how many there are.
    """
    wide = columns >= WIDE
    rows = table(
        "session", *(("thread", "owner") if wide else ()), "status", "title", "active", "turns", "US$", numbers=2
    )
    for one in threads:
        title = Text(one.title or "-", overflow="ellipsis", no_wrap=True)
        active = Text(moment(one.active_at).replace("T", " ")[:16], no_wrap=True)
        ids = (str(one.key), one.owner) if wide else ()
        figures = (str(one.turns), f"{one.cost_usd:.2f}")
        rows.add_row(one.session_id[:ID_CHARS], *ids, one.status.value, title, active, *figures)
    return rows


def described(thread: Thread, session_id: str, exchanges: Sequence[Exchange]) -> RenderableType:
    """One session, with what was said last."""
    rows = Table(show_header=False, box=None)
    for name, value in {**facts(thread), "session": session_id}.items():
        if value not in ("", None, []):
            text = ", ".join(value) if isinstance(value, list) else str(value)
            heading = "US$" if name == "cost_usd" else name.replace("_", " ")
            rows.add_row(Text(heading, style="bold"), Text(text))
    said = [part for one in exchanges for part in (_said("prompt", one.prompt), _said("answer", one.answer))]
    return Group(rows, *said)


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
