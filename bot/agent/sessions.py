"""What can be done with a session's transcript without running the agent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from claude_agent_sdk import (
    SessionMessage,
    fork_session_via_store,
    rename_session_via_store,
    tag_session_via_store,
)

from bot.agent.entries import kept_entry
from bot.agent.paper import OnPaper
from bot.agent.reading import BY_THE_CLI, messages_of, passages
from bot.agent.redaction import all_without_words, mark_of_removal, without_words
from bot.agent.session_store import ThreadTranscripts, as_session_store
from bot.agent.waiting import turned_down
from bot.errors import Reason, Refusal
from bot.model import Exchange, Lease, Passage, ThreadKey, TranscriptEntry
from bot.ports import Transcripts

_BATCH_ENTRIES = 500


class ClaudeSessions:
    """Implements `bot.ports.Sessions`."""

    def __init__(self, transcripts: Transcripts) -> None:
        self._transcripts = transcripts

    async def fork(self, source: ThreadKey, session_id: str, up_to: str, lease: Lease, title: str) -> str:
        """Copy a transcript, up to and including the entry `up_to` (empty: all of it), into the lease's thread."""
        bodies = await self._transcripts.load(source, session_id, "")
        if not bodies:
            raise Refusal(Reason.SESSION_EXPIRED)
        fork_id, entries = await asyncio.to_thread(_forked, bodies, session_id, up_to, title)
        for start in range(0, len(entries), _BATCH_ENTRIES):
            await self._transcripts.append(lease, fork_id, "", entries[start : start + _BATCH_ENTRIES])
        return fork_id

    async def turn_down(self, lease: Lease, session_id: str) -> None:
        """Turn the call down that the session waits with, if it waits with one."""
        bodies = await self._transcripts.load(lease.thread, session_id, "")
        entry = await asyncio.to_thread(lambda: turned_down([json.loads(body) for body in bodies or ()]))
        if entry is not None:
            await self._transcripts.append(lease, session_id, "", [kept_entry(entry)])

    async def exchanges(self, thread: ThreadKey, session_id: str, last: int) -> Sequence[Exchange]:
        bodies = await self._transcripts.load(thread, session_id, "")
        if not bodies or last <= 0:
            return []
        return (await asyncio.to_thread(_exchanges, bodies, session_id))[-last:]

    async def passages(self, thread: ThreadKey, session_id: str) -> Sequence[Passage]:
        bodies = await self._transcripts.load(thread, session_id, "")
        return await asyncio.to_thread(passages, bodies, session_id) if bodies else []

    async def entries(self, thread: ThreadKey, session_id: str) -> Sequence[str]:
        return await self._transcripts.load(thread, session_id, "") or []

    async def rename(self, lease: Lease, session_id: str, title: str) -> None:
        """Raises Refusal(BAD_ARGUMENT) when the title is blank."""
        store = as_session_store(ThreadTranscripts(self._transcripts, lease.thread, lease))
        try:
            await rename_session_via_store(store, session_id, title)
        except ValueError as error:
            raise Refusal(Reason.BAD_ARGUMENT) from error

    async def tag(self, lease: Lease, session_id: str, tag: str) -> None:
        """Set the tag; empty clears it. Raises Refusal(BAD_ARGUMENT) when nothing visible is left of it."""
        store = as_session_store(ThreadTranscripts(self._transcripts, lease.thread, lease))
        try:
            await tag_session_via_store(store, session_id, tag or None)
        except ValueError as error:
            raise Refusal(Reason.BAD_ARGUMENT) from error

    async def take_out(self, lease: Lease, session_id: str, starts: Collection[str], cuts: Collection[str]) -> int:
        """What subagents wrote beside is emptied whole: it tells no turns apart."""
        bodies = await self._transcripts.load(lease.thread, session_id, "") or []
        changed, turns = await asyncio.to_thread(without_words, bodies, starts, cuts)
        if not turns:
            return 0
        # First the mark: from then on no process that knows the words is asked, even if this worker dies here.
        now = datetime.now(UTC).isoformat()
        mark = mark_of_removal(str(uuid4()), session_id, _last_anchor(bodies), now)
        await self._transcripts.append(lease, session_id, "", [mark])
        await self._transcripts.rewrite(lease, session_id, "", changed)
        for subpath in await self._transcripts.subpaths(lease.thread, session_id):
            beside = await self._transcripts.load(lease.thread, session_id, subpath) or []
            await self._transcripts.rewrite(
                lease, session_id, subpath, await asyncio.to_thread(all_without_words, beside)
            )
        return turns


def _last_anchor(bodies: Sequence[str]) -> str:
    entries = (kept_entry(json.loads(body)) for body in reversed(bodies))
    return next((entry.uuid for entry in entries if entry.anchor), "")


def _forked(bodies: Sequence[str], session_id: str, up_to: str, title: str) -> tuple[str, list[TranscriptEntry]]:
    paper = OnPaper(bodies)
    try:
        copying = fork_session_via_store(
            as_session_store(paper), session_id, up_to_message_id=up_to or None, title=title or None
        )
        fork = asyncio.run(copying)
    except (ValueError, FileNotFoundError) as error:  # the entry is not there, or nothing that can be copied
        raise Refusal(Reason.SESSION_EXPIRED) from error
    return fork.session_id, [kept_entry(entry) for entry in paper.written]


def _exchanges(bodies: Sequence[str], session_id: str) -> list[Exchange]:
    exchanges: list[Exchange] = []
    for message in messages_of(bodies, session_id):
        text = "\n\n".join(_texts(message))
        if not text:
            continue
        if text.startswith(BY_THE_CLI):
            continue
        if message.type == "user":
            exchanges.append(Exchange(text, ""))
        elif exchanges:
            before = exchanges[-1]
            answer = f"{before.answer}\n\n{text}" if before.answer else text
            exchanges[-1] = Exchange(before.prompt, answer)
    return exchanges


def _texts(message: SessionMessage) -> Iterator[str]:
    """The text blocks of a message; tool calls and results have none."""
    content: Any = message.message.get("content") if isinstance(message.message, dict) else None
    if isinstance(content, str):
        yield content
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and block.get("type") == "text" and block.get("text"):
            yield block["text"]
