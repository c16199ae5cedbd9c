"""Copies of sessions in files: Markdown to read, JSON lines to work with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.copies import as_lines, as_markdown, file_name
from bot.model import Thread
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
    passages = await desk.passages(thread, session_id)
    texts = {
        folder / file_name(thread.title, session_id, "md"): as_markdown(thread.title, session_id, passages),
        folder / file_name(thread.title, session_id, "jsonl"): as_lines(entries),
    }
    for path, text in texts.items():
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return tuple(texts)
