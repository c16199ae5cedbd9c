"""A workspace in one JSON file, so that a demo goes on where it was left."""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from bot.playground.slack.changes import Change
from bot.playground.slack.clock import Clock
from bot.playground.slack.ids import Ids
from bot.playground.slack.values import (
    AgentSession,
    App,
    Channel,
    File,
    Message,
    SuggestedPrompts,
    Team,
    User,
    View,
)
from bot.playground.slack.workspace import Workspace

SAVE_INTERVAL_S = 0.5
_log = structlog.get_logger(__name__)


@dataclass
class Snapshot:
    """Everything of a workspace that outlives the process. `contents` are the files' bytes in base64, by id."""

    team: Team
    app: App
    users: list[User]
    channels: list[Channel]
    messages: list[Message]
    files: list[File]
    contents: dict[str, str]
    sessions: list[AgentSession]
    prompts: list[SuggestedPrompts]
    homes: list[View]
    last_ts: str


_SNAPSHOTS = TypeAdapter(Snapshot)


def save(workspace: Workspace, path: Path) -> None:
    """Write the workspace; the file is replaced whole or not at all."""
    files = list(workspace.files.values())
    snapshot = Snapshot(
        team=workspace.team,
        app=workspace.app,
        users=list(workspace.users.values()),
        channels=list(workspace.channels.values()),
        messages=[message for channel in workspace.channels for message in workspace.messages(channel)],
        files=[replace(file, content=b"") for file in files],
        contents={file.id: base64.b64encode(file.content).decode() for file in files},
        sessions=list(workspace.sessions.values()),
        prompts=list(workspace.prompts.values()),
        homes=list(workspace.homes.values()),
        last_ts=workspace.next_ts(),
    )
    _replace(path, _SNAPSHOTS.dump_json(snapshot))


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        written = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)


def load(path: Path, clock: Clock) -> Workspace:
    """The workspace of a file.

    Raises:
        ValueError: the file is no workspace.
    """
    snapshot = _SNAPSHOTS.validate_json(path.read_bytes())
    # A new seed: the old one would give out the saved ids again.
    ids = Ids(seed=int(snapshot.last_ts.replace(".", "")))
    workspace = Workspace(snapshot.team, snapshot.app, clock, ids)
    workspace.users = {user.id: user for user in snapshot.users}
    workspace.channels = {channel.id: channel for channel in snapshot.channels}
    workspace.files = {
        file.id: replace(file, content=base64.b64decode(snapshot.contents[file.id])) for file in snapshot.files
    }
    workspace.sessions = {(session.channel, session.thread_ts): session for session in snapshot.sessions}
    workspace.prompts = {(prompts.channel, prompts.thread_ts): prompts for prompts in snapshot.prompts}
    workspace.homes = {view.user: view for view in snapshot.homes}
    workspace.restore_messages(snapshot.messages, snapshot.last_ts)
    return workspace


class Keeper:
    """Saves a workspace shortly after it changed, and at the end.

    Args:
        told: called after each save.
    """

    def __init__(self, workspace: Workspace, path: Path, told: Callable[[], None]) -> None:
        self._workspace = workspace
        self._path = path
        self._told = told
        self._dirty = asyncio.Event()
        self._unsubscribe = workspace.subscribe(self._on_change)

    @property
    def is_saved(self) -> bool:
        """Whether nothing happened since the last save."""
        return not self._dirty.is_set()

    def _on_change(self, change: Change) -> None:  # noqa: ARG002 - whatever it was
        self._dirty.set()

    async def run(self) -> None:
        """Save until cancelled. A write that fails is logged, and tried again at the next change."""
        while True:
            await self._dirty.wait()
            self._save()
            await asyncio.sleep(SAVE_INTERVAL_S)

    def close(self) -> None:
        """Save for the last time."""
        self._unsubscribe()
        self._save()

    def _save(self) -> None:
        self._dirty.clear()
        try:
            save(self._workspace, self._path)
        except OSError as error:
            _log.warning("workspace_not_saved", error=type(error).__name__, path=str(self._path))
        self._told()
