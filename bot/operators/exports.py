"""Copies of sessions in files: Markdown to read, JSON lines to work with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.model import Exchange, Thread
from bot.operators.desk import Desk


async def export(desk: Desk, thread: Thread, session_id: str, folder: Path) -> Sequence[Path]:
    """Write a session's transcript into a folder, for its owner alone. Returns the files; none for an empty one.

    Raises:
        OSError: it can't be written.
        StoreAway: it can't be read.
    """
    entries = await desk.entries(thread, session_id)
    if not entries:
        return ()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = file_name(thread.title, session_id)
    texts = {
        folder / f"{name}.md": as_markdown(thread.title, session_id, await desk.exchanges(thread, session_id)),
        folder / f"{name}.jsonl": "".join(f"{entry}\n" for entry in entries),
    }
    for path, text in texts.items():
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return tuple(texts)


def file_name(title: str, session_id: str) -> str:
    """A name that every file system takes: `the-plan-5f0c2a1b`."""
    words = re.sub(r"[^\w]+", "-", title.casefold(), flags=re.ASCII).strip("-")[:60].strip("-")
    return f"{words or 'session'}-{session_id[:8]}"


def as_markdown(title: str, session_id: str, exchanges: Sequence[Exchange]) -> str:
    """What was said, as it was said."""
    return "\n".join(_lines(title, session_id, exchanges)).rstrip() + "\n"


def _lines(title: str, session_id: str, exchanges: Sequence[Exchange]) -> Iterator[str]:
    yield from (f"# {' '.join(title.split()) or 'Untitled'}", "", f"Session `{session_id}`", "")
    for one in exchanges:
        yield from ("## Prompt", "", one.prompt.strip(), "")
        if one.answer:
            yield from ("## Answer", "", one.answer.strip(), "")
