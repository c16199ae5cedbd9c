"""Copies of conversations to keep: Markdown to read, JSON lines to work with."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.model import Passage, PassageKind, Person, Thread, ThreadFilter
from bot.ports import Sessions, ThreadStore
from bot.references import Reference, References

log = structlog.get_logger(__name__)

PAGE = 100
MAX_BYTES = 200 * 1024 * 1024
"""Of a copy before it is packed: what a worker can hold beside its work. What is newest comes first."""

_FENCE = "`" * 3
_HEADINGS = {PassageKind.PROMPT: "Prompt", PassageKind.ANSWER: "Answer", PassageKind.THOUGHT: "Thought"}


def as_markdown(title: str, session_id: str, passages: Sequence[Passage]) -> str:
    """A session as Markdown: what was said as it was said, calls of tools in fences."""
    lines = [f"# {' '.join(title.split()) or 'Untitled'}", "", f"Session `{session_id}`", ""]
    for passage in passages:
        lines += _section(passage)
    return "\n".join(lines).rstrip() + "\n"


def as_lines(entries: Sequence[str]) -> str:
    """A transcript as JSON lines."""
    return "".join(f"{entry}\n" for entry in entries)


def file_name(title: str, session_id: str, suffix: str) -> str:
    """A name that every file system takes: `the-plan-5f0c2a1b.md`."""
    words = re.sub(r"[^\w]+", "-", title.casefold(), flags=re.ASCII).strip("-")[:60].strip("-")
    return f"{words or 'conversation'}-{re.sub(r'[^0-9A-Za-z]', '', session_id)[:8]}.{suffix}"


def _section(passage: Passage) -> Iterator[str]:
    when = f" · {passage.at}" if passage.at else ""
    if passage.tool is None:
        yield from (f"## {_HEADINGS[passage.kind]}{when}", "", passage.text.strip(), "")
        return
    tool = passage.tool
    yield from (f"## Tool: {tool.title}{when}", "", f"`{tool.name}`", "", *_fenced(tool.given, "json"))
    if tool.gave:
        yield from ("It failed:" if tool.failed else "It gave:", "", *_fenced(tool.gave, ""))


def _fenced(text: str, language: str) -> tuple[str, ...]:
    """A fence that is longer than any inside."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * max(longest + 1, len(_FENCE))
    return (f"{fence}{language}", text.rstrip("\n"), fence, "")


@dataclass(frozen=True, slots=True)
class Copy:
    """A file for somebody.

    Args:
        threads: how many conversations are in it.
        left_out: how many more there are than fit.
    """

    name: str
    content: bytes
    threads: int
    left_out: int = 0


class Copies:
    """Makes copies of what is a person's own: every conversation that they began."""

    def __init__(self, threads: ThreadStore, sessions: Sessions, references: References) -> None:
        self._threads = threads
        self._sessions = sessions
        self._references = references

    async def of_person(self, person: Person) -> Copy:
        """All conversations that a person began, with their earlier sessions, as a zip."""
        threads = [thread async for thread in self._own(person)]
        return await self._packed(threads, "conversations.zip")

    async def of_thread(self, person: Person, reference: Reference) -> Copy:
        """One conversation, for those who may read it. Raises Refusal: those of `References.find_for`."""
        thread, session_id = await self._references.find_for(person, reference)
        return await self._packed([thread], file_name(thread.title, session_id, "zip"))

    async def _own(self, person: Person) -> AsyncIterator[Thread]:
        cursor, more = "", True
        while more:
            page = await self._threads.page(ThreadFilter(person.team, user=person.user), cursor, PAGE)
            for thread in page.threads:
                if thread.owner == person.user:
                    yield thread
            cursor, more = page.cursor, bool(page.cursor)

    async def _packed(self, threads: Sequence[Thread], name: str) -> Copy:
        files: dict[str, str] = {}
        index: list[dict[str, object]] = []
        room, packed = MAX_BYTES, 0
        for thread in threads:
            added = await self._files_of(thread)
            room -= sum(len(text) for text in added.values())
            if room < 0:
                break
            files |= added
            index.append(_facts(thread) | {"files": sorted(added)})
            packed += 1
        files["conversations.json"] = json.dumps(index, ensure_ascii=False, indent=2) + "\n"
        log.info("copied", threads=packed, left_out=len(threads) - packed)
        return Copy(name, await asyncio.to_thread(_zip, files), packed, len(threads) - packed)

    async def _files_of(self, thread: Thread) -> dict[str, str]:
        files: dict[str, str] = {}
        sessions = {thread.session_id: thread.title} | {old.session_id: old.title for old in thread.archived}
        for session_id, title in sessions.items():
            passages = await self._sessions.passages(thread.key, session_id)
            entries = await self._sessions.entries(thread.key, session_id)
            if entries:
                files[file_name(title, session_id, "md")] = as_markdown(title, session_id, passages)
                files[file_name(title, session_id, "jsonl")] = as_lines(entries)
        return files


def _facts(thread: Thread) -> dict[str, object]:
    return {
        "title": thread.title,
        "tag": thread.tag,
        "channel": thread.key.channel,
        "root_ts": thread.key.root_ts,
        "session": thread.session_id,
        "earlier_sessions": [old.session_id for old in thread.archived],
        "people": list(thread.people),
        "created_at": datetime.fromtimestamp(thread.created_at, UTC).isoformat(timespec="seconds"),
        "active_at": datetime.fromtimestamp(thread.active_at, UTC).isoformat(timespec="seconds"),
        "turns": thread.turns,
        "cost_usd": round(thread.cost_usd, 6),
    }


def _zip(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text.encode("utf-8", "surrogatepass"))
    return packed.getvalue()
